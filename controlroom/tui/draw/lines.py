"""Feed and notes: one line each, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from controlroom.core.people import Note
from controlroom.core.state import FeedLine
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, width, wrapped

FEED_TONES = {
    "fault": "fault",
    "halt": "bad",
    "abort": "bad",
    "alert": "warn",
    "source": "warn",
    "phase": "accent",
}


def feed_row(line: FeedLine, cells: int) -> Row:
    """`31:02 alert  OrderLatencyHigh firing`."""
    tone = FEED_TONES.get(line.kind, "dim")
    return (
        (clock(line.t) + " ", "dim"),
        (fit({"checklist": "check"}.get(line.kind, line.kind), 7) + " ", tone),
        (fit(line.text, max(0, cells - 8 - len(clock(line.t)) - 1)), ""),
    )


def notes(moment: Moment) -> list[Note]:
    """Newest first, by the moment they were begun."""
    return sorted(moment.state.notes.values(), key=lambda note: (note.at, note.id), reverse=True)


def kept_on(chosen: Note | None, found: Sequence[Note], cursor: int) -> int:
    """Where the cursor stands in a list anew: on the note that it was on, whatever came before it."""
    if chosen is None:
        return cursor
    return next((at for at, own in enumerate(found) if own.id == chosen.id), cursor)


def by_type(moment: Moment) -> list[str]:
    """The types of note that there are, in the order of the alphabet."""
    return sorted({own.type for own in moment.state.notes.values()})


def days(due: str) -> str:
    """`Fri 2026-11-27`; what is not a date as it stands."""
    try:
        return date.fromisoformat(due).strftime("%a %Y-%m-%d")
    except ValueError:
        return due


MOST_WHOLE = 6
"""Rows for the chosen note in full, with what it said before."""


def history_rows(moment: Moment, note: Note, cells: int) -> tuple[Row, ...]:
    """The note in full, then what it said before it was edited, newest first; always as many rows."""
    first = f"{note.type}{', private' if note.private else ''} by {note.by}"
    rows: list[Row] = [(("", ""),)]
    if note.before:
        first += f", edited T+{clock(note.edited)} by {note.edited_by}"
    rows.append(((first, "dim"),))
    rows += [((line, ""),) for line in wrapped(note.text, max(1, cells))[:2]]
    for old in reversed(note.before):
        privacy = ", private" if old.private else ""
        said = f"T+{clock(old.t)} {old.by} ({old.type}{privacy}): {old.text}"
        rows.append((("before: ", "accent"), (fit(said, max(0, cells - 8)), "dim")))
    if len(rows) > MOST_WHOLE:
        more = len(rows) - MOST_WHOLE + 1
        rows = [*rows[: MOST_WHOLE - 1], ((f"and {more} earlier ones, in the record", "dim"),)]
    return (*rows, *[(("", ""),)] * (MOST_WHOLE - len(rows)))


def note_row(moment: Moment, note: Note, cells: int, named: bool = False) -> Row:
    """`28:10 todo  runbook link in alert is dead → maria`; `named`: with who wrote it."""
    when = clock(max(0.0, moment.t_of(note.at)))
    short = {"observation": "obs", "decision": "decide"}.get(note.type, note.type)
    owner = _owner(moment, note) if note.type == "todo" else ""
    tail = (
        (f" · {note.by}" if named and note.by else "")
        + owner
        + (" (private)" if note.private else "")
        + (" (edited)" if note.edits else "")
    )
    room = max(0, cells - len(when) - 8)
    text = fit(note.text, max(0, min(width(note.text), room - width(tail))))
    return (
        (when + " ", "dim"),
        (fit(short, 6) + " ", "accent" if note.type in ("todo", "decision") else "dim"),
        (text, ""),
        (tail, "dim"),
    )


def _owner(moment: Moment, note: Note) -> str:
    """` → maria, Fri 2026-11-27`."""
    own = next((own for own in moment.state.actions.values() if own.note == note.id), None)
    if own is None:
        return ""
    told = ", ".join(part for part in (own.owner, days(own.due)) if part)
    done = {"done": " (done)", "dropped": " (dropped)"}.get(own.status, "")
    return (f" → {told}" if told else "") + done
