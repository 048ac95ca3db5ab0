"""Writing and editing notes, and all of them in one sheet: searched, filtered, with what they said before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.clock import WallClock, day_in
from controlroom.core import intents as i
from controlroom.core.events.people import NoteType
from controlroom.core.intents import Intent
from controlroom.core.people import Note
from controlroom.core.todo import read_todo, with_dates
from controlroom.tui.desk import Desk
from controlroom.tui.draw.lines import by_type, days, history_rows, kept_on, note_row, notes
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.screens.simple import Line, Prompt
from controlroom.tui.text import Row, clock
from controlroom.tui.times import note_of

REAL = WallClock()
ABOUT = "todo: obs: decide: park: at the start give its type; private: keeps it from the audience."
TODO = "In a todo @name says who, and `due friday`, `due 2026-12-01` or `due +7d` by when."


def today(moment: Moment) -> date:
    """The real date where the day takes place: what is due on Friday is due on a real one, also in a rehearsal."""
    return day_in(REAL.time(), moment.plan.zone if moment.plan else "UTC")


class NotePrompt(Prompt):
    """One line; below it what will be kept of it: type, who may read it, and of a todo its owner and date."""

    def __init__(
        self,
        moment: Moment,
        heading: str,
        about: Iterable[str],
        value: str = "",
        rests: Intent | None = None,
    ) -> None:
        super().__init__(moment, heading, about, value, rests=rests)
        self._typed = value

    def parts(self) -> Iterable[Widget]:
        *above, hint = super().parts()
        yield from above
        yield Text(self._preview, id="preview")
        yield hint

    def _preview(self, moment: Moment, width: int) -> tuple[Row, ...]:
        kind, said, private = note_of(self._typed)
        found: list[tuple[str, str]] = [(kind, "accent"), (", private" if private else ", shared", "dim")]
        if kind == "todo":
            own = read_todo(said, today(moment))
            found += [("   owner ", "dim"), (own.owner or "none: @name", "" if own.owner else "dim")]
            due = (days(own.due) or "none: due friday", "" if own.due else "dim")
            found += [(f"   {own.wrong}", "warn")] if own.wrong else [("   due ", "dim"), due]
        return (tuple(found),)

    @on(Input.Changed)
    def show_what_is_kept(self, event: Input.Changed) -> None:
        self._typed = event.value
        self.query_one("#preview", Text).redraw()


def kept(text: str, moment: Moment) -> tuple[NoteType, str, bool]:
    """Type, text and privacy of a note as typed, the date of a todo written out as it was shown."""
    kind, said, private = note_of(text)
    return kind, with_dates(said, today(moment)) if kind == "todo" else said, private


def write_note(desk: Desk) -> None:
    """One line, stamped with the key that opened it; from anywhere, once."""
    if isinstance(desk.screen, NotePrompt):
        return
    began = desk.now.at(desk.now.head)
    at = clock(desk.now.head)

    def keep(text: str | None) -> None:
        kind, said, private = kept(text or "", desk.now)
        if said:
            desk.ask(i.WriteNote(type=kind, text=said, private=private, began_at=began), f"noted at {at}")

    desk.open(NotePrompt(desk.now, f"note · {at}", (ABOUT, TODO)), keep)


def edit_chosen(desk: Desk) -> None:
    """The note that is chosen in the pane, again."""
    if (own := desk.note()) is not None:
        edit(desk, own)


def edit(desk: Desk, own: Note) -> None:
    """The note with its type as a prefix; the record keeps both."""
    prefix = ("private: " if own.private else "") + ("" if own.type == "note" else f"{own.type}: ")
    seen = desk.now.seen

    def keep(text: str | None) -> None:
        kind, said, private = kept(text or "", desk.now)
        if said and (kind, said, private) != (own.type, own.text, own.private):
            intent = i.EditNote(note=own.id, type=kind, text=said, private=private)
            desk.ask(intent, "edited; the record keeps both", seen)

    about = (ABOUT, "The record keeps the old text as well.")
    heading = f"edit note · {clock(desk.now.t_of(own.at))}"
    rests = i.EditNote(note=own.id, type=own.type, text=own.text)
    desk.open(NotePrompt(desk.now, heading, about, value=prefix + own.text, rests=rests), keep)


class NoteList(ListPane):
    """The notes that a test lets through, newest first."""

    def __init__(self, fits: Callable[[Note], bool]) -> None:
        super().__init__("scroll")
        self._fits = fits
        self.found: list[Note] = []

    def count(self, moment: Moment) -> int:
        return len(self.found)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return note_row(moment, self.found[index], width, named=width >= 70)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        before = self.chosen()
        self.found = [own for own in notes(moment) if self._fits(own)]
        self.set_reactive(NoteList.cursor, kept_on(before, self.found, self.cursor))
        if not self.found:
            nothing = (
                f"No note so far: {moment.keys.shown('note')} writes one."
                if not moment.state.notes
                else "No note is like that."
            )
            return (((nothing, "dim"),),)
        return self.listed(moment, width, height)

    def chosen(self) -> Note | None:
        return self.found[self.cursor] if self.cursor < len(self.found) else None


class NotesSheet(Sheet[None]):
    """All notes. The chosen one stands below in full, with what it said before it was edited."""

    PURPOSE = "All notes, newest first: search and filter them; the chosen one stands below with what it said before."
    ENTERS = "edit the chosen one"
    HEADING = "notes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", show=False),
        Binding("t", "next_type", "only the next type", show=False),
        Binding("b", "next_author", "only the next author", show=False),
        Binding("down", "to_list", "from the search to the list", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk, searching: bool = False) -> None:
        super().__init__(moment, tall=True)
        self._desk = desk
        self._searching = searching
        self._words = ""
        self._type = ""
        self._by = ""

    def parts(self) -> Iterable[Widget]:
        yield Text(self._filters, id="filters")
        yield Line(placeholder="words that must be in it, in any order")
        yield NoteList(self._fits)
        yield Text(self._whole, id="whole")
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Line).display = self._searching
        self.query_one(Line if self._searching else NoteList).focus()
        self.watch(self.query_one(NoteList), "cursor", self._chosen_changed, init=False)

    def _fits(self, note: Note) -> bool:
        text = f"{note.text} {note.by}".casefold()
        return (
            note.type.startswith(self._type)
            and self._by in ("", note.by)
            and all(word in text for word in self._words.split())
        )

    def _filters(self, moment: Moment, width: int) -> tuple[Row, ...]:
        count, shown = len(moment.state.notes), sum(map(self._fits, moment.state.notes.values()))
        found = [(f"{shown} of {count} notes" if shown != count else f"{count} notes", "strong")]
        for name, value in (("type", self._type), ("by", self._by), ("with", self._words)):
            if value:
                found += [(f"   {name} ", "dim"), (value, "accent")]
        return (tuple(found),)

    def _whole(self, moment: Moment, width: int) -> tuple[Row, ...]:
        note = self.query_one(NoteList).chosen()
        return history_rows(moment, note, width) if note is not None else ()

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        writes = moment.live and moment.info.seat in ("facilitator", "scribe")
        keys = (("enter", "edits"), ("n", "new")) if writes else ()
        pairs = (*keys, ("/", "searches"), ("t", "type"), ("b", "by whom"), ("esc", "closes"))
        return (tuple(piece for key, what in pairs for piece in ((key, "key"), (f" {what}   ", "dim"))),)

    def _again(self) -> None:
        self.query_one(NoteList).cursor = 0
        self.query_one(NoteList).redraw()
        self._chosen_changed()

    def _chosen_changed(self) -> None:
        for text in self.query(Text):
            text.redraw()

    @on(Input.Changed)
    def search_for(self, event: Input.Changed) -> None:
        self._words = event.value.casefold()
        self._again()

    @on(Input.Submitted)
    def found(self) -> None:
        self.action_to_list()

    def action_to_list(self) -> None:
        """From the words to what they found."""
        if self.query_one(Line).has_focus:
            self.query_one(NoteList).focus()

    def action_search(self) -> None:
        self.query_one(Line).display = True
        self.query_one(Line).focus()

    def action_close(self) -> None:
        """Escape takes the search away first."""
        line = self.query_one(Line)
        if line.display:
            line.value, line.display = "", False
            self.query_one(NoteList).focus()
        else:
            self.dismiss(None)

    def action_next_type(self) -> None:
        self._type = _next(["", *by_type(self.now)], self._type)
        self._again()

    def action_next_author(self) -> None:
        self._by = _next(["", *sorted({own.by for own in self.now.state.notes.values()})], self._by)
        self._again()

    def action_open_chosen(self) -> None:
        note = self.query_one(NoteList).chosen()
        if note is not None and self.now.live and self.now.info.seat in ("facilitator", "scribe"):
            edit(self._desk, note)


def _next(values: list[str], now: str) -> str:
    """The value after that one, round about."""
    return values[(values.index(now) + 1) % len(values)] if now in values else values[0]
