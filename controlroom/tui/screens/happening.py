"""One tick of the timeline, opened: what happened, when by whose clock, who did it, and what proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.stops import Stop
from controlroom.core.values import Value
from controlroom.tui.desk import Desk
from controlroom.tui.draw.metrics import FIGURES, figure_text
from controlroom.tui.draw.then import going_on
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.text import Row, age, clock, fit, wall, wrapped

LABEL = 12
LATE = 1.0
"""Seconds between a thing and the room's learning of it that are worth a word."""
LONG = frozenset({"manifest", "plan", "plan_text", "files", "columns"})
"""Fields that are too long to be facts; where they can be read is said instead."""
Pair = tuple[str, str]
BLANK: Row = (("", ""),)


def stop_here(desk: Desk) -> None:
    """The chosen moment on the timeline."""
    stop = desk.stop()
    if stop is not None:
        desk.open(HappeningSheet(desk, stop))


class HappeningSheet(Sheet[None]):
    """Left and right go to the ticks beside it, enter to the moment itself."""

    PURPOSE = (
        "What happened at one tick of the timeline: when by whose clock, who did it, what is on record of it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "beside(-1)", "the one before", show=False),
        Binding("right", "beside(1)", "the one after", show=False),
        Binding("enter", "open_chosen", "the room as it was then", show=False),
    ]

    def __init__(self, desk: Desk, stop: Stop) -> None:
        super().__init__(desk.now, "what happened", tall=True)
        self._desk = desk
        self._stop = stop

    def parts(self) -> Iterable[Widget]:
        yield Scroll(lambda moment, width: happening_page(moment, self._stop, width), paged=True)
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        index, count = self._index(moment), len(moment.stops)
        place = f"  {index + 1} of {count}" if width >= 60 else ""
        return (
            (
                ("← →", "key"),
                (" one before, one after  ", "dim"),
                ("enter", "key"),
                (" shows the room as it was then  ", "dim"),
                ("esc", "key"),
                (place, "dim"),
            ),
        )

    def _index(self, moment: Moment) -> int:
        return next((n for n, own in enumerate(moment.stops) if own.seq == self._stop.seq), 0)

    def action_beside(self, by: int) -> None:
        stops = self.now.stops
        if not stops:
            return
        self._stop = stops[min(max(0, self._index(self.now) + by), len(stops) - 1)]
        scroll = self.query_one(Scroll)
        scroll.cursor = 0
        scroll.redraw()
        self.query_one("#hint", Text).redraw()

    def action_open_chosen(self) -> None:
        follower = self._desk.follower
        self.dismiss(None)
        if follower is not None:
            follower.seek(self._stop.t)
            self._desk.moved()


def happening_page(moment: Moment, stop: Stop, width: int) -> tuple[Row, ...]:
    """Everything that is known of one stop."""
    zone = moment.plan.zone if moment.plan else "UTC"
    event = event_of(moment, stop)
    rows: list[Row] = [
        (
            (f"{clock(stop.happened)}  ", "strong"),
            (f"{wall(moment.at(stop.happened), zone)}  ", "dim"),
            (stop.kind, "accent"),
        ),
        *(((line, "strong"),) for line in wrapped(stop.text, max(10, width))),
        BLANK,
    ]
    if event is not None:
        rows += _pairs(_origin(moment, stop, event), width)
        rows += _pairs(_facts(moment, event.body, stop.text), width)
    if stop.t > moment.t:
        later = "It came later than the moment on screen; enter goes there, and tells what was going on."
        return (*rows, BLANK, *(((line, "dim"),) for line in wrapped(later, max(10, width))))
    if meanwhile := _since(moment, stop):
        rows += [BLANK, (("what became of it", "title"),), *_pairs(meanwhile, width)]
    rows += [BLANK, (("what went on then", "title"),)]
    rows += _pairs(((what, which or "none") for what, which in going_on(moment, stop.happened)), width)
    return tuple(rows)


def event_of(moment: Moment, stop: Stop) -> Event | None:
    """The event behind a stop, where this viewer has it."""
    found = moment.since(stop.seq - 1)
    return found[0] if found and found[0].seq == stop.seq else None


def _pairs(pairs: Iterable[Pair], width: int) -> list[Row]:
    rows: list[Row] = []
    for label, text in pairs:
        for number, line in enumerate(wrapped(text, max(10, width - LABEL)) if text else ()):
            rows.append(((fit(label if number == 0 else "", LABEL), "dim"), (line, "")))
    return rows


