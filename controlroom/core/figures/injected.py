"""Injections: when each run began to act, by the cluster's own records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controlroom.core.assessment import Evidence, Figure
from controlroom.core.figures.context import KUBERNETES, Context, moment_figure
from controlroom.core.plan import Experiment
from controlroom.core.state import Run

PRECISION = 1.0
"""Seconds: the cluster's stamps are cut to whole ones."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A run that was injected. Moments are Unix seconds of the room's clock."""

    run: Run
    experiment: Experiment
    at: float
    uncertainty: float
    figure: Figure
    effect_end: float | None
    """None: it still acts, as far as is known."""
    grace: float

    @property
    def window_end(self) -> float:
        """Until when an alert or an impact belongs to it: its effect's end plus the grace."""
        return float("inf") if self.effect_end is None else self.effect_end + self.grace


def injections(context: Context) -> tuple[Injected, ...]:
    """Every run that was injected, in the order of injection."""
    known = {experiment.id: experiment for experiment in context.plan.experiments}
    found = []
    for run in context.state.runs.values():
        experiment, injection = known.get(run.experiment), run.injection
        if experiment is None or injection is None:
            continue
        found.append(
            Injected(
                run=run,
                experiment=experiment,
                at=injection.first.timestamp() - context.kubernetes.offset,
                uncertainty=injection.uncertainty + context.kubernetes.uncertainty,
                figure=injected_figure(context, run),
                effect_end=_effect_end(context, run),
                grace=context.plan.sampling.grace,
            )
        )
    return tuple(sorted(found, key=lambda own: (own.at, own.run.requested, own.run.id)))


def _effect_end(context: Context, run: Run) -> float | None:
    """An effect that was not seen to end has ended with its object."""
    ended = run.effect_end or run.object_end
    return None if ended is None else ended.timestamp() - context.kubernetes.offset


def injected_figure(context: Context, run: Run) -> Figure:
    """The first target's first successful Apply record; of other kinds the server's answer, said to be so."""
    injection = run.injection
    if injection is None:
        if run.running and not context.closed:
            return Figure(reason="no target is injected yet")
        if _unwatched(context, run):
            return Figure(status="unknown", reason=run.how or "no host looked")
        return Figure(status="absent", reason=run.message or run.how or "no target was injected")
    if injection.proven:
        text = f"first of {injection.n} successful Apply records, the last at {injection.last:%H:%M:%S}"
    else:
        text = "the server's answer: applied, not proven"
    return _by_cluster(context, injection.first, injection.uncertainty, text)


def _unwatched(context: Context, run: Run) -> bool:
    """Whether its life reached into a time in which no host kept the record: what it did there is not known."""
    opened = context.state.opened_at
    if opened is None or run.object_end is None:
        return False
    end = run.object_end.timestamp() - context.kubernetes.offset - opened.timestamp()
    return any(run.requested <= gap.start <= end for gap in context.state.gaps)


def effect_end_figure(context: Context, run: Run) -> Figure:
    """When it stopped acting: replacements Ready, or the last target recovered or lost."""
    if run.effect_end is None:
        return _not_yet(context, run, "it still acts")
    text = "replacements Ready" if run.one_shot else "last target recovered or lost"
    return _by_cluster(context, run.effect_end, PRECISION, text)


def object_end_figure(context: Context, run: Run) -> Figure:
    """When its object was gone."""
    if run.object_end is None:
        return _not_yet(context, run, "its object is there")
    return _by_cluster(
        context, run.object_end, PRECISION, f"{run.object} gone" if run.object else "object gone"
    )


def _not_yet(context: Context, run: Run, why: str) -> Figure:
    if run.running and not context.closed:
        return Figure(reason=why)
    return Figure(status="unknown", reason=run.message or "it was not seen to end")


def _by_cluster(context: Context, at: datetime, uncertainty: float, text: str) -> Figure:
    clock = context.kubernetes
    evidence = Evidence(source=KUBERNETES, at=at, text=text, uncertainty=uncertainty)
    return moment_figure(at.timestamp() - clock.offset, uncertainty + clock.uncertainty, [evidence])
