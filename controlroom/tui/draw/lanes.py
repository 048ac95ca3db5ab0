"""The lines of the timeline, one canvas each: phases, faults, alerts, what people did and what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from controlroom.core import timeline
from controlroom.core.events.sources import AlertObserved
from controlroom.core.plan import Experiment
from controlroom.core.state import Run, episode
from controlroom.core.timeline import Slot
from controlroom.tui.draw.axis import Axis, bar, ends, labels, minutes, title
from controlroom.tui.draw.canvas import Canvas, kept
from controlroom.tui.draw.head import phase_title
from controlroom.tui.draw.runs import counts
from controlroom.tui.moment import Moment
from controlroom.tui.text import clock, fit, span, wall, width

BOOKMARK = "B"
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
APART = 9
"""Cells between two labels of the axis."""


def scale(axis: Axis, slots: tuple[Slot, ...]) -> Canvas:
    """Minutes at each planned boundary, and round ones between."""
    canvas = Canvas(axis.cells)
    labels(canvas, axis, ((t, minutes(t, axis.end)) for t in (0.0, *(slot.planned_end for slot in slots))))
    labels(canvas, axis, ((t, minutes(t, axis.end)) for t in axis.ticks(APART)), "frame")
    return canvas


def times_of_day(axis: Axis, moment: Moment) -> Canvas:
    """The same in the room's own zone: what a clock on the wall says."""
    canvas = Canvas(axis.cells)
    zone = moment.plan.zone if moment.plan else "UTC"
    labels(canvas, axis, ((t, wall(moment.at(t), zone)[:5]) for t in axis.ticks(APART + 3)))
    return canvas


def planned(axis: Axis, moment: Moment, slots: tuple[Slot, ...]) -> Canvas:
    canvas = Canvas(axis.cells)
    for slot in slots:
        bar(canvas, axis, slot.planned_start, slot.planned_end, "─", "frame")
        title(canvas, axis, slot.planned_start, slot.planned_end, name(moment, slot), "dim")
    ends(canvas, axis, [0.0, *(slot.planned_end for slot in slots)])
    return canvas


def name(moment: Moment, slot: Slot) -> str:
    return phase_title(moment.plan, slot.phase.id) if moment.plan else slot.phase.title


def over_run(moment: Moment, slot: Slot) -> float:
    """Seconds by which a phase runs, or ran, over what it had."""
    if slot.status != "done":
        return slot.over
    stood = timeline.held(moment.state, slot.start, slot.end)
    over = slot.end - slot.start - stood - moment.state.phase_state(slot.phase.id).budget
    return over if over >= 1.0 else 0.0


def went(canvas: Canvas, axis: Axis, moment: Moment, slots: tuple[Slot, ...], ahead: str = "┄") -> None:
    """Solid as far as it went, thin as it is now expected; over-run, hold and gap of the record stand out."""
    t = moment.t
    for slot in slots:
        if slot.status == "skipped":
            continue
        if slot.end > t:
            bar(canvas, axis, max(slot.start, min(t, slot.end)), slot.end, ahead, "frame")
        if slot.status != "planned":
            tone = "accent" if slot.status == "open" else "dim"
            bar(canvas, axis, slot.start, min(t, slot.end), "━", tone)
        if (over := over_run(moment, slot)) > 0:
            bar(canvas, axis, min(t, slot.end) - over, min(t, slot.end), "▒", "over")
    for own in moment.state.holds:
        bar(canvas, axis, own.start, own.end if own.end is not None else t, "‖", "over")
    if moment.state.held_since is not None:
        bar(canvas, axis, moment.state.held_since, t, "‖", "over")
    for gap in moment.state.gaps:
        bar(canvas, axis, gap.start, gap.end if gap.end is not None else t, "?", "over")


def actual(axis: Axis, moment: Moment, slots: tuple[Slot, ...]) -> Canvas:
    canvas = Canvas(axis.cells)
    went(canvas, axis, moment, slots)
    ends(canvas, axis, [0.0, *(slot.end for slot in slots)])
    if moment.state.status != "closed":
        after = canvas.put(axis.x(moment.t), "◆", "title")
        over = max((slot.over for slot in slots), default=0.0)
        canvas.put(after, f" now{' · over by ' + clock(over) if over else ''}", "title")
    return canvas


