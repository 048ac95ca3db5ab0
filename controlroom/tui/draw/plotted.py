"""What a plot shows of a moment, and what stands below it on the same columns."""

from __future__ import annotations

import math
from datetime import datetime

from controlroom.core import timeline
from controlroom.core.plan import Metric
from controlroom.tui.draw import lanes
from controlroom.tui.draw.axis import Axis, title
from controlroom.tui.draw.canvas import Canvas, kept
from controlroom.tui.draw.curve import Reading, curve, reach, reading
from controlroom.tui.draw.metrics import short_unit
from controlroom.tui.draw.then import going_on
from controlroom.tui.graph import LABEL, Drawn, Picture, axis_of
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, number, wall, width, wrapped


def picture(
    moment: Moment, metric: Metric, other: Metric | None, start: float, end: float, cells: int
) -> Picture:
    """The plot of a metric in [start, end], perhaps with a second one, in so many cells of the whole widget."""
    base, limit = moment.figures.baselines.get(metric.id), moment.figures.limits.get(metric.id)
    bound = limit.value if limit is not None else None
    band = (base.p5, base.p95) if base is not None and base.known else None
    bins = 2 * max(2, cells - LABEL - 2)
    own = drawn(moment, metric, start, end, bins, [*(band or ()), *([bound] if bound is not None else [])])
    runs = (timeline.stretches(moment.state, run, moment.t) for run in moment.state.runs.values())
    parts = [[own for own in parts if own.what != "object"] for parts in runs]
    # Between two samples nothing is drawn anew: what goes on with time goes on by steps.
    step = moment.view.columns.step
    end = min(math.ceil(end / step) * step, max(end, math.ceil(moment.t / step) * step))
    return Picture(
        start=start,
        end=end,
        own=own,
        other=drawn(moment, other, start, end, bins, []) if other is not None and own is not None else None,
        band=band,
        limit=bound,
        shaded=tuple((one[0].start, _by_steps(one[-1].end, moment.t, step)) for one in parts if one),
        turns=tuple(t for one in parts if one for t in (one[0].start, one[-1].end) if t < moment.t),
        edges=tuple(
            own.start for own in timeline.slots(moment.state, moment.t) if start < own.start <= moment.t
        ),
    )


def _by_steps(end: float, t: float, step: int) -> float:
    """The end of a stretch; of one that goes on, as far as it went at the last step."""
    return max(0.0, math.floor(end / step) * step) if end >= t else end


def drawn(
    moment: Moment, metric: Metric, start: float, end: float, bins: int, marks: list[float]
) -> Drawn | None:
    """The curve of one metric; None: nothing is known."""
    if moment.plan is None or moment.state.opened_at is None:
        return None
    series = moment.view.series(moment.plan.metric_index(metric.id))
    pieces = tuple(curve(series, moment.state.opened_at.timestamp(), start, min(end, moment.t), bins))
    between = reach(pieces, marks)
    return Drawn(pieces, *between) if between is not None else None


def read(moment: Moment, metric: Metric, t: float, seconds: float) -> Reading | None:
    """The metric at a column of the plot that stands for so many seconds."""
    if moment.plan is None or moment.state.opened_at is None:
        return None
    series = moment.view.series(moment.plan.metric_index(metric.id))
    return reading(series, moment.state.opened_at.timestamp(), t, seconds)


def below(moment: Moment, shown: Picture, cells: int, height: int) -> tuple[Row, ...]:
    """Phases, faults, alerts and marks on the columns of the plot; the most telling where there is little room."""
    axis = axis_of(shown, cells)
    slots = timeline.slots(moment.state, moment.t)
    phases = Canvas(axis.cells)
    lanes.went(phases, axis, moment, slots)
    for slot in slots:
        begin, end = max(slot.start, axis.start), min(slot.end, axis.end)
        if begin < end:
            title(phases, axis, begin, end, lanes.name(moment, slot), "dim")
    faults = Canvas(axis.cells)
    titles = {own.id: own.title for own in moment.plan.experiments} if moment.plan else {}
    for run in moment.state.runs.values():
        lanes.run_bar(faults, axis, moment, run)
    for run in moment.state.runs.values():
        parts = [own for own in timeline.stretches(moment.state, run, moment.t) if own.what != "object"]
        if parts and parts[0].start <= axis.end and parts[-1].end >= axis.start:
            name = titles.get(run.experiment, run.experiment)
            faults.put(
                axis.x(max(parts[0].start, axis.start)) + 1, fit(f" {name} ", min(16, width(name) + 2))
            )
    state = moment.state
    alerts = kept(
        lambda: _alerts(moment, axis), (state.alerts, state.opened_at), ("plot", axis, axis.x(moment.t))
    )
    signs = lanes.marks(axis, moment)
    found = [("phases", phases), ("faults", faults), ("alerts", alerts), ("marks", signs)]
    if height > len(found):
        found.insert(0, ("time", lanes.times_of_day(axis, moment)))
    return tuple(((fit(name, LABEL) + " ", "dim"), *canvas.row()) for name, canvas in found[:height])