def _origin(moment: Moment, stop: Stop, event: Event) -> list[Pair]:
    who = " ".join(part for part in (event.actor.role, event.actor.name) if part)
    found = [("by", who + (f", by {event.clock}'s clock" if event.clock != "host" else ""))]
    late = stop.t - stop.happened
    if late >= LATE:
        found.append(("on record", f"{clock(stop.t)}, {age(late)} later"))
    found.append(("event", f"{event.seq}, {_kind(event)}"))
    return found


def _kind(event: Event) -> str:
    return event.body.kind() if isinstance(event.body, e.Body) else event.body.name


def _facts(moment: Moment, body: object, said: str) -> list[Pair]:
    """Every field that says something that was not `said` already, in the order of the event."""
    if not isinstance(body, e.Body):
        return [("unknown", "this version of the program cannot read this kind of event")]
    found: list[Pair] = []
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if value in (None, "", (), {}, False) or name in ("note", "mark", "phase") or value == said:
            continue
        if name in LONG:
            found.append(
                (name.replace("_", " "), "in the details of the experiment" if name == "manifest" else "…")
            )
            continue
        texts = _matchers(body) if name == "matchers" else _several(moment, value)
        found += [(name.replace("_", " ") if n == 0 else "", text) for n, text in enumerate(texts)]
    return found


def _matchers(body: e.Body) -> list[str]:
    """What a silence keeps quiet, as Alertmanager writes it: `alertname=~"Inventory.*"`."""
    if not isinstance(body, e.SilenceObserved):
        return []
    signs = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
    return [f'{name}{signs[regex, equal]}"{value}"' for name, value, regex, equal in body.matchers]


def _several(moment: Moment, value: object) -> list[str]:
    """A value as lines: one for each of several that have parts of their own."""
    if isinstance(value, tuple) and value and isinstance(value[0], Value):
        return [_text(moment, own) for own in value]
    return [_text(moment, value)]


def _text(moment: Moment, value: Any) -> str:
    if isinstance(value, datetime):
        zone = moment.plan.zone if moment.plan else "UTC"
        return f"{clock(moment.t_of(value))} ({wall(value, zone)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_text(moment, own)}" for key, own in value.items())
    if isinstance(value, tuple):
        return ", ".join(_text(moment, own) for own in value)
    if isinstance(value, e.ObjectRef):
        return str(value)
    if isinstance(value, msgspec.Struct):
        parts = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return " · ".join(
            _text(moment, own)
            if name in ("id", "guard", "outcome", "state")
            else f"{name.replace('_', ' ')} {_text(moment, own)}"
            for name, own in parts
            if own not in (None, "", (), {})
        )
    return str(value)


def _since(moment: Moment, stop: Stop) -> list[Pair]:
    """What became of it: an alert that ended, a note that was edited, a mark that was undone, a run's figures."""
    state = moment.state
    if stop.kind == "note" and (note := state.notes.get(stop.about)) is not None and note.edits:
        return [("edited", f"{note.edits} time{'s' if note.edits > 1 else ''}; it now says: {note.text}")]
    if stop.kind == "mark" and (mark := state.marks.get(stop.about)) is not None:
        if mark.undone:
            return [("undone", "it counts no more; the record keeps it")]
        if mark.amended:
            return [("amended", f"{clock(moment.t_of(mark.at))} {mark.text}".rstrip())]
    if stop.kind == "alert":
        return _of_alert(moment, stop)
    if stop.kind == "fault":
        return _of_experiment(moment, stop.about)
    return []


def _of_alert(moment: Moment, stop: Stop) -> list[Pair]:
    found: list[Pair] = []
    for own in moment.state.alerts.values():
        begun = own.firing_at or own.active_at
        if own.name != stop.about or moment.t_of(own.active_at) > stop.happened:
            continue
        over = own.resolved_at
        if over is not None and moment.t_of(over) < stop.happened:
            continue
        lasted = age((over - begun).total_seconds()) if over is not None else ""
        since = "" if over is not None else "since "
        after = f", after {lasted}" if lasted else ""
        found.append((own.state, f"{since}{_text(moment, over or begun)}{after}"))
    return found


def _of_experiment(moment: Moment, experiment: str) -> list[Pair]:
    found: list[Pair] = []
    for run in moment.state.runs.values():
        if run.experiment != experiment:
            continue
        found.append(
            (run.id, f"{run.state} {run.how}".rstrip() + (f": {run.message}" if run.message else ""))
        )
        if (own := moment.figures.runs.get(run.id)) is not None:
            figures = (f"{title} {figure_text(getattr(own, name))[0]}" for title, name in FIGURES)
            found.append(("figures", "   ".join(figures)))
    return found