def experiment(axis: Axis, moment: Moment, own: Experiment) -> Canvas:
    """Each run in the moments it really ran; before the first, where the plan has it."""
    canvas = Canvas(axis.cells)
    state = moment.state
    runs = [run for run in state.runs.values() if run.experiment == own.id]
    if not runs and state.status != "closed":
        start = timeline.planned_start(state, own, moment.t)
        end = timeline.until(state, own, moment.t)
        overdue = start < moment.t
        bar(canvas, axis, start, max(start, end), "░", "frame")
        _say(canvas, axis, start, end, "due" if overdue else "planned", "warn" if overdue else "dim")
    for run in runs:
        run_bar(canvas, axis, moment, run)
        parts = timeline.stretches(state, run, moment.t)
        word, tone = counts(run), "fault" if run.running else "dim"
        begun = parts[0].start if parts else run.requested
        _say(canvas, axis, begun, parts[-1].end if parts else run.requested, word, tone)
    return canvas


SHAPES = {"injecting": "▷", "active": "█", "recovering": "◁", "object": "─"}
"""What a fault does, as its bar says it."""


def run_bar(canvas: Canvas, axis: Axis, moment: Moment, run: Run) -> None:
    """The stretches of one run; dots lead to the moment at which it will end by itself."""
    tone, t = "fault" if run.running else "dim", moment.t
    due = moment.t_of(run.ends_at) if run.ends_at is not None and run.running else t
    if due > t:
        bar(canvas, axis, t, due, "┄", "frame")
    parts = timeline.stretches(moment.state, run, t)
    for part in sorted(parts, key=lambda own: own.what == "active"):
        sign = "▓" if part.what == "active" and not run.running else SHAPES[part.what]
        # A part that is too short to be seen must not hide its neighbour, but for what happens at this moment.
        short = (part.end - part.start) * axis.second < 0.5
        if part.what != "active" and short and not (run.running and part is parts[-1]):
            continue
        if part.what == "active" and run.one_shot:
            canvas.put(axis.x(part.start), "┃", tone)
        else:
            bar(canvas, axis, part.start, part.end, sign, tone)
    if run.running and parts and parts[-1].what in ("recovering", "injecting") and not run.one_shot:
        canvas.put(axis.x(parts[-1].end), SHAPES[parts[-1].what], tone)


def _say(canvas: Canvas, axis: Axis, start: float, end: float, text: str, tone: str) -> None:
    """Words beside a bar: behind it where there is room, else before it."""
    x = axis.x(end) + 2
    if x + width(text) < axis.cells:
        canvas.put(x - 1, f" {text} ", tone)
    elif not canvas.put_free(axis.x(start) - 1 - width(text), text, tone):
        canvas.put(max(0, axis.cells - width(text) - 1), f" {text}", tone)


def alert_spans(canvas: Canvas, axis: Axis, moment: Moment, of: Iterable[AlertObserved]) -> None:
    """From the start of firing to its end: `▲────▏`; one that is pending, `△`."""
    for alert in sorted(of, key=episode):
        if alert.firing_at is None:
            if alert.state == "pending":
                canvas.put(axis.x(moment.t_of(alert.active_at)), "△", "dim")
            continue
        start = moment.t_of(alert.firing_at)
        firing = alert.resolved_at is None
        end = moment.t if alert.resolved_at is None else moment.t_of(alert.resolved_at)
        tone = "warn" if firing else "dim"
        bar(canvas, axis, start, end, "─", tone)
        if not firing:
            canvas.put(axis.x(end), "▏", tone)
        canvas.put(axis.x(start), "▲", tone)


def alerts(axis: Axis, moment: Moment) -> Canvas:
    """All of them on one line, each with its name as far as the next one lets it."""
    state = moment.state
    return kept(
        lambda: _alerts(axis, moment), (state.alerts, state.opened_at), ("alerts", axis, axis.x(moment.t))
    )


def _alerts(axis: Axis, moment: Moment) -> Canvas:
    canvas = Canvas(axis.cells)
    fired = [own for own in moment.state.alerts.values() if own.firing_at is not None]
    alert_spans(canvas, axis, moment, moment.state.alerts.values())
    named = sorted(
        (axis.x(moment.t_of(own.firing_at)) + 1, own.name, "warn" if own.resolved_at is None else "dim")
        for own in fired
        if own.firing_at is not None
    )
    for index, (x, text, tone) in enumerate(named):
        following = named[index + 1][0] - 2 if index + 1 < len(named) else axis.cells
        space = min(following, axis.cells) - x
        if space >= 4:
            canvas.put(x, fit(text, min(space, width(text))), tone)
    return canvas


