"""What a report for an audience may tell of the figures: no more than its stream of events does.

The events are cut down by :func:`controlroom.core.projection.project`. The figures are those of the whole record, so
that they are true, and then cut down here (default deny): nothing of an experiment that was not revealed, and no
evidence, which quotes people's words and queries.
"""

from __future__ import annotations

from collections.abc import Set

from controlroom.core.assessment import Assessment, DayFigures, Figure, RunFigures
from controlroom.core.plan import Judged, Plan
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.journal.report.page import KEPT

_FIGURES = (
    *("injected", "alert", "detected", "human", "acknowledged", "root_cause", "mitigated", "impacted"),
    *("recovered", "effect_end", "object_end", "ttd", "tta", "tti", "ttm", "ttr"),
)
_OF_DAY = ("injected", "recovered", "all_clear", "mitigated", "ttd", "tta", "tti", "ttm", "ttr")


def hidden(whole: State) -> frozenset[str]:
    """Experiments that did something, or are still to do it, and were not revealed."""
    planned = {own.id for own in whole.plan.experiments} if whole.plan is not None else set()
    ran = {run.experiment for run in whole.runs.values()}
    return frozenset((planned if whole.status != "closed" else ran) - whole.revealed.keys())


def told(found: Assessment, whole: State) -> Assessment:
    """The figures that an audience may know. `whole`: the state that they were computed from."""
    secret = hidden(whole)
    runs = {
        run: _run(own, secret) for run, own in found.runs.items() if whole.runs[run].experiment not in secret
    }
    rows = tuple(changed(row, status="") for row in found.rows) if secret else found.rows
    if secret:
        # Criteria and signs speak of all experiments. The verdict is said in the chat, too, without its reasons.
        return Assessment(
            baselines=found.baselines,
            limits=found.limits,
            runs=runs,
            day=DayFigures(**dict.fromkeys(_OF_DAY, _KEPT)),
            rows=rows,
            verdict=found.verdict,
        )
    assert whole.plan is not None
    spoken = _spoken(whole.plan)
    return changed(
        found,
        runs=runs,
        day=changed(found.day, **{name: changed(getattr(found.day, name), evidence=()) for name in _OF_DAY}),
        criteria=tuple(changed(own, evidence=()) for own in found.criteria),
        signs=tuple(
            changed(own, evidence=(), reason="" if own.id in spoken else own.reason) for own in found.signs
        ),
        reasons=(),
    )


_KEPT = Figure(status="unknown", reason=KEPT)


def _spoken(plan: Plan) -> frozenset[str]:
    """Signs whose reason is what somebody answered."""
    return frozenset(sign.id for sign in plan.signs if isinstance(sign, Judged))


def _run(own: RunFigures, secret: Set[str]) -> RunFigures:
    """A reason may name another experiment (`overlapped by …`): while any is secret, none is told."""
    figures: dict[str, Figure] = {}
    for name in _FIGURES:
        figure: Figure = getattr(own, name)
        figures[name] = changed(figure, evidence=(), reason="" if secret else figure.reason)
    return changed(own, **figures)
