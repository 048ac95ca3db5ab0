"""Marks: any milestone, now or earlier; amending and undoing. The record keeps everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, get_args

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import intents as i
from controlroom.core.events.people import Milestone
from controlroom.core.state import Mark
from controlroom.tui.desk import Desk
from controlroom.tui.draw.timeline import MARKS
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import Choice, Option, Prompt, plain
from controlroom.tui.text import Row, clock, fit
from controlroom.tui.text import width as cells_of
from controlroom.tui.times import session_time

MILESTONES: tuple[Milestone, ...] = get_args(Milestone)


def marks_of(moment: Moment) -> list[Mark]:
    """Newest first."""
    return sorted(moment.state.marks.values(), key=lambda mark: (mark.at, mark.id), reverse=True)


def split_time(text: str, now: float) -> tuple[float | None, str]:
    """A time at the start of a text, and the rest: `-2:30 page came` is (now - 150, `page came`)."""
    head, _, rest = text.strip().partition(" ")
    if ":" in head or head[:1] in "-+":
        try:
            return session_time(head, now), rest.strip()
        except ValueError:
            return None, text.strip()
    return None, text.strip()


class MarksSheet(Sheet[None]):
    PURPOSE = "All marks of the day. A mark that is amended or undone stays in the record."
    ENTERS = "amend its time or text"
    HEADING = "marks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new mark", show=False),
        Binding("u,delete", "undo", "undo the chosen one", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk) -> None:
        super().__init__(moment, tall=True)
        self._desk = desk

    def parts(self) -> Iterable[Widget]:
        yield Scroll(self._rows)
        yield Text(plain(("n new mark, enter amends time or text, u undoes, esc closes",), "dim"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        found = marks_of(moment)
        if not found:
            return ((("No mark so far: n makes one.", "dim"),),)
        return tuple(_mark_row(moment, mark, width) for mark in found)

    def _chosen(self) -> Mark | None:
        found, cursor = marks_of(self.now), self.query_one(Scroll).cursor
        return found[cursor] if cursor < len(found) else None

    def action_new(self) -> None:
        options = [Option(MARKS[own], own.replace("-", " "), own) for own in MILESTONES]
        self.app.push_screen(Choice(self.now, "new mark", options), self._time)

    def _time(self, chosen: str | None) -> None:
        milestone = next((own for own in MILESTONES if own == chosen), None)
        if milestone is None:
            return

        def make(text: str | None) -> None:
            if text is not None:
                t, rest = split_time(text, self.now.head)
                at = self.now.at(t) if t is not None else None
                self._desk.ask(i.MakeMark(milestone=milestone, text=rest, at=at), f"marked: {milestone}")

        about = ("enter marks now. An earlier time may stand first: -2:30 or T+27:30; then any text.",)
        self.app.push_screen(Prompt(self.now, milestone.replace("-", " "), about), make)

    def action_open_chosen(self) -> None:
        mark = self._chosen()
        if mark is None:
            return

        seen = self.now.seen

        def amend(text: str | None) -> None:
            if text:
                t, rest = split_time(text, self.now.head)
                at = self.now.at(t) if t is not None else mark.at
                amended = i.AmendMark(mark=mark.id, at=at, text=rest or None)
                self._desk.ask(amended, "amended; the record keeps both", seen)

        value = f"T+{clock(self.now.t_of(mark.at))} {mark.text}"
        rests = i.AmendMark(mark=mark.id)
        about = ("Time, then text.",)
        self.app.push_screen(Prompt(self.now, f"amend {mark.milestone}", about, value, rests=rests), amend)

    def action_undo(self) -> None:
        mark = self._chosen()
        if mark is not None and not mark.undone:
            self._desk.ask(i.UndoMark(mark=mark.id), "undone; the record keeps it")


def _mark_row(moment: Moment, mark: Mark, width: int) -> Row:
    tail = " undone" if mark.undone else " amended" if mark.amended else ""
    tone = "dim" if mark.undone else ""
    when, by = clock(moment.t_of(mark.at)) + "  ", f"  {mark.by}{tail}"
    by = fit(by, min(24, cells_of(by)))
    return (
        (when, "dim"),
        (fit(mark.milestone.replace("-", " "), 19), tone or "good"),
        (fit(mark.text, max(0, width - len(when) - 19 - cells_of(by))), tone),
        (by, "dim"),
    )
