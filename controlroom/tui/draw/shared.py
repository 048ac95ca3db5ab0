"""The shared screen: large, calm, and of what its own stream tells; nothing here knows of anything withheld."""

from __future__ import annotations

import math
import re

from controlroom.core import timeline
from controlroom.core.assessment import MetricRow
from controlroom.core.events.sources import AlertObserved
from controlroom.core.plan import Metric
from controlroom.core.state import State, kept_quiet
from controlroom.tui.draw.head import phase_title
from controlroom.tui.draw.metrics import STALE_REAL, STALE_STEPS, short_unit, title_of, window
from controlroom.tui.draw.trend import bins, spark
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, age, clock, fit, number, span, spread, wall, width

MOST_METRICS = 7
"""More are not taken in from three metres away."""

BLANK: Row = (("", ""),)

#: Five lines of three dots a sign.
DIGITS = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": ("  #", "  #", "  #", "  #", "  #"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": (" ", "#", " ", "#", " "),
}


def large(text: str, scale: int = 1) -> tuple[str, ...]:
    """A time in large figures: a dot is two cells wide and one line high, times `scale`."""
    lines = []
    for y in range(5):
        line = ("  " * scale).join(
            "".join(("█" if dot == "#" else " ") * 2 * scale for dot in DIGITS[sign][y])
            for sign in text
            if sign in DIGITS
        )
        lines += [line] * scale
    return tuple(lines)


def scale_of(cells: int, tall: bool) -> int:
    """2 where a terminal has room for it: the figures of `1:23:45` and the words beside them."""
    return 2 if cells >= 140 and tall else 1


def stage_rows(moment: Moment, cells: int, height: int) -> tuple[Row, ...]:
    """Title; what is left in the phase, large; the phase and the time beside it."""
    title = moment.plan.title if moment.plan else moment.info.title
    title = re.sub(r"^game day:\s*", "", title, flags=re.IGNORECASE)
    lab = "   REHEARSAL" if moment.state.opened is not None and moment.state.opened.lab else ""
    head = spread(((" " + title, "title"),), ((lab + "  ", "dim"),), cells)
    figures, tone = _large_time(moment)
    scale = scale_of(cells, height >= 13)
    drawn = large(figures, scale)
    words = _words(moment, cells - width(drawn[0]) - 8)
    if scale == 2:
        words = [row for own in words for row in (own, BLANK)]
    rows: list[Row] = [head, BLANK]
    for number_, line in enumerate(drawn):
        beside = words[number_] if number_ < len(words) else BLANK
        rows.append((("   " + line + "     ", tone), *beside))
    return (*rows, BLANK)


def wanted_stage(cells: int, tall: bool) -> int:
    return 3 + 5 * scale_of(cells, tall)


def _large_time(moment: Moment) -> tuple[str, str]:
    """What is left in the phase; where none is open, the time of the session."""
    left = timeline.left(moment.state, moment.t)
    if left is None:
        return clock(max(0.0, moment.t)), "dim"
    return span(abs(left)), "strong" if left >= 0 else "over"


def _words(moment: Moment, cells: int) -> list[Row]:
    """Phase, what the large figures say, time of the session and of the day."""
    state, plan = moment.state, moment.plan
    at = wall(moment.at(moment.t), plan.zone if plan else "UTC")
    times: Row = ((f"T+{clock(moment.t)}", "strong"), (f"   {at}", "dim"))
    if plan is None:
        return [(("entering the room …" if not moment.entered else "", "dim"),)]
    if state.phase is None:
        started = any(phase.status != "planned" for phase in state.phases)
        words = {"closed": "THE DAY IS OVER", "ending": "THE DAY ENDS"}.get(state.status)
        said = words or ("BETWEEN PHASES" if started else "NOT STARTED")
        return [((f" {said} ", "phase"),), BLANK, (("since the start", "dim"),), BLANK, times]
    left = timeline.left(state, moment.t) or 0.0
    title = fit(phase_title(plan, state.phase).upper(), max(6, cells - 2)).rstrip()
    what = "left in this phase" if left >= 0 else "over its time"
    if state.held_since is not None:
        what = f"the clock is held for {span(moment.t - state.held_since)}"
    number_ = next(n for n, own in enumerate(plan.phases, 1) if own.id == state.phase)
    count: Row = ((f"phase {number_} of {len(plan.phases)}", "dim"),)
    return [((f" {title} ", "phase"),), ((what, "dim"),), BLANK, count, times]


def vitals_rows(moment: Moment, cells: int, height: int) -> tuple[Row, ...]:
    """At most seven metrics, each with a word for how it stands; spaced out where there is room."""
    if moment.plan is None:
        return ((("The metrics of the day will stand here.", "dim"),),)
    shown = moment.plan.metrics[: min(MOST_METRICS, height)]
    gap = 1 if height >= 2 * len(shown) - 1 else 0
    rows: list[Row] = []
    for index, metric in enumerate(shown):
        rows += [BLANK] * (gap if index else 0)
        rows.append(_vital(moment, metric, cells))
    return tuple(rows)


