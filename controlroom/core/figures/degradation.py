"""How far each metric was from normal while a run acted: its worst sample against the baseline and the limit.

The window of a run goes from its injection to its effect's end plus the grace, and on to the service's recovery
where it had an impact. The next injection ends it: what comes then cannot be told apart. What an earlier run still
did at the injection cannot be told apart either, so those runs are named.
"""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.assessment import Assessment, Cell, Degradation, RunFigures
from controlroom.core.columns import View
from controlroom.core.figures.context import Context, context_of, seconds
from controlroom.core.figures.injected import Injected, injections
from controlroom.core.figures.table import cell
from controlroom.core.figures.windows import Window
from controlroom.core.plan import Metric


def degradations(view: View, assessment: Assessment) -> tuple[Degradation, ...]:
    """Of each injected run and each metric that has a worse direction, in the order of the injections."""
    state = view.state
    if state.plan is None:
        return ()
    context = context_of(view, state.plan, state.t)
    injected = injections(context)
    worse = [metric for metric in state.plan.metrics if metric.worse != "neither"]
    found = []
    for index, own in enumerate(injected):
        figures = assessment.runs[own.run.id]
        later = injected[index + 1] if index + 1 < len(injected) else None
        end = window_end(context, own, figures)
        cut = later is not None and later.at < end
        window = Window(own.at, later.at if later is not None and cut else end)
        beside = _beside(context, injected[:index], own, assessment)
        found += [
            _degradation(
                context, own, metric, window, assessment, beside, later.run.id if later and cut else ""
            )
            for metric in worse
        ]
    return tuple(found)


def window_end(context: Context, own: Injected, figures: RunFigures) -> float:
    """Until when the service may have suffered from a run, Unix seconds; at most to load stop."""
    recovered = seconds(figures.recovered)
    if figures.impacted.status in ("absent", "unknown"):
        end = own.window_end
    elif recovered is not None:
        end = max(own.window_end, recovered)
    else:
        end = context.end
    return min(end, context.end)


def _degradation(
    context: Context,
    own: Injected,
    metric: Metric,
    window: Window,
    assessment: Assessment,
    beside: tuple[str, ...],
    until: str,
) -> Degradation:
    """The worst sample of one metric in a run's window."""
    series, baseline, limit = (
        context.series(metric),
        assessment.baselines[metric.id],
        assessment.limits[metric.id],
    )
    worst = cell(context, metric, series, window, "worst")
    ratio, why = _ratio(worst, baseline.median if baseline.known else None, baseline.reason)
    wanted = len(context.steps(window.start, window.end))
    known = len(series.known(context.indices(series, window.start, window.end)))
    return Degradation(
        run=own.run.id,
        experiment=own.experiment.id,
        metric=metric.id,
        worst=worst,
        ratio=ratio,
        limit=limit.value,
        outside=None if worst.value is None or limit.value is None else limit.outside(worst.value),
        share=min(1.0, known / wanted) if wanted else 0.0,
        reason=why,
        beside=beside,
        until=until,
    )


def _ratio(worst: Cell, rest: float | None, why: str) -> tuple[float | None, str]:
    if worst.value is None:
        return None, worst.reason
    if rest is None:
        return None, why
    if rest == 0:
        return None, "at rest it is 0"
    return worst.value / rest, ""


def _beside(
    context: Context, earlier: Sequence[Injected], own: Injected, assessment: Assessment
) -> tuple[str, ...]:
    """Runs that may still have been at work when this one was injected."""
    return tuple(
        other.run.id
        for other in earlier
        if window_end(context, other, assessment.runs[other.run.id]) > own.at
    )