def _alerts(moment: Moment, axis: Axis) -> Canvas:
    alerts = Canvas(axis.cells)
    within = [
        own for own in moment.state.alerts.values() if _seen(moment, axis, own.active_at, own.resolved_at)
    ]
    lanes.alert_spans(alerts, axis, moment, within)
    fired = sorted((moment.t_of(own.firing_at), own.name) for own in within if own.firing_at is not None)
    for index, (t, name) in enumerate(fired):
        following = axis.x(fired[index + 1][0]) - 1 if index + 1 < len(fired) else axis.cells
        space = following - axis.x(t) - 1
        if space >= 4:
            alerts.put(axis.x(t) + 1, fit(name, min(space, 28, width(name))))
    return alerts


def _seen(moment: Moment, axis: Axis, begun: datetime, over: datetime | None) -> bool:
    end = moment.t_of(over) if over is not None else moment.t
    return moment.t_of(begun) <= axis.end and end >= axis.start


def said_of(moment: Moment, metric: Metric, found: Reading, second: bool = False) -> Row:
    """`27:30 13:27:30 UTC  385 ms (380 to 402)  2.8× baseline  over limit 173`; a second one by its name."""
    zone = moment.plan.zone if moment.plan else "UTC"
    parts: list[tuple[str, str]] = [
        (f"{clock(found.t)} ", "strong"),
        (f"{wall(moment.at(found.t), zone)}  ", "dim"),
    ]
    if second:
        parts = [(f"{metric.title}  ", "dim")]
    unit = f" {short_unit(metric.unit)}".rstrip()
    base, limit = moment.figures.baselines.get(metric.id), moment.figures.limits.get(metric.id)
    if math.isnan(found.value):
        why = "unknown: no value here" if found.count else "no sample here"
        return (*parts, (why, "warn"))
    parts.append((f"{number(found.value, metric.decimals)}{unit}", "strong"))
    if found.high > found.low:
        parts.append(
            (f" ({number(found.low, metric.decimals)} to {number(found.high, metric.decimals)})", "dim")
        )
    if base is not None and base.known and base.median:
        parts.append((f"  {found.value / base.median:.1f}× baseline", ""))
    if limit is not None and limit.value is not None:
        worst = found.low if limit.worse == "lower" else found.high
        if limit.outside(worst):
            side = "under" if limit.worse == "lower" else "over"
            parts.append((f"  {side} limit {number(limit.value, metric.decimals)}", "warn"))
    return tuple(parts)


def then(moment: Moment, t: float, cells: int) -> tuple[Row, ...]:
    """What was going on, in a line or two."""
    parts = [which for _, which in going_on(moment, t) if which]
    lines = wrapped(" · ".join(parts) or "nothing was going on", max(10, cells))
    return tuple(((line, "dim"),) for line in lines[:2])


def about(moment: Moment, metric: Metric, shown: Picture) -> Row:
    """Baseline and limit in words, with the shape that each has in the plot."""
    base, limit = moment.figures.baselines.get(metric.id), moment.figures.limits.get(metric.id)
    parts: list[tuple[str, str]] = []
    if base is not None and base.known:
        text = number(base.median, metric.decimals)
        spread = f"{number(base.p5, metric.decimals)} to {number(base.p95, metric.decimals)}"
        parts.append((f"· baseline {text}, p5 to p95 {spread}   ", "dim"))
    else:
        parts.append((f"no baseline{': ' + base.reason if base and base.reason else ' yet'}   ", "dim"))
    if limit is not None and limit.value is not None:
        off = shown.own is not None and not shown.own.low <= limit.value <= shown.own.high
        parts.append(
            (f"╌ limit {number(limit.value, metric.decimals)}{' (off the plot)' if off else ''}   ", "warn")
        )
    if shown.shaded:
        parts.append(("┆ a fault began or ended   ", "bad"))
    return tuple(parts)