def alert(axis: Axis, moment: Moment, of: str) -> Canvas:
    """The episodes of one alert, with how long it fired."""
    canvas = Canvas(axis.cells)
    own = [one for one in moment.state.alerts.values() if one.name == of]
    alert_spans(canvas, axis, moment, own)
    for one in own:
        if one.firing_at is None:
            continue
        start = moment.t_of(one.firing_at)
        end = moment.t if one.resolved_at is None else moment.t_of(one.resolved_at)
        word = f"{'FIRING' if one.resolved_at is None else 'fired'} {span(end - start)}"
        canvas.put_free(axis.x(end) + 2, word, "warn" if one.resolved_at is None else "dim")
    return canvas


def signs(moment: Moment) -> list[tuple[float, str, str]]:
    """Bookmarks, marks, silences and notes as (t, letter, tone), the weightiest last."""
    found = [(stop.t, BOOKMARK, "accent") for stop in moment.stops if stop.kind == "bookmark"]
    found += [(moment.t_of(note.at), "'", "dim") for note in moment.state.notes.values()]
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


def injects(moment: Moment) -> list[tuple[float, str, str]]:
    """What was or will be said to the team, as (t, sign, tone): `▾` given, `▿` to come, `!` overdue."""
    state, plan = moment.state, moment.plan
    if plan is None:
        return []
    found = [(tick.t, "▾", "accent" if tick.ticked else "dim") for tick in state.injects.values()]
    found += [
        (own.t, "!" if own.t < moment.t else "▿", "warn" if own.t < moment.t else "dim")
        for own in timeline.coming(state, moment.t)
        if own.kind == "inject"
    ]
    return found


def marks(axis: Axis, moment: Moment) -> Canvas:
    """What people did, and what was said to them."""
    state = moment.state
    of = (state.notes, state.silences, state.marks, state.opened_at)
    canvas = kept(lambda: _signs_of(axis, moment), of, ("signs", axis))
    _put(canvas, axis, injects(moment))
    return canvas


def _signs_of(axis: Axis, moment: Moment) -> Canvas:
    canvas = Canvas(axis.cells)
    _put(canvas, axis, signs(moment)[::-1])
    return canvas


def put_signs(canvas: Canvas, axis: Axis, moment: Moment) -> None:
    """The same on a line that others are on."""
    _put(canvas, axis, [*reversed(signs(moment)), *injects(moment)])


def _put(canvas: Canvas, axis: Axis, found: Sequence[tuple[float, str, str]]) -> None:
    """Each where it belongs or, where another stands there, in the next cell that has none."""
    drawn: set[tuple[int, str]] = set()
    for t, letter, tone in found:
        x = axis.x(t)
        if axis.shows(t) and (x, letter) not in drawn:
            drawn.add((x, letter))
            near = (own for own in (x, x + 1, x - 1, x + 2) if canvas.at(own) in (" ", "─"))
            canvas.put(next(near, x), letter, tone)


def steps(axis: Axis, moment: Moment) -> Canvas:
    """The steps of the plan: `•` done, `◦` to come, `!` overdue; the next one by its name."""
    canvas, state = Canvas(axis.cells), moment.state
    for tick in state.steps.values():
        if tick.ticked:
            canvas.put(axis.x(tick.t), "•", "dim")
    ahead = [own for own in timeline.coming(state, moment.t) if own.kind == "step"]
    for own in ahead:
        overdue = own.t < moment.t
        canvas.put(axis.x(own.t), "!" if overdue else "◦", "warn" if overdue else "dim")
    following = next((own for own in ahead if own.t >= moment.t), None)
    if following is not None:
        x = axis.x(following.t) + 1
        space = next((at - x for at in range(x, axis.cells) if not canvas.free(at, 1)), axis.cells - x)
        if space >= 8:
            canvas.put(x, " " + fit(following.text, min(space - 2, width(following.text))), "dim")
    return canvas


def notes(axis: Axis, moment: Moment) -> Canvas:
    """Each note where its first key was struck, with as much of it as there is room for."""
    canvas = Canvas(axis.cells)
    own = sorted((axis.x(moment.t_of(note.at)), note.text) for note in moment.state.notes.values())
    for index, (x, text) in enumerate(own):
        space = (own[index + 1][0] if index + 1 < len(own) else axis.cells) - x - 2
        canvas.put(x, "'" + (fit(text, min(space, width(text))) if space >= 6 else ""), "dim")
    return canvas
