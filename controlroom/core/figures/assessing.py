"""Every figure of a session, in the order in which they rest on one another."""

from __future__ import annotations

from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.core.figures.baseline import baseline_of, baseline_window, limit_of
from controlroom.core.figures.cascade import cascades_of
from controlroom.core.figures.context import Context, context_of
from controlroom.core.figures.criteria import criterion_result
from controlroom.core.figures.day import day_figures
from controlroom.core.figures.impact import earliest_end, episodes_of, impact_of
from controlroom.core.figures.injected import injections
from controlroom.core.figures.known import Known
from controlroom.core.figures.partial import criterion_on_whole, sign_on_whole
from controlroom.core.figures.runs import harm_of, idle_figures, life_of, run_figures
from controlroom.core.figures.signs import sign_result
from controlroom.core.figures.table import rows_of
from controlroom.core.figures.windows import windows_of
from controlroom.core.verdict import verdict_of


def assess(view: View, t: float | None = None) -> Assessment:
    """All figures and verdicts of a session at session time t (seconds; default: its last event's).

    Pure: the same state and samples give the same answer. A session without a plan has no figures.
    """
    plan = view.state.plan
    if plan is None:
        return Assessment()
    return _assess(context_of(view, plan, view.state.t if t is None else t))


def _assess(context: Context) -> Assessment:
    plan, state = context.plan, context.state
    injected = injections(context)
    window = baseline_window(context, injected[0].at if injected else None)
    baselines = {metric.id: baseline_of(context, metric, window) for metric in plan.metrics}
    limits = {metric.id: limit_of(metric, baselines[metric.id]) for metric in plan.metrics}
    impact = impact_of(context, limits, injected)
    harms = [harm_of(context, impact, injected, own) for own in injected]
    lives = [life_of(harm) for harm in harms]
    own_figures = {harm.own.run.id: run_figures(context, harm, lives) for harm in harms}
    runs = {run: own_figures.get(run) or idle_figures(context, run) for run in state.runs}
    day = day_figures(context, impact, harms, own_figures)
    windows = windows_of(context, window, impact, harms, day)
    known = Known(
        baselines=baselines,
        harms=harms,
        runs=own_figures,
        day=day,
        during=windows.during,
        earliest=earliest_end(context, impact),
    )
    criteria = tuple(
        criterion_on_whole(context, criterion, criterion_result(context, criterion, known))
        for criterion in plan.criteria
    )
    cascades = cascades_of(context, limits, injected)
    signs = tuple(
        sign_on_whole(context, sign, sign_result(context, sign, known, cascades, limits))
        for sign in plan.signs
    )
    verdict, reasons = verdict_of(criteria, signs, closed=context.closed)
    return Assessment(
        baselines=baselines,
        limits=limits,
        runs=runs,
        day=day,
        rows=rows_of(context, baselines, limits, windows, criteria),
        episodes=episodes_of(context, impact),
        cascades=cascades.metrics,
        criteria=criteria,
        signs=signs,
        verdict=verdict,
        reasons=reasons,
    )
