"""The metrics table of the day, as game-day documents have it: before, during and after chaos."""

from __future__ import annotations

from controlroom.core.assessment import Figure, MetricRow
from controlroom.journal.report.escaping import escaped, fenced, table
from controlroom.journal.report.page import Page
from controlroom.journal.report.words import number

_HEADER = ("Metric", "Pre-Chaos", "During Chaos", "Post-Chaos")
_DAY = (("Time to detect (TTD)", "ttd"), ("Time to recovery (TTR)", "ttr"))


def metrics(page: Page) -> list[str]:
    """The plan's table with TTD and TTR, then the other metrics and the limits."""
    shown = {metric.id for metric in page.plan.metrics if metric.table}
    rows = page.assessment.rows
    lines = ["## Metrics", ""]
    main = [_row(page, row) for row in rows if row.metric in shown]
    main += [(title, "N/A", _day(page, name), "N/A") for title, name in _DAY]
    lines += table(_HEADER, main)
    if others := [_row(page, row) for row in rows if row.metric not in shown]:
        lines += [
            "<details><summary>Further metrics</summary>",
            "",
            *table(_HEADER, others),
            "</details>",
            "",
        ]
    return lines + _limits(page)


def _day(page: Page, name: str) -> str:
    found: Figure = getattr(page.assessment.day, name)
    return page.figure(found)


def _row(page: Page, row: MetricRow) -> tuple[str, ...]:
    metric = page.plan.metric(row.metric)
    title = escaped(metric.title) + (f" ({escaped(metric.unit)})" if metric.unit == "%" else "")
    during = page.cell(row.during, metric)
    if row.ratio is not None:
        during += f", {row.ratio:.2f}× baseline"
    return title, page.cell(row.pre, metric), during, page.cell(row.post, metric)


def _limits(page: Page) -> list[str]:
    """Where normal ended on this day, and from how many samples that was computed."""
    rows = []
    for metric in page.plan.metrics:
        limit, baseline = page.assessment.limits.get(metric.id), page.assessment.baselines.get(metric.id)
        if limit is None or baseline is None:
            continue
        side = {"higher": "above", "lower": "below"}.get(limit.worse, "")
        text = (
            f"{side} {number(limit.value, metric.unit, max(metric.decimals, 1))}"
            if limit.value is not None
            else f"none: {limit.reason}"
        )
        spread = (
            f"{number(baseline.p5, '', metric.decimals)} to {number(baseline.p95, metric.unit, metric.decimals)}"
            if baseline.known
            else f"unknown: {baseline.reason}"
        )
        rows.append((escaped(metric.title), escaped(spread), str(baseline.n), escaped(text)))
    if not rows:
        return []
    header = ("Metric", "Baseline p5 to p95", "Samples", "Outside its limit")
    title = "Baselines and limits" if page.audience else "Baselines, limits, queries"
    lines = [f"<details><summary>{title}</summary>", "", *table(header, rows)]
    for metric in page.plan.metrics if not page.audience else ():
        lines += [f"{escaped(metric.title)}:", "", *fenced(metric.query, "promql")]
    return [*lines, "</details>", ""]
