"""The timeline: the plan, how it went, faults as bars where they really ran, alerts, marks, now."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.core import timeline
from controlroom.core.plan import Experiment
from controlroom.core.state import Run, episode
from controlroom.core.timeline import Slot
from controlroom.tui.draw.canvas import Canvas
from controlroom.tui.draw.head import phase_title
from controlroom.tui.draw.runs import counts
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, width

LABEL = 16
MARKS = {
    "symptom": "s",
    "detected": "d",
    "acknowledged": "a",
    "escalated": "e",
    "root-cause": "c",
    "mitigation-started": "i",
    "mitigated": "m",
    "recovered": "r",
    "verified": "v",
    "mark": "·",
}
"""Letter of each milestone."""


@dataclass(frozen=True)
class Axis:
    """Session seconds to cells."""

    end: float
    cells: int

    def x(self, t: float) -> int:
        return min(self.cells - 1, max(0, round(t / self.end * (self.cells - 1))))


def wanted_rows(moment: Moment) -> int:
    """Rows that show everything on a line of its own."""
    return 5 + (len(moment.plan.experiments) if moment.plan else 3)


def timeline_rows(moment: Moment, cells: int, height: int, picked: float | None = None) -> tuple[Row, ...]:
    """Everything where there is room; else plan, faults, signs on three lines. `picked`: t of a chosen tick."""
    if moment.plan is None:
        return ((("The phases, the faults and the alerts of the day will stand here.", "dim"),),)
    slots = timeline.slots(moment.state, moment.t)
    planned = slots[-1].planned_end if slots else 0.0
    end = max([planned, moment.t, *(slot.end for slot in slots)]) or 1.0
    if height < wanted_rows(moment) - 1 or cells < 90:
        return _short(moment, slots, Axis(end, cells), height)
    axis = Axis(end, cells - LABEL)
    rows = [
        _labelled("", _scale(axis, slots)),
        _labelled("plan", _planned(axis, moment, slots)),
        _labelled("actual", _actual(axis, moment, slots)),
        *(_labelled(own.title, _experiment(axis, moment, own)) for own in moment.plan.experiments),
        _labelled("alerts", _alerts(axis, moment)),
        _labelled("marks", _marks(axis, moment)),
    ]
    if picked is not None:
        rows[0] = _labelled("", _scale(axis, slots, picked))
    return tuple(rows[:height])


def _labelled(label: str, canvas: Canvas) -> Row:
    return ((fit(label.lower(), LABEL - 1) + " ", "dim"), *canvas.row())


def _scale(axis: Axis, slots: tuple[Slot, ...], picked: float | None = None) -> Canvas:
    """Minutes at each planned boundary."""
    canvas = Canvas(axis.cells)
    if picked is not None:
        canvas.put(axis.x(picked), f"▼{clock(picked)}", "title")
    for t in (0.0, *(slot.planned_end for slot in slots)):
        text = f"{t / 60:g}"
        canvas.put_free(min(axis.x(t), axis.cells - width(text)), text, "dim")
    return canvas


def _planned(axis: Axis, moment: Moment, slots: tuple[Slot, ...]) -> Canvas:
    canvas = Canvas(axis.cells)
    for slot in slots:
        _bar(canvas, axis, slot.planned_start, slot.planned_end, "─", "frame")
        _title(canvas, axis, slot.planned_start, slot.planned_end, _name(moment, slot), "dim")
    _ends(canvas, axis, [0.0, *(slot.planned_end for slot in slots)])
    return canvas


def _name(moment: Moment, slot: Slot) -> str:
    return phase_title(moment.plan, slot.phase.id) if moment.plan else slot.phase.title


def _title(canvas: Canvas, axis: Axis, start: float, end: float, text: str, tone: str) -> None:
    space = axis.x(end) - axis.x(start) - 2
    if space >= 3:
        canvas.put(axis.x(start) + 1, fit(text, min(space, width(text))), tone)


def _ends(canvas: Canvas, axis: Axis, moments: list[float]) -> None:
    for index, t in enumerate(moments):
        sign = "├" if index == 0 else "┤" if index == len(moments) - 1 else "┼"
        canvas.put(axis.x(t), sign, "frame")


def _bar(canvas: Canvas, axis: Axis, start: float, end: float, sign: str, tone: str) -> None:
    canvas.put(axis.x(start), sign * max(1, axis.x(end) - axis.x(start) + 1), tone)


def _actual(axis: Axis, moment: Moment, slots: tuple[Slot, ...]) -> Canvas:
    """Solid as far as it went, thin as it is now expected; an over-run and a hold stand out."""
    canvas = Canvas(axis.cells)
    t = moment.t
    for slot in slots:
        if slot.status == "skipped":
            continue
        if slot.end > t:
            _bar(canvas, axis, max(slot.start, min(t, slot.end)), slot.end, "┄", "frame")
        if slot.status != "planned":
            _bar(
                canvas, axis, slot.start, min(t, slot.end), "━", "accent" if slot.status == "open" else "dim"
            )
        if slot.over > 0:
            _bar(canvas, axis, t - slot.over, t, "▒", "over")
    for span in moment.state.holds:
        _bar(canvas, axis, span.start, span.end if span.end is not None else t, "‖", "over")
    if moment.state.held_since is not None:
        _bar(canvas, axis, moment.state.held_since, t, "‖", "over")
    for gap in moment.state.gaps:
        _bar(canvas, axis, gap.start, gap.end if gap.end is not None else t, "?", "over")
    _ends(canvas, axis, [0.0, *(slot.end for slot in slots)])
    if moment.state.status != "closed":
        after = canvas.put(axis.x(t), "◆", "title")
        over = max((slot.over for slot in slots), default=0.0)
        canvas.put(after, f" now{' · over by ' + clock(over) if over else ''}", "title")
    return canvas


def _run_span(moment: Moment, run: Run) -> tuple[float, float]:
    """Session seconds in which it acted, as far as is known."""
    start = moment.t_of(run.injection.first) if run.injection else run.requested
    ended = run.effect_end or run.object_end
    return start, moment.t_of(ended) if ended else moment.t


def _experiment(axis: Axis, moment: Moment, experiment: Experiment) -> Canvas:
    canvas = Canvas(axis.cells)
    state = moment.state
    runs = [run for run in state.runs.values() if run.experiment == experiment.id]
    if not runs:
        start = timeline.planned_start(state, experiment, moment.t)
        end = timeline.until(state, experiment, moment.t)
        overdue = start < moment.t
        _bar(canvas, axis, start, max(start, end), "░", "frame")
        _say(canvas, axis, start, end, "due" if overdue else "planned", "warn" if overdue else "dim")
        return canvas
    for run in runs:
        start, end = _run_span(moment, run)
        word, tone = counts(run), "fault" if run.running else "dim"
        if run.one_shot and axis.x(end) - axis.x(start) < 2:
            canvas.put(axis.x(start), "┃", tone)
        elif run.state != "refused":
            _bar(canvas, axis, start, end, "█" if run.running else "▓", tone)
        _say(canvas, axis, start, end, word, tone)
    return canvas


def _say(canvas: Canvas, axis: Axis, start: float, end: float, text: str, tone: str) -> None:
    """Words beside a bar: behind it where there is room, else before it."""
    if not canvas.put_free(axis.x(end) + 2, text, tone):
        canvas.put_free(axis.x(start) - 1 - width(text), text, tone)


def _alerts(axis: Axis, moment: Moment) -> Canvas:
    canvas = Canvas(axis.cells)
    named: list[tuple[int, str, str]] = []
    for alert in sorted(moment.state.alerts.values(), key=episode):
        if alert.firing_at is None:
            if alert.state == "pending":
                canvas.put(axis.x(moment.t_of(alert.active_at)), "△", "dim")
            continue
        start = moment.t_of(alert.firing_at)
        firing = alert.resolved_at is None
        end = moment.t if alert.resolved_at is None else moment.t_of(alert.resolved_at)
        tone = "warn" if firing else "dim"
        _bar(canvas, axis, start, end, "─", tone)
        canvas.put(axis.x(start), "▲", tone)
        named.append((axis.x(start) + 1, alert.name, tone))
        if not firing:
            canvas.put(axis.x(end), "▏", tone)
    for index, (x, name, tone) in enumerate(sorted(named)):
        following = sorted(named)[index + 1][0] - 2 if index + 1 < len(named) else axis.cells
        space = min(following, axis.cells) - x
        if space >= 4:
            canvas.put(x, fit(name, min(space, width(name))), tone)
    return canvas


def signs(moment: Moment) -> list[tuple[float, str, str]]:
    """Marks, silences and notes as (t, letter, tone)."""
    found = [(note.t, "'", "dim") for note in moment.state.notes.values()]
    found += [
        (moment.t_of(silence.starts_at), "a", "good")
        for silence in moment.state.silences.values()
        if silence.state != "pending"
    ]
    found += [
        (moment.t_of(mark.at), MARKS[mark.milestone], "good")
        for mark in moment.state.marks.values()
        if not mark.undone
    ]
    return found


def _marks(axis: Axis, moment: Moment) -> Canvas:
    canvas = Canvas(axis.cells)
    for t, letter, tone in signs(moment):
        canvas.put(axis.x(t), letter, tone)
    return canvas


def _short(moment: Moment, slots: tuple[Slot, ...], axis: Axis, height: int) -> tuple[Row, ...]:
    """Phases with now, all faults on one line, alerts and marks on one line."""
    phases, faults = Canvas(axis.cells), Canvas(axis.cells)
    for slot in slots:
        done = min(slot.end, moment.t)
        _bar(phases, axis, slot.start, slot.end, "─", "frame")
        if done > slot.start and slot.status != "planned":
            _bar(phases, axis, slot.start, done, "━", "accent" if slot.status == "open" else "dim")
        if slot.over > 0:
            _bar(phases, axis, moment.t - slot.over, moment.t, "▒", "over")
        _title(
            phases, axis, slot.start, slot.end, _name(moment, slot), "" if slot.status == "open" else "dim"
        )
    _ends(phases, axis, [0.0, *(slot.end for slot in slots)])
    if moment.state.status != "closed":
        phases.put(axis.x(moment.t), "◆", "title")
    for experiment in moment.plan.experiments if moment.plan else ():
        if moment.state.latest_run(experiment.id) is None:
            start = timeline.planned_start(moment.state, experiment, moment.t)
            faults.put_free(axis.x(start), "░░", "dim")
    for run in moment.state.runs.values():
        start, end = _run_span(moment, run)
        one = run.one_shot and axis.x(end) - axis.x(start) < 2
        sign = "┃" if one else "█" if run.running else "▓"
        _bar(faults, axis, start, start if one else end, sign, "fault" if run.running else "dim")
    both = Canvas(axis.cells)
    for alert in moment.state.alerts.values():
        if alert.firing_at is not None:
            firing = alert.resolved_at is None
            both.put(axis.x(moment.t_of(alert.firing_at)), "▲", "warn" if firing else "dim")
    for t, letter, tone in signs(moment):
        both.put(axis.x(t), letter, tone)
    return (phases.row(), faults.row(), both.row())[:height]
