"""The timeline: the plan, how it went, faults as bars where they really ran, alerts, marks, now.

Where there is little room it has three lines, which the shapes alone must carry; where there is much, each
alert and each sort of sign has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlroom.core import timeline
from controlroom.core.stops import Stop
from controlroom.core.timeline import Slot
from controlroom.tui.draw import lanes
from controlroom.tui.draw.axis import Axis, bar, ends, title
from controlroom.tui.draw.canvas import Canvas
from controlroom.tui.draw.lanes import MARKS
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, row_width, wall, width

__all__ = ["LEGEND", "MARKS", "stop_at", "time_at", "timeline_rows", "wanted_rows"]

LABEL = 16
WIDE = 160
"""Cells from which on the labels may be longer."""
ALERTS = 4
"""Alerts that get a line of their own at most."""
NEAR = 1.5
"""Cells beside a tick at which a click still means it."""

LEGEND = (
    "━ went  ┄ expected  ▒ over-run  ‖ held  ? no record (╱ on every line)  ◆ now",
    "▷ fault being injected  █ active  ◁ recovering  ▓ was active  ─ its object is left",
    "┃ one-shot fault  ░ planned  1 2 3 which experiment, where all share a line",
    "▲── alert firing  △ pending",
    "d detected  a acknowledged  e escalated  c root cause  i mitigation started  m mitigated",
    "r recovered  v verified  s symptom  · mark  ' note  ▾ inject given  ▿ to come  B bookmark",
    "• step done  ◦ to come  ! overdue",
)
"""Every sign that is drawn, for those who look it up."""

DID = frozenset({"mark", "note", "inject", "reveal", "bookmark"})
DAY = frozenset({"phase", "halt", "abort", "gap"})


@dataclass(frozen=True)
class Lane:
    """A line of the timeline, and which stops stand on it."""

    label: str
    canvas: Canvas
    kinds: frozenset[str] = frozenset()
    about: str = ""


def wanted_rows(moment: Moment, roomy: bool = False) -> int:
    """Rows that show everything on a line of its own; `roomy`: what else there is to show, too."""
    least = 5 + (len(moment.plan.experiments) if moment.plan else 3)
    return least + len(_further(moment)) if roomy and moment.plan is not None else least


def _further(moment: Moment) -> list[str]:
    """What gets a line of its own where there is room, the most wanted first."""
    found = []
    names = dict.fromkeys(own.name for own in moment.state.alerts.values() if own.firing_at is not None)
    if moment.plan is not None and moment.plan.steps:
        found.append("steps")
    found.append("time")
    if 1 < len(names) <= ALERTS:
        found += ["alert"] * (len(names) - 1)
    if moment.state.notes:
        found.append("notes")
    return found


def timeline_rows(moment: Moment, cells: int, height: int, picked: Stop | None = None) -> tuple[Row, ...]:
    """As many lines as there is room for. `picked`: a stop that is chosen; it is shown and named."""
    if moment.plan is None:
        return ((("The phases, the faults and the alerts of the day will stand here.", "dim"),),)
    slots = timeline.slots(moment.state, moment.t)
    axis = _axis(moment, slots, cells, height)
    found = _lanes(moment, axis, slots, height)
    _cross(moment, axis, found)
    if picked is not None:
        return _with(picked, moment, axis, found, cells)[:height]
    return tuple(_row(lane, cells) for lane in found)[:height]


def _full(moment: Moment, cells: int, height: int) -> bool:
    return height >= wanted_rows(moment) - 1 and cells >= 90


def _label(cells: int) -> int:
    return 24 if cells >= WIDE else LABEL


def _axis(moment: Moment, slots: tuple[Slot, ...], cells: int, height: int) -> Axis:
    due = [moment.t_of(run.ends_at) for run in moment.state.running if run.ends_at is not None]
    reach = [own.planned_end for own in slots] + [own.end for own in slots]
    end = max([moment.t, *reach, *(own for own in due if own < 2 * moment.t + 3600)], default=0.0) or 1.0
    return Axis(cells - _label(cells) if _full(moment, cells, height) else cells, end)


def _lanes(moment: Moment, axis: Axis, slots: tuple[Slot, ...], height: int) -> list[Lane]:
    plan = moment.plan
    if plan is None:
        return []
    if axis.cells < 90 - LABEL or height < wanted_rows(moment) - 1:
        return _short(moment, slots, axis, height)
    own = _further(moment)[: max(0, height - wanted_rows(moment))]
    names = list(dict.fromkeys(a.name for a in moment.state.alerts.values() if a.firing_at is not None))
    found = [Lane("", lanes.scale(axis, slots))]
    if "time" in own:
        found.append(Lane(f"time {plan.zone}", lanes.times_of_day(axis, moment)))
    found += [
        Lane("plan", lanes.planned(axis, moment, slots)),
        Lane("actual", lanes.actual(axis, moment, slots), DAY),
    ]
    if "steps" in own:
        found.append(Lane("steps", lanes.steps(axis, moment)))
    fault = frozenset({"fault", "reveal"})
    found += [Lane(e.title.lower(), lanes.experiment(axis, moment, e), fault, e.id) for e in plan.experiments]
    if "alert" in own and own.count("alert") >= len(names) - 1:
        found += [Lane(a, lanes.alert(axis, moment, a), frozenset({"alert"}), a) for a in names]
    else:
        found.append(Lane("alerts", lanes.alerts(axis, moment), frozenset({"alert"})))
    found.append(Lane("marks", lanes.marks(axis, moment), DID | {"alert"}))
    if "notes" in own:
        found.append(Lane("notes", lanes.notes(axis, moment), frozenset({"note"})))
    return found


def _short(moment: Moment, slots: tuple[Slot, ...], axis: Axis, height: int) -> list[Lane]:
    """Phases with now, all faults on one line, alerts and marks on one line; a scale where there is room."""
    phases, faults, both = Canvas(axis.cells), Canvas(axis.cells), Canvas(axis.cells)
    lanes.went(phases, axis, moment, slots, "─")
    for slot in slots:
        name, start = lanes.name(moment, slot), slot.start
        if slot.status == "open" and axis.x(moment.t) - axis.x(start) <= width(name) + 1:
            start = moment.t  # behind the sign of now, rather than under it
        if axis.x(slot.end) - axis.x(start) < 8:
            start = slot.start
        title(phases, axis, start, slot.end, name, "" if slot.status == "open" else "dim")
        if (over := lanes.over_run(moment, slot)) > 0:
            until = min(moment.t, slot.end)
            bar(phases, axis, until - over, until, "▒", "over")
    ends(phases, axis, [0.0, *(slot.end for slot in slots)])
    if moment.state.status != "closed":
        phases.put(axis.x(moment.t), "◆", "title")
    for run in moment.state.runs.values():
        lanes.run_bar(faults, axis, moment, run)
    _numbered(faults, axis, moment)
    found = [Lane("", phases, DAY), Lane("", faults, frozenset({"fault"}))]
    lanes.alert_spans(both, axis, moment, moment.state.alerts.values())
    signs = both
    if height >= 4:
        found.append(Lane("", both, frozenset({"alert"})))
        signs = Canvas(axis.cells)
    lanes.put_signs(signs, axis, moment)
    found.append(Lane("", signs, DID | {"alert"}))
    return [Lane("", lanes.scale(axis, slots)), *found] if height >= 5 else found


def _numbered(canvas: Canvas, axis: Axis, moment: Moment) -> None:
    """The experiments' numbers where their bars begin: on one line shapes alone do not tell them apart."""
    for number, own in enumerate(moment.plan.experiments if moment.plan else (), 1):
        runs = [run for run in moment.state.runs.values() if run.experiment == own.id]
        if not runs and moment.state.status != "closed":
            x = axis.x(timeline.planned_start(moment.state, own, moment.t))
            if canvas.at(x) in (" ", "┄"):
                canvas.put(x, f"{number}░", "dim")
        for run in runs:
            parts = timeline.stretches(moment.state, run, moment.t)
            if parts:
                beside = 1 if run.one_shot else 0
                canvas.put(axis.x(parts[0].start) + beside, str(number), "fault" if run.running else "dim")


