"""What can be said at once of a moment whose figures are still being computed: where each metric stands.

Over a day of many hours the figures take longer than somebody who goes through it by the second may wait. What
is not computed yet is pending and says so; nothing of another moment is shown in its place.
"""

from __future__ import annotations

from controlroom.core.assessment import (
    Assessment,
    Baseline,
    Cell,
    CriterionResult,
    DayFigures,
    Figure,
    MetricRow,
    SignResult,
)
from controlroom.core.columns import View
from controlroom.core.figures.baseline import baseline_window
from controlroom.core.figures.context import context_of
from controlroom.core.figures.injected import injections
from controlroom.core.figures.table import latest_of, outside_of

COMPUTING = "being computed"

Rest = tuple[float, float] | None
"""The stretch that the baselines rest on, Unix seconds; None: it has not begun."""


def rest_of(view: View, t: float) -> Rest:
    """The stretch of the baseline as it was known at session second t."""
    plan = view.state.plan
    if plan is None:
        return None
    context = context_of(view, plan, t)
    injected = injections(context)
    return baseline_window(context, injected[0].at if injected else None)


def glance(view: View, t: float, known: Assessment, rest: Rest) -> Assessment:
    """The metrics at session second t; baselines and limits from `known`, where those rest on the same stretch."""
    plan = view.state.plan
    if plan is None:
        return Assessment()
    context = context_of(view, plan, t)
    same = rest is not None and rest_of(view, t) == rest
    baselines = known.baselines if same else {}
    limits = known.limits if same else {}
    rows = []
    for metric in plan.metrics:
        now, age = latest_of(context, metric, context.series(metric))
        base, limit = baselines.get(metric.id), limits.get(metric.id)
        rows.append(
            MetricRow(
                metric=metric.id,
                now=now,
                age=age,
                pre=_pre(base),
                during=Cell(reason=COMPUTING),
                post=Cell(reason=COMPUTING),
                limit=limit,
                outside=outside_of(context, now, limit) if limit is not None else None,
            )
        )
    return Assessment(
        baselines=baselines,
        limits=limits,
        day=DayFigures(**dict.fromkeys(DayFigures.__struct_fields__, Figure(reason=COMPUTING))),
        rows=tuple(rows),
        criteria=tuple(
            CriterionResult(id=own.id, text=own.text, status="pending", reason=COMPUTING)
            for own in plan.criteria
        ),
        signs=tuple(
            SignResult(id=own.id, text=own.text, status="pending", reason=COMPUTING) for own in plan.signs
        ),
        reasons=(COMPUTING,),
    )


def _pre(base: Baseline | None) -> Cell:
    if base is None or not base.known:
        return Cell(reason=COMPUTING if base is None else base.reason)
    return Cell(value=base.median, statistic="median")
