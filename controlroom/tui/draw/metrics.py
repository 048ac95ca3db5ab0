"""The metrics table: now, trend, pre, during, post, times baseline, verdict; and the figures line below."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from controlroom.core.assessment import Cell, Figure, MetricRow
from controlroom.core.plan import Metric, RatioBelow, ValueBelow
from controlroom.tui.draw.arranged import row_of
from controlroom.tui.draw.trend import bins, spark
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, age, fit, number, span, width

STALE_STEPS = 5
"""A value older than so many sampling steps says its age."""
STALE_REAL = 0.75
"""Real seconds that a value may be old in a rehearsal, where a sampling step passes in no time."""


@dataclass(frozen=True)
class Column:
    """A column of numbers: cells before the point, and from the point on, so that points stand below each other."""

    title: str
    whole: int
    places: int
    gap: int = 2

    @property
    def cells(self) -> int:
        return self.whole + self.places + self.gap

    def head(self) -> str:
        return fit(self.title, self.cells, ">")

    def text(self, number: str) -> str:
        """A number in its place; words and dashes stand before the point."""
        whole, places = split(number)
        if len(whole) > self.whole:
            return fit(number, self.cells, ">")
        return fit(whole, self.gap + self.whole, ">") + fit(places, self.places)


def split(text: str) -> tuple[str, str]:
    """A number before its point, and from there on; `12.3k` is cut there too, `4k` before its letter."""
    at = text.find(".")
    if at < 0:
        at = len(text.rstrip("kM×"))
    return text[:at], text[at:]


def column(title: str, texts: Iterable[str], gap: int = 2) -> Column:
    """Just wide enough for those numbers and its title."""
    parts = [split(text) for text in texts] or [("", "")]
    places = max(len(part[1]) for part in parts)
    return Column(title, max(max(len(part[0]) for part in parts), len(title) - places), places, gap)


UNIT = 5
"""Cells of the unit behind a value, or of its age."""
TINY = 28
"""Cells below which there is none."""
FULL, SIGN = 8, 3
"""Cells of a verdict as a word and as a sign."""


@dataclass(frozen=True)
class Columns:
    """What is shown of each metric, and how wide; None or 0: left out."""

    name: int
    now: Column
    unit: int
    """Of the unit behind a value, or its age; 0 where there is hardly room for the value."""
    trend: int
    pre: Column | None
    during: Column | None
    post: Column | None
    ratio: Column | None
    limit: Column | None
    verdict: int


def title_of(metric: Metric, cells: int) -> str:
    """The whole title where there is room for it, else the short one."""
    return metric.title if not metric.short or width(metric.title) <= cells else metric.short


def columns(moment: Moment, cells: int) -> Columns:
    """What fits; names and trends get what is left. Widths go by the numbers that are there, all metrics counted:
    a row that is hidden or scrolled away moves no column."""
    plan = moment.plan
    metrics = plan.metrics if plan else ()
    rows = [row_of(moment, index) for index in range(len(metrics))]
    pairs = list(zip(metrics, rows, strict=True))
    gap = 2 if cells >= 66 else 1
    own = {
        "pre": column("pre", (said(row.pre, metric) for metric, row in pairs), gap),
        "during": column("during", (said(row.during, metric) for metric, row in pairs), gap),
        "post": column("post", (said(row.post, metric) for metric, row in pairs), gap),
        "ratio": column("×pre", (ratio(row) for row in rows), gap),
        "limit": column("limit", (limit(row, metric) for metric, row in pairs), 3),
    }
    now = column("now", (said(row.now, metric) for metric, row in pairs), 2)
    known = any(row.post.value is not None for row in rows)
    longest = max((width(metric.title) for metric in metrics), default=0) + 1
    name = max(20, min(34, longest)) if cells >= ROOMY else 17 if cells >= 44 else 14
    unit = UNIT if cells >= TINY else 0
    judged = FULL + (JUDGED if cells >= ROOMY else 0)
    for leave_out, verdict_cells in (
        ((), judged),
        (("limit",), FULL),
        (("limit",) if known else ("limit", "post"), FULL),
        (("limit", "post"), FULL),
        (("limit", "post"), SIGN),
        (("limit", "post", "pre"), SIGN),
        (("limit", "post", "pre"), 0),
        (("limit", "post", "pre", "ratio"), 0),
        (("limit", "post", "pre", "ratio", "during"), 0),
    ):
        kept = {key: value for key, value in own.items() if key not in leave_out}
        rest = cells - name - now.cells - unit - sum(value.cells for value in kept.values()) - verdict_cells
        if rest >= (10 if "post" in kept else 0):
            break
    trend = min(40, rest - 2) if rest >= 7 else 0
    name += rest - trend - 2 if trend else rest
    return Columns(
        name=max(6, min(name, 40)),
        now=now,
        unit=unit,
        trend=trend,
        pre=kept.get("pre"),
        during=kept.get("during"),
        post=kept.get("post"),
        ratio=kept.get("ratio"),
        limit=kept.get("limit"),
        verdict=verdict_cells,
    )


ROOMY = 110
"""Cells from which on there is room to say what a verdict goes by."""
JUDGED = 9


def header(own: Columns) -> Row:
    text = fit("", own.name) + own.now.head() + " " * own.unit
    text += fit("  trend", own.trend + 2) if own.trend else ""
    text += "".join(one.head() for one in (own.pre, own.during, own.post, own.ratio, own.limit) if one)
    return ((text + (fit(" verdict" if own.verdict >= FULL else "", own.verdict)), "dim"),)


def metric_row(moment: Moment, own: Columns, index: int) -> Row:
    """The row of one metric of the plan."""
    if moment.plan is None:
        return ()
    metric, row = moment.plan.metrics[index], row_of(moment, index)
    found: list[tuple[str, str]] = [(fit(title_of(metric, own.name - 1), own.name - 1) + " ", "")]
    found += _now(moment, own, metric, row)
    if own.trend:
        found.append(("  " + _trend(moment, own, metric), "dim"))
    for cell, place in ((row.pre, own.pre), (row.during, own.during), (row.post, own.post)):
        if place is not None:
            text = said(cell, metric)
            found.append((place.text(text), "dim" if text == DASH else ""))
    if own.ratio is not None:
        text = own.ratio.text(ratio(row))
        if row.status == "fail" and not own.verdict:
            found.append(("✗" + text[1:] if text[0] == " " else text, "bad"))
        else:
            found.append((text, "dim" if text.strip() == DASH else ""))
    if own.limit is not None:
        found.append((own.limit.text(limit(row, metric)), "dim"))
    if own.verdict:
        found += _verdict(moment, own, metric, row)
    return tuple(found)


DASH = "–"


def said(cell: Cell, metric: Metric) -> str:
    """A number as the metric wants it; a dash: there is none."""
    known = cell.value is not None and math.isfinite(cell.value)
    return number(cell.value, metric.decimals) if known and cell.value is not None else DASH


def ratio(row: MetricRow) -> str:
    """Times the baseline."""
    if row.ratio is None or not math.isfinite(row.ratio):
        return DASH
    return f"{row.ratio:.1f}×" if row.ratio < 1000 else f"{number(row.ratio, 0)}×"


def limit(row: MetricRow, metric: Metric) -> str:
    """Where it stops being normal; a dash: it has no limit, or no baseline yet."""
    value = row.limit.value if row.limit is not None else None
    return DASH if value is None or not math.isfinite(value) else number(value, metric.decimals)


def judged_by(moment: Moment, metric: Metric) -> str:
    """What the criterion of a metric asks for: `< 2×` the baseline, `< 5 %`; empty: none is about it."""
    for own in moment.plan.criteria if moment.plan else ():
        if isinstance(own, RatioBelow) and own.metric == metric.id:
            return f"< {own.limit:g}×"
        if isinstance(own, ValueBelow) and own.metric == metric.id:
            return f"< {own.limit:g} {short_unit(metric.unit)}".rstrip()
    return ""


def _verdict(moment: Moment, own: Columns, metric: Metric, row: MetricRow) -> list[tuple[str, str]]:
    word, tone = verdict(row.status)
    if own.verdict < FULL:
        sign = {"ok": "+", "FAIL": "✗", "unkn.": "?", "open": "·"}.get(word, word)
        return [(fit("  " + sign, own.verdict), tone)]
    found = [(fit("  " + word, FULL), tone)]
    if own.verdict > FULL:
        found.append((fit(judged_by(moment, metric) if word else "", own.verdict - FULL), "dim"))
    return found


def verdict(status: str) -> tuple[str, str]:
    """Word and tone for the status of a criterion."""
    return {
        "pass": ("ok", "good"),
        "fail": ("FAIL", "bad"),
        "pending": ("open", "dim"),
        "unknown": ("unkn.", "warn"),
    }.get(status, ("", ""))


def is_old(moment: Moment, row: MetricRow) -> bool:
    """Whether the newest value is so old that its age must be said."""
    step = moment.view.columns.step
    return row.age is not None and row.age > max(STALE_STEPS * step, STALE_REAL * moment.state.rate)


def _now(moment: Moment, own: Columns, metric: Metric, row: MetricRow) -> list[tuple[str, str]]:
    unit = fit(" " + short_unit(metric.unit), own.unit)
    value = row.now.value
    if value is None or not math.isfinite(value):
        # Before its first sample a metric is not yet there, rather than lost.
        lost = row.age is not None or metric.id in moment.state.troubled
        word, tone = ("unknown", "warn") if lost else (DASH, "dim")
        if lost and own.now.cells <= len(word):
            return [(fit(" " + word, own.now.cells + own.unit), tone)]  # the word rather than the unit
        text = fit(word, own.now.cells, ">") if lost else own.now.text(word)
        return [(text, tone), (unit, "dim")]
    text = own.now.text(number(value, metric.decimals))
    if is_old(moment, row) and not own.unit:
        return [(fit(f"{age(row.age or 0.0)}!", own.now.cells, ">"), "warn")]
    if is_old(moment, row):
        return [(text, "dim"), (fit(f" {age(row.age or 0.0)}!", UNIT), "warn")]
    if row.outside:
        sign = "▼" if metric.worse == "lower" else "▲"
        blank = len(text) - len(text.lstrip())
        place = max(0, min(own.now.gap - 2, blank - 2))
        return [(text[:place] + sign + text[place + 1 :], "warn"), (unit, "dim")]
    return [(text, "strong"), (unit, "dim")]


def short_unit(unit: str) -> str:
    """At most four cells of it."""
    return {"messages": "msg", "seconds": "s", "milliseconds": "ms", "percent": "%"}.get(unit, unit)[:4]


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
    said = [(title, *figure_text(values[name])) for title, name in FIGURES]
    needed = sum(len(title) + 1 + width(text) for title, text, _ in said) + len(said) - 1
    gap = " " * max(1, min(3 if cells >= 60 else 2, 1 + (cells - 1 - needed) // len(said)))
    found = [(" " if needed < cells else "", "")]
    for title, text, tone in said:
        found += [(f"{title} ", "dim"), (text + gap, tone)]
    word = moment.figures.verdict
    if word != "pending":
        tone = {"passed": "good", "needs improvement": "bad"}.get(word, "warn")
        day_word = f"day {word}"
        if sum(width(text) for text, _ in found) + width(day_word) <= cells:
            found.append((day_word, tone))
    return tuple(found)


def figure_text(figure: Figure) -> tuple[str, str]:
    """A duration in words and its tone; what is not known says so."""
    if figure.status == "known" and figure.value is not None:
        return span(figure.value), "strong"
    if figure.status == "provisional" and figure.value is not None:
        return f"~{span(figure.value)}", ""
    return ("–" if figure.status == "pending" else figure.status), "dim"
