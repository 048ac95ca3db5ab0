"""What is normal: each metric at rest, and the limit at which it stops being so."""

from __future__ import annotations

from array import array
from functools import lru_cache

from controlroom.core.assessment import Baseline, Limit
from controlroom.core.figures.context import Context
from controlroom.core.figures.statistics import deviation, median, quantile
from controlroom.core.plan import Metric


def baseline_window(context: Context, first_injection: float | None) -> tuple[float, float] | None:
    """Start (after the warm-up) and end of the baseline phase so far, Unix seconds; None: it has not begun.

    A fault ends the window, even where the phase went on: what was disturbed is no measure of rest.
    """
    phase = next((own for own in context.plan.phases if own.kind == "baseline"), None)
    if phase is None:
        return None
    own = context.state.phase_state(phase.id)
    if own.opened is None or own.status == "skipped":
        return None
    start = context.at(own.opened) + context.plan.sampling.warm_up
    end = context.now if own.closed is None else context.at(own.closed)
    return start, end if first_injection is None else min(end, first_injection)


def baseline_of(context: Context, metric: Metric, window: tuple[float, float] | None) -> Baseline:
    """The metric at rest; fewer known samples than the plan's `least` and it is unknown."""
    if window is None:
        return Baseline(metric=metric.id, known=False, reason="the baseline phase has not begun")
    series = context.series(metric)
    values = series.values(context.indices(series, *window))
    return _at_rest(metric.id, values.tobytes(), max(1, context.plan.sampling.least))


@lru_cache(maxsize=128)
def _at_rest(metric: str, values: bytes, least: int) -> Baseline:
    """Kept: once the baseline phase is over its values stay as they are, and are asked for every second."""
    found = sorted(value for value in array("d", values) if value == value)
    if len(found) < least:
        return Baseline(
            metric=metric,
            known=False,
            n=len(found),
            reason=f"{len(found)} baseline samples of the {least} it takes",
        )
    return Baseline(
        metric=metric,
        known=True,
        n=len(found),
        median=median(found),
        mad=deviation(found),
        p5=quantile(found, 0.05),
        p95=quantile(found, 0.95),
    )


def limit_of(metric: Metric, baseline: Baseline) -> Limit:
    """The widest of tolerance, spread and floor, in the metric's worse direction.

    Higher is worse: max(p95 × (1 + tolerance), median + k·MAD, median + floor); lower is worse:
    min(p5 × (1 - tolerance), median - k·MAD, median - floor).
    """
    if metric.worse == "neither":
        return Limit(metric=metric.id, worse="neither", reason="neither direction is worse")
    if not baseline.known:
        return Limit(metric=metric.id, worse=metric.worse, reason=baseline.reason)
    spread = metric.k * baseline.mad
    if metric.worse == "higher":
        value = max(
            baseline.p95 * (1 + metric.tolerance), baseline.median + spread, baseline.median + metric.floor
        )
    else:
        value = min(
            baseline.p5 * (1 - metric.tolerance), baseline.median - spread, baseline.median - metric.floor
        )
    return Limit(metric=metric.id, worse=metric.worse, value=value)