def _cross(moment: Moment, axis: Axis, found: list[Lane]) -> None:
    """What goes through every line: gaps of the record, and now."""
    for gap in moment.state.gaps:
        stop = gap.end if gap.end is not None else moment.t
        for lane in found:
            for x in range(axis.x(gap.start), axis.x(stop) + 1):
                lane.canvas.fill(x, "╱", "frame")
    if moment.state.status != "closed":
        for lane in found:
            lane.canvas.fill(axis.x(moment.t), "┊", "frame")


def _row(lane: Lane, cells: int) -> Row:
    room = cells - lane.canvas.cells
    label: Row = ((fit(lane.label, room - 1) + " ", "dim"),) if room else ()
    return (*label, *lane.canvas.row())


def _with(picked: Stop, moment: Moment, axis: Axis, found: list[Lane], cells: int) -> tuple[Row, ...]:
    """The lines with a chosen stop: its column through all of them, and what it is."""
    x = axis.x(picked.happened)
    for lane in found:
        lane.canvas.fill(x, "┊", "title")
    on = next((lane for lane in found if _stands(picked, lane)), found[0])
    on.canvas.put(x, "▼", "title")
    if axis.cells < cells:
        text = f" ▼ {clock(picked.happened)} "
        after = found[0].canvas.put(min(x - 1, axis.cells - width(text)), text, "title")
        while found[0].canvas.at(after) not in ("", " ", "┊"):
            after = found[0].canvas.put(after, " ")  # the rest of a label that was cut
        return tuple(_row(lane, cells) for lane in found)
    # Without a frame there is nowhere else to name it than in place of the last line, unless it stands there.
    rows = [_row(lane, cells) for lane in found]
    rows[0 if on is found[-1] else -1] = said(picked, moment, cells)
    return tuple(rows)


