"""What was read: samples, alerts, silences, and how well each source answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.body import Body, Show

_ALWAYS, _NEVER = Show.ALWAYS, Show.NEVER


class Samples(Body, tag="samples"):
    """Consecutive grid steps of some metrics.

    `start`: Unix seconds of the first step, by Prometheus's clock, a multiple of `step` (whole seconds).
    `columns`: one per metric of the plan, in its order: a value per step, null where there was no data or
    NaN; the whole column null where this batch does not speak of that metric.
    """

    start: int
    step: int
    columns: tuple[tuple[float | None, ...] | None, ...]
    audience = {"start": _ALWAYS, "step": _ALWAYS, "columns": _ALWAYS}


class MetricTroubled(Body, tag="metric.troubled"):
    """Why a metric has no value now; an empty reason means that it has again."""

    metric: str
    reason: str
    audience = {"metric": _ALWAYS, "reason": _NEVER}


class SourceFailed(Body, tag="source.failed"):
    """A source does not answer as it should; told once, until it recovers or fails otherwise."""

    source: str
    error: str
    hint: str = ""
    audience = {"source": _ALWAYS, "error": _NEVER, "hint": _NEVER}


class SourceRecovered(Body, tag="source.recovered"):
    source: str
    seconds: float
    """How long it was away."""
    audience = {"source": _ALWAYS, "seconds": _ALWAYS}


class SourceRemarked(Body, tag="source.remarked"):
    """What a source says beside its answers has changed; nothing: it says nothing more, and they are whole."""

    source: str
    partial: tuple[str, ...] = ()
    """Why its answers are not whole: what is read meanwhile is shown, and proves nothing."""
    others: tuple[str, ...] = ()
    """Doubts about an expression, hints."""
    audience = {"source": _ALWAYS, "partial": _NEVER, "others": _NEVER}


class SourceMeasured(Body, tag="source.measured"):
    """Clock of a source against ours: its time minus ours, and how uncertain that is (half the round trip
    and the resolution of the stamp), both in seconds."""

    source: str
    offset: float
    uncertainty: float
    audience = {"source": _ALWAYS, "offset": _NEVER, "uncertainty": _NEVER}


class AlertObserved(Body, tag="alert.observed"):
    """One alert episode as it is now known, pending to resolved; labels and `active_at` identify it."""

    name: str
    labels: dict[str, str]
    """Without `alertname` and `alertstate`."""
    state: Literal["pending", "firing", "resolved"]
    active_at: datetime
    """Start of pending."""
    firing_at: datetime | None = None
    """First evaluation at which it fired."""
    resolved_at: datetime | None = None
    annotations: dict[str, str] = {}
    uncertainty: float = 0.0
    """Seconds."""
    audience = {
        "name": _ALWAYS,
        "labels": _ALWAYS,
        "state": _ALWAYS,
        "active_at": _ALWAYS,
        "firing_at": _ALWAYS,
        "resolved_at": _ALWAYS,
        "annotations": _NEVER,
        "uncertainty": _ALWAYS,
    }


class SilenceObserved(Body, tag="silence.observed"):
    """A silence in Alertmanager as it is now known. An alert it matches is thereby acknowledged."""

    silence: str
    matchers: tuple[tuple[str, str, bool, bool], ...]
    """(name, value, is regex, is equal)."""
    by: str
    comment: str
    starts_at: datetime
    ends_at: datetime
    state: Literal["pending", "active", "expired"]
    audience = {
        "silence": _ALWAYS,
        "matchers": _NEVER,
        "by": _ALWAYS,
        "comment": _NEVER,
        "starts_at": _ALWAYS,
        "ends_at": _ALWAYS,
        "state": _ALWAYS,
    }


class AlertSuppressed(Body, tag="alert.suppressed"):
    """Whether Alertmanager keeps an alert from people, and on whose account; neither: it tells them again."""

    name: str
    labels: dict[str, str]
    """As Alertmanager has them: with Prometheus's external ones, without `alertname`."""
    silenced_by: tuple[str, ...] = ()
    """Who made the silences."""
    inhibited_by: tuple[str, ...] = ()
    """The alerts that stand for it."""
    audience = {"name": _ALWAYS, "labels": _ALWAYS, "silenced_by": _ALWAYS, "inhibited_by": _ALWAYS}

    @property
    def words(self) -> str:
        """`silenced by ann · inhibited by ClusterDown`; empty: people are told of it."""
        found = [("silenced by ", self.silenced_by), ("inhibited by ", self.inhibited_by)]
        return " · ".join(word + ", ".join(names) for word, names in found if names)


class ReconciliationRead(Body, tag="reconciliation.read"):
    """The totals of a no-data-loss criterion, read once after load stop; None: there was no value."""

    criterion: str
    accepted: float | None
    stored: float | None
    settled: bool
    """The lag was inside its limit."""
    audience = {"criterion": _NEVER, "accepted": _NEVER, "stored": _NEVER, "settled": _NEVER}