SAID = 44
"""Cells of a value with its unit, and of the words for how it stands."""


def _vital(moment: Moment, metric: Metric, cells: int) -> Row:
    row = next((own for own in moment.figures.rows if own.metric == metric.id), MetricRow(metric=metric.id))
    longest = max(width(own.title) for own in moment.plan.metrics) if moment.plan else 0
    name = min(36, max(16, cells // 3, min(longest + 1, cells - SAID)))
    said, tone, known = standing(moment, metric, row)
    value = row.now.value if known else None
    text = number(value, metric.decimals) if value is not None else "–"
    trend = min(max(30, cells // 2 - 30), cells - name - 51)
    found: list[tuple[str, str]] = [
        (" " + fit(title_of(metric, name - 1), name - 1) + " ", ""),
        (fit(text, 8, ">"), "strong" if tone != "warn" else "warn"),
        (" " + fit(short_unit(metric.unit), 5), "dim"),
    ]
    if trend >= 6:
        found.append((_trend(moment, metric, trend) + "  ", "dim"))
    return (*found, (said, tone))


def standing(moment: Moment, metric: Metric, row: MetricRow) -> tuple[str, str, bool]:
    """How a metric stands, in words, with their tone; and whether its value is of now.

    *as usual*, *▲ high: 3.8 × usual*, *unknown, no value for 40 s*.
    """
    value, step = row.now.value, moment.view.columns.step
    if value is None or not math.isfinite(value):
        return ("unknown", "warn", False) if row.age is not None else ("no value yet", "dim", False)
    if row.age is not None and row.age > max(STALE_STEPS * step, STALE_REAL * moment.state.rate):
        return f"unknown: no value for {age(row.age)}", "warn", False
    base = moment.figures.baselines.get(metric.id)
    if metric.worse == "neither":
        return "", "dim", True
    if row.outside is None:
        return "what is usual is not known yet", "dim", True
    if not row.outside:
        return "as usual", "good", True
    word = "▼ low" if metric.worse == "lower" else "▲ high"
    if base is None or not base.known or not base.median or base.median <= 0:
        return word, "warn", True
    ratio = value / base.median
    return f"{word}: {ratio:.1f} × usual" if ratio < 100 else f"{word}: far beyond usual", "warn", True


def _trend(moment: Moment, metric: Metric, cells: int) -> str:
    found = window(moment)
    if found is None or moment.plan is None:
        return " " * cells
    series = moment.view.series(moment.plan.metric_index(metric.id))
    values = bins(series, found[0], found[1], cells, metric.worse == "lower")
    known = [value for value in values if not math.isnan(value)]
    return spark(values, min(known), max(known)) if known else " " * cells


ALERT_SOURCES = ("prometheus", "alertmanager")


def alert_rows(moment: Moment, cells: int, height: int) -> tuple[Row, ...]:
    """What fires, by name; the longest first."""
    if moment.plan is None:
        return ((("Alerts will stand here.", "dim"),),)
    rows = [_alert(moment, alert, cells) for alert in active_alerts(moment.state)]
    if silent := [
        name for name in ALERT_SOURCES if (own := moment.state.sources.get(name)) and own.ok is False
    ]:
        rows.insert(0, ((" alerts: unknown, ", "warn"), (f"{silent[0]} does not answer", "")))
    elif not rows:
        rows = [((" no alert is firing", "dim"),)]
    if len(rows) > height:
        more = len(rows) - height + 1
        rows = [*rows[: height - 1], ((f" … and {more} more", "warn"),)]
    return tuple(rows)


def active_alerts(state: State) -> list[AlertObserved]:
    """Firing ones by their start, then pending ones."""
    found = [alert for alert in state.alerts.values() if alert.state in ("firing", "pending")]
    return sorted(found, key=lambda alert: (alert.firing_at is None, alert.firing_at or alert.active_at))


def _alert(moment: Moment, alert: AlertObserved, cells: int) -> Row:
    if alert.firing_at is None:
        return ((" △ ", "dim"), (alert.name, ""), ("  pending", "dim"))
    lasted = span(max(0.0, moment.t - moment.t_of(alert.firing_at)))
    quiet = kept_quiet(moment.state, alert)
    tail = ((f"  {quiet}", "dim"),) if quiet else ()
    said = f"  firing for {lasted}"
    if 3 + width(alert.name) + width(said) > cells:
        said = f"  {lasted}"
    name = fit(alert.name, max(0, min(width(alert.name), cells - 3 - width(said))))
    return ((" ▲ ", "warn"), (name, "strong"), (said, "warn"), *tail)
