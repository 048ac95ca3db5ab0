"""The metrics table: one row a metric, each cell naming its statistic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from controlroom.core.assessment import Baseline, Cell, CriterionResult, Limit, MetricRow
from controlroom.core.columns import Series
from controlroom.core.figures.context import PROMETHEUS, Context, utc
from controlroom.core.figures.statistics import median, quantile
from controlroom.core.figures.windows import Window, Windows
from controlroom.core.plan import Metric, RatioBelow, ValueBelow

Status = Literal["pass", "fail", "pending", "unknown"]
_GRAVITY: dict[Status, int] = {"fail": 3, "unknown": 2, "pending": 1, "pass": 0}


def rows_of(
    context: Context,
    baselines: Mapping[str, Baseline],
    limits: Mapping[str, Limit],
    windows: Windows,
    criteria: Sequence[CriterionResult],
) -> tuple[MetricRow, ...]:
    judged = _judged(context, criteria)
    found = []
    for metric in context.plan.metrics:
        series, baseline, limit = context.series(metric), baselines[metric.id], limits[metric.id]
        now, age = latest_of(context, metric, series)
        during = cell(context, metric, series, windows.during, metric.during)
        ratio = (
            during.value / baseline.median
            if during.value is not None and baseline.known and baseline.median
            else None
        )
        found.append(
            MetricRow(
                metric=metric.id,
                now=now,
                age=age,
                pre=Cell(value=baseline.median, statistic="median")
                if baseline.known
                else Cell(reason=baseline.reason),
                during=during,
                post=cell(context, metric, series, windows.post, "median"),
                ratio=ratio,
                limit=limit,
                outside=outside_of(context, now, limit),
                status=judged.get(metric.id, ""),
            )
        )
    return tuple(found)


def cell(context: Context, metric: Metric, series: Series, window: Window, statistic: str) -> Cell:
    """One statistic of the known samples of a window; `worst` and `p95` look to the metric's worse side."""
    if not window.exists:
        return Cell(reason=window.reason)
    within = context.indices(series, window.start, window.end)
    lower = metric.worse == "lower"
    if statistic == "worst" and (ends := series.extremes(within)) is not None:
        value = ends[0] if lower else ends[1]
        at = context.moment_of(series.time(within.start + series.values(within).index(value)) // context.step)
        return Cell(value=value, statistic="worst", at=utc(at))
    known = series.known(within)
    if not known:
        return Cell(reason="no sample is known")
    if statistic == "last":
        return Cell(value=known[-1], statistic="last")
    if statistic == "mean":
        return Cell(value=sum(known) / len(known), statistic="mean")
    known.sort()
    if statistic == "median":
        return Cell(value=median(known), statistic="median")
    return Cell(value=quantile(known, 0.05 if lower else 0.95), statistic="p5" if lower else "p95")


def latest_of(context: Context, metric: Metric, series: Series) -> tuple[Cell, float | None]:
    """The newest step, and the age of the newest known sample in seconds."""
    latest = series.latest()
    if latest is None:
        return Cell(reason=context.state.troubled.get(metric.id, "no sample yet")), None
    index = series.length - 1
    while index >= 0 and series.value(index) != series.value(index):
        index -= 1
    age = None if index < 0 else max(0.0, context.now + context.prometheus.offset - series.time(index))
    at = utc(latest[0] - context.prometheus.offset)
    if latest[1] != latest[1]:
        return Cell(at=at, reason=context.state.troubled.get(metric.id, "no data")), age
    return Cell(value=latest[1], statistic="now", at=at), age


def outside_of(context: Context, now: Cell, limit: Limit) -> bool | None:
    """Not known without a limit or a value, nor while Prometheus does not answer."""
    source = context.state.sources.get(PROMETHEUS)
    if now.value is None or limit.value is None or (source is not None and source.ok is False):
        return None
    return limit.outside(now.value)


def _judged(context: Context, criteria: Sequence[CriterionResult]) -> dict[str, Status]:
    """The gravest status of the criteria that judge each metric."""
    results = {result.id: result.status for result in criteria}
    found: dict[str, Status] = {}
    for criterion in context.plan.criteria:
        if not isinstance(criterion, RatioBelow | ValueBelow):
            continue
        status, before = results[criterion.id], found.get(criterion.metric)
        if before is None or _GRAVITY[status] > _GRAVITY[before]:
            found[criterion.metric] = status
    return found
