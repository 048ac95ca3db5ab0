"""Writing and editing notes."""

from __future__ import annotations

from controlroom.core import intents as i
from controlroom.tui.desk import Desk
from controlroom.tui.screens.simple import Prompt
from controlroom.tui.text import clock
from controlroom.tui.times import note_of

ABOUT = "todo: obs: decide: park: at the start give its type; private: keeps it from the audience."


def write_note(desk: Desk) -> None:
    """One line, stamped with the key that opened it."""
    began = desk.now.at(desk.now.head)
    at = clock(desk.now.head)

    def keep(text: str | None) -> None:
        if not text:
            return
        kind, said, private = note_of(text)
        if said:
            desk.ask(i.WriteNote(type=kind, text=said, private=private, began_at=began), f"noted at {at}")

    desk.open(Prompt(desk.now, f"note · {at}", (ABOUT,)), keep)


def edit_chosen(desk: Desk) -> None:
    """The chosen note again, with its type as a prefix; the record keeps both."""
    own = desk.note()
    if own is None:
        return
    prefix = ("private: " if own.private else "") + ("" if own.type == "note" else f"{own.type}: ")

    seen = desk.now.seen

    def keep(text: str | None) -> None:
        if text:
            kind, said, private = note_of(text)
            desk.ask(
                i.EditNote(note=own.id, type=kind, text=said, private=private),
                "edited; the record keeps both",
                seen,
            )

    about = (ABOUT, "The record keeps the old text as well.")
    heading = f"edit note · {clock(desk.now.t_of(own.at))}"
    rests = i.EditNote(note=own.id, type=own.type, text=own.text)
    desk.open(Prompt(desk.now, heading, about, value=prefix + own.text, rests=rests), keep)
