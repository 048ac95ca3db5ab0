"""What every figure is computed against: one moment of one session, on one clock.

Moments inside this package are Unix seconds of the room's own clock. A source's stamp is brought to it by the
source's measured offset, unless that is within its own uncertainty: then the two clocks cannot be told apart,
and correcting would only add noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from controlroom.core.assessment import Evidence, Figure, FigureStatus
from controlroom.core.columns import Series, View
from controlroom.core.plan import Metric, Plan
from controlroom.core.state import State

PROMETHEUS, KUBERNETES, ALERTMANAGER, ROOM = "prometheus", "kubernetes", "alertmanager", "room"

SETTLED: frozenset[FigureStatus] = frozenset({"known", "provisional"})
"""Statuses of a figure that has its number."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A source's clock: its time minus ours, and how uncertain that is, in seconds."""

    offset: float = 0.0
    uncertainty: float = 0.0


def clock_of(state: State, source: str) -> Clock:
    """The clock as last measured; one that never was is taken as ours."""
    known = state.sources.get(source)
    if known is None or known.offset is None:
        return Clock()
    uncertainty = known.uncertainty or 0.0
    return Clock(known.offset if abs(known.offset) > uncertainty else 0.0, uncertainty)


@dataclass(frozen=True, slots=True)
class Context:
    """A session at one moment."""

    view: View
    state: State
    plan: Plan
    now: float
    opened: float
    """The start of the session, t = 0."""
    step: int
    """The sampling step in whole seconds."""
    heard: float
    """The newest step of any metric: what Prometheus can tell is known up to here."""
    load_stop: float | None
    """None: the load runs, or there was none."""
    prometheus: Clock
    kubernetes: Clock
    alertmanager: Clock

    @property
    def closed(self) -> bool:
        return self.state.status == "closed"

    @property
    def end(self) -> float:
        """Where the samples that count end: at load stop; without one at the newest step."""
        return self.heard if self.load_stop is None else min(self.heard, self.load_stop)

    @property
    def settled(self) -> bool:
        """Whether no further sample can count: the load has stopped and all before is known, or the session
        is closed."""
        return self.closed or (self.load_stop is not None and self.heard > self.load_stop - self.step)

    def at(self, t: float) -> float:
        """The moment of a session time."""
        return self.opened + t

    def heard_past(self, moment: float) -> bool:
        """Whether what happened up to that moment has been read: nothing earlier can still turn up."""
        return self.closed or self.heard >= moment

    def steps(self, start: float, end: float) -> range:
        """Numbers of the grid steps with start <= step <= end; step n is at n × step of Prometheus's clock."""
        first = math.ceil((start + self.prometheus.offset) / self.step)
        last = math.floor((end + self.prometheus.offset) / self.step)
        return range(first, max(first, last + 1))

    def moment_of(self, number: int) -> float:
        """The moment of a grid step."""
        return number * self.step - self.prometheus.offset

    def series(self, metric: Metric) -> Series:
        return self.view.series(self.plan.metric_index(metric.id))

    def indices(self, series: Series, start: float, end: float) -> range:
        """Indices of a series's steps with start <= step <= end."""
        return series.span(start + self.prometheus.offset, end + self.prometheus.offset)

    def hold_steps(self) -> int:
        """How many consecutive samples span the hold."""
        return math.ceil(self.plan.sampling.hold / self.step) + 1


def context_of(view: View, plan: Plan, t: float) -> Context:
    """The session at session time t."""
    state = view.state
    opened = state.opened_at.timestamp() if state.opened_at else 0.0
    prometheus = clock_of(state, PROMETHEUS)
    step = view.columns.step
    ends = [
        float(first + (length - 1) * step)
        for first, length in zip(state.first_step, state.lengths, strict=True)
        if first is not None and length
    ]
    heard = max(ends) - prometheus.offset if ends else opened
    stopped = state.loads[-1].end if state.loads else None
    return Context(
        view=view,
        state=state,
        plan=plan,
        now=opened + t,
        opened=opened,
        step=step,
        heard=heard,
        load_stop=None if stopped is None else opened + stopped,
        prometheus=prometheus,
        kubernetes=clock_of(state, KUBERNETES),
        alertmanager=clock_of(state, ALERTMANAGER),
    )


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def seconds(figure: Figure) -> float | None:
    """The moment of a figure that has one, in Unix seconds."""
    return figure.at.timestamp() if figure.at is not None and figure.status in SETTLED else None


def moment_figure(
    moment: float, uncertainty: float, evidence: Sequence[Evidence], status: FigureStatus = "known"
) -> Figure:
    return Figure(status=status, at=utc(moment), uncertainty=uncertainty, evidence=tuple(evidence))


def duration(earlier: Figure, later: Figure) -> Figure:
    """Seconds from one moment to another: as uncertain as both together, as provisional as either.

    Where one of them is missing, the duration is missing for the same reason.
    """
    for figure in (earlier, later):
        if figure.at is None or figure.status not in SETTLED:
            return Figure(status=figure.status, reason=figure.reason)
    assert earlier.at is not None and later.at is not None
    return Figure(
        status="provisional" if "provisional" in (earlier.status, later.status) else "known",
        value=(later.at - earlier.at).total_seconds(),
        uncertainty=earlier.uncertainty + later.uncertainty,
        evidence=(*earlier.evidence, *later.evidence),
        reason=later.reason,
    )