def said(picked: Stop, moment: Moment, cells: int) -> Row:
    """`▼ 27:30 13:27 alert: InventoryServiceDown firing`."""
    zone = moment.plan.zone if moment.plan else "UTC"
    head: Row = (
        (f"▼ {clock(picked.happened)} ", "title"),
        (wall(moment.at(picked.happened), zone)[:5] + " ", "dim"),
        (f"{picked.kind}: ", "accent"),
    )
    room = max(0, cells - row_width(head))
    return (*head, (fit(picked.text, min(room, width(picked.text))), ""))


def _stands(stop: Stop, lane: Lane) -> bool:
    return stop.kind in lane.kinds and lane.about in ("", stop.about)


def time_at(moment: Moment, column: int, cells: int, height: int) -> float | None:
    """Session second of a column, in a timeline of that size; None: a label stands there, or there is no plan."""
    if moment.plan is None:
        return None
    axis = _axis(moment, timeline.slots(moment.state, moment.t), cells, height)
    x = column - (cells - axis.cells)
    return axis.t(x) if 0 <= x < axis.cells else None


def stop_at(
    moment: Moment, stops: Sequence[Stop], column: int, row: int, cells: int, height: int
) -> Stop | None:
    """The stop whose tick stands there: the nearest on that line, within a cell; None: there is none."""
    if moment.plan is None:
        return None
    slots = timeline.slots(moment.state, moment.t)
    axis = _axis(moment, slots, cells, height)
    found = _lanes(moment, axis, slots, height)
    x = column - (cells - axis.cells)
    if not 0 <= row < len(found) or x < 0:
        return None
    on = [own for own in stops if _stands(own, found[row]) and abs(axis.x(own.happened) - x) <= NEAR]
    # Of several in one cell the last: what a fault or an alert came to.
    return min(reversed(on), key=lambda own: abs(axis.x(own.happened) - x), default=None)
