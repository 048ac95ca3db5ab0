"""The metrics table: now, trend, pre, during, post, times baseline, verdict; and the figures line below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from controlroom.core.assessment import Cell, Figure, MetricRow
from controlroom.core.plan import Metric
from controlroom.tui.draw.trend import bins, spark
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, age, fit, number, span, width

STALE_STEPS = 5
"""A value older than so many sampling steps says its age."""
STALE_REAL = 0.75
"""Real seconds that a value may be old in a rehearsal, where a sampling step passes in no time."""


@dataclass(frozen=True)
class Columns:
    """Cells for each column; 0: left out."""

    name: int
    now: int
    trend: int
    pre: int
    during: int
    post: int
    ratio: int
    verdict: int


def title_of(metric: Metric, cells: int) -> str:
    """The whole title where there is room for it, else the short one."""
    return metric.title if not metric.short or width(metric.title) <= cells else metric.short


def columns(cells: int) -> Columns:
    """What fits; the trend gets what is left, then goes first where room is short."""
    fixed = {"now": 14, "pre": 6, "during": 7, "post": 6, "ratio": 7, "verdict": 8}
    name = 26 if cells >= 100 else 17 if cells >= 66 else 14
    leave_out: tuple[str, ...] = ()
    for leave_out in ((), ("post",), ("post", "pre"), ("post", "pre", "verdict")):
        if cells - name - sum(value for key, value in fixed.items() if key not in leave_out) >= 0:
            break
    kept = {key: 0 if key in leave_out else value for key, value in fixed.items()}
    rest = cells - name - sum(kept.values())
    trend = min(40, rest - 1) if rest >= 6 else 0
    name += rest - trend - 1 if trend else rest
    return Columns(name=max(6, min(name, 40)), trend=trend, **kept)


def header(own: Columns) -> Row:
    text = fit("", own.name) + fit("now", own.now - 8, ">") + " " * 8
    text += fit(" trend", own.trend + 1) if own.trend else ""
    for title, cells in (("pre", own.pre), ("during", own.during), ("post", own.post), ("×pre", own.ratio)):
        text += fit(title, cells, ">")
    return ((text + fit(" verdict", own.verdict), "dim"),)


def metric_row(moment: Moment, own: Columns, index: int) -> Row:
    """The row of one metric of the plan."""
    if moment.plan is None:
        return ()
    metric, rows = moment.plan.metrics[index], moment.figures.rows
    given = rows[index] if index < len(rows) and rows[index].metric == metric.id else None
    found = given or next((row for row in rows if row.metric == metric.id), MetricRow(metric=metric.id))
    return _row(moment, own, metric, found)


def _row(moment: Moment, own: Columns, metric: Metric, row: MetricRow) -> Row:
    found: list[tuple[str, str]] = [(fit(title_of(metric, own.name - 1), own.name - 1) + " ", "")]
    found += _now(moment, own, metric, row)
    if own.trend:
        found.append((" " + _trend(moment, own, metric), "dim"))
    for cell, cells in ((row.pre, own.pre), (row.during, own.during), (row.post, own.post)):
        if cells:
            found.append(_cell(cell, metric, cells))
    if own.ratio:
        ratio = "–" if row.ratio is None or not math.isfinite(row.ratio) else f"{row.ratio:.1f}×"
        found.append((fit(ratio, own.ratio, ">"), "" if ratio != "–" else "dim"))
    if own.verdict:
        word, tone = verdict(row.status)
        found.append((fit("  " + word, own.verdict), tone))
    return tuple(found)


def verdict(status: str) -> tuple[str, str]:
    """Word and tone for the status of a criterion."""
    return {
        "pass": ("ok", "good"),
        "fail": ("FAIL", "bad"),
        "pending": ("…", "dim"),
        "unknown": ("unkn.", "warn"),
    }.get(status, ("", ""))


def _now(moment: Moment, own: Columns, metric: Metric, row: MetricRow) -> list[tuple[str, str]]:
    unit = fit(" " + short_unit(metric.unit), 5)
    cells = own.now - 5
    step = moment.view.columns.step
    value = row.now.value
    if value is None or not math.isfinite(value):
        # Before its first sample a metric is not yet there, rather than lost.
        lost = row.age is not None or metric.id in moment.state.troubled
        word, tone = ("unknown", "warn") if lost else ("–", "dim")
        return [(fit(word, cells, ">"), tone), (unit, "dim")]
    text = _aligned(number(value, metric.decimals), 3)
    if row.age is not None and row.age > max(STALE_STEPS * step, STALE_REAL * moment.state.rate):
        return [(fit(text, cells, ">"), "dim"), (fit(f" {age(row.age)}!", 5), "warn")]
    if row.outside:
        return [(fit(f"{'▼' if metric.worse == 'lower' else '▲'} {text}", cells, ">"), "warn"), (unit, "dim")]
    return [(fit(text, cells, ">"), "strong"), (unit, "dim")]


def short_unit(unit: str) -> str:
    """At most four cells of it."""
    return {"messages": "msg", "seconds": "s", "milliseconds": "ms", "percent": "%"}.get(unit, unit)[:4]


def _aligned(text: str, places: int) -> str:
    """The number with room after it, so that decimal points stand below each other."""
    behind = len(text) - (text.index(".") if "." in text else len(text.rstrip("kM")))
    return text + " " * (places - behind)


def _cell(cell: Cell, metric: Metric, cells: int) -> tuple[str, str]:
    if cell.value is None or not math.isfinite(cell.value):
        return fit("–", cells, ">"), "dim"
    return fit(number(cell.value, metric.decimals), cells, ">"), ""


def window(moment: Moment) -> tuple[float, float] | None:
    """Unix seconds that the trends cover: the open phase and the one before it, else the day so far.

    A phase alone would often show a level without the change that led to it.
    """
    opened = moment.state.opened_at
    if opened is None:
        return None
    zero, end = opened.timestamp(), opened.timestamp() + moment.t
    start, before = 0.0, 0.0
    for phase in moment.state.phases:
        if phase.opened is not None:
            if phase.id == moment.state.phase:
                start = before
            before = phase.opened
    return max(zero, min(zero + start, end - 120)), end


def _trend(moment: Moment, own: Columns, metric: Metric) -> str:
    found = window(moment)
    if found is None or moment.plan is None:
        return " " * own.trend
    series = moment.view.series(moment.plan.metric_index(metric.id))
    values = bins(series, found[0], found[1], own.trend, metric.worse == "lower")
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return fit("", own.trend)
    low, high = min(known), max(known)
    limit, base = moment.figures.limits.get(metric.id), moment.figures.baselines.get(metric.id)
    if base is not None and base.known:
        low, high = min(low, base.p5), max(high, base.p95)
    if limit is not None and limit.value is not None:
        low, high = min(low, limit.value), max(high, limit.value)
    return spark(values, low, high)


FIGURES = (("TTD", "ttd"), ("TTA", "tta"), ("TTI", "tti"), ("TTM", "ttm"), ("TTR", "ttr"))


def figures_row(moment: Moment, cells: int) -> Row:
    """The day's times: to detect, acknowledge, identify, mitigate, recover; and its verdict."""
    day = moment.figures.day
    values: dict[str, Figure] = {
        "ttd": day.ttd,
        "tta": day.tta,
        "tti": day.tti,
        "ttm": day.ttm,
        "ttr": day.ttr,
    }
    found: list[tuple[str, str]] = []
    for title, name in FIGURES:
        text, tone = figure_text(values[name])
        found += [(f"{title} ", "dim"), (text + ("   " if cells >= 60 else "  "), tone)]
    word = moment.figures.verdict
    if word != "pending":
        tone = {"passed": "good", "needs improvement": "bad"}.get(word, "warn")
        said = f"day {word}"
        if sum(width(text) for text, _ in found) + width(said) <= cells:
            found.append((said, tone))
    return tuple(found)


def figure_text(figure: Figure) -> tuple[str, str]:
    """A duration in words and its tone; what is not known says so."""
    if figure.status == "known" and figure.value is not None:
        return span(figure.value), "strong"
    if figure.status == "provisional" and figure.value is not None:
        return f"~{span(figure.value)}", ""
    return ("–" if figure.status == "pending" else figure.status), "dim"
