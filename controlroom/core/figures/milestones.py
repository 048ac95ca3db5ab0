"""Milestones that people mark, and whose they are.

A mark belongs to the experiments that its author names; by default to all that were injected at that moment
and had not yet recovered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlroom.core.assessment import Evidence, Figure
from controlroom.core.events.people import Milestone
from controlroom.core.figures.context import Context, moment_figure
from controlroom.core.figures.injected import PRECISION, Injected
from controlroom.core.state import Mark


@dataclass(frozen=True, slots=True)
class Life:
    """A run as marks see it: from its injection until the service recovered from it."""

    own: Injected
    recovered: float | None
    """None: not recovered; where there was no impact, the end of the effect."""


def marks_of(context: Context, *milestones: Milestone) -> list[Mark]:
    """Marks that stand, in the order of their moments."""
    found = [
        mark for mark in context.state.marks.values() if mark.milestone in milestones and not mark.undone
    ]
    return sorted(found, key=lambda mark: (mark.at, mark.id))


def owners(mark: Mark, lives: Sequence[Life]) -> frozenset[str]:
    """Names of the runs that a mark belongs to."""
    at = mark.at.timestamp()
    begun = [life for life in lives if life.own.at - life.own.uncertainty <= at]
    if mark.experiments:
        latest = {life.own.experiment.id: life.own.run.id for life in begun}
        return frozenset(run for experiment, run in latest.items() if experiment in mark.experiments)
    return frozenset(life.own.run.id for life in begun if life.recovered is None or at <= life.recovered)


def mark_figure(mark: Mark) -> Figure:
    """The moment of a mark. What a machine marks has the cluster's precision of a whole second."""
    uncertainty = PRECISION if mark.source == "machine" else 0.0
    text = f"{mark.milestone} by {mark.by}" + (f": {mark.text}" if mark.text else "")
    evidence = Evidence(source=mark.source, at=mark.at, text=text, uncertainty=uncertainty)
    return moment_figure(mark.at.timestamp(), uncertainty, [evidence])


def first_owned(context: Context, run: str, lives: Sequence[Life], milestone: Milestone) -> Figure | None:
    """The first mark of that milestone which belongs to the run."""
    for mark in marks_of(context, milestone):
        if run in owners(mark, lives):
            return mark_figure(mark)
    return None


def mitigation(marks: Sequence[Mark], recovered: float | None) -> Figure | None:
    """The last mitigation at or before the recovery; without a recovery the last there is.

    A service that recovers while a mitigation is still under way was mitigated when that began.
    """
    before = [mark for mark in marks if recovered is None or mark.at.timestamp() <= recovered]
    for milestone in ("mitigated", "mitigation-started"):
        done = [mark for mark in before if mark.milestone == milestone]
        if done and (milestone == "mitigated" or recovered is not None):
            return mark_figure(done[-1])
    return None
