"""Feed and notes: one line each, newest first."""

from __future__ import annotations

from controlroom.core.state import FeedLine, Note
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, width

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
        (fit(line.kind, 7) + " ", tone),
        (fit(line.text, max(0, cells - 8 - len(clock(line.t)) - 1)), ""),
    )


def notes(moment: Moment) -> list[Note]:
    """Newest first, by the moment they were begun."""
    return sorted(moment.state.notes.values(), key=lambda note: (note.at, note.id), reverse=True)


def note_row(moment: Moment, note: Note, cells: int) -> Row:
    """`28:10 todo  runbook link in alert is dead → maria`."""
    when = clock(max(0.0, moment.t_of(note.at)))
    short = {"observation": "obs", "decision": "decide"}.get(note.type, note.type)
    owner = next(
        (f" → {own.owner}" for own in moment.state.actions.values() if own.note == note.id and own.owner), ""
    )
    tail = owner + (" (private)" if note.private else "") + (" (edited)" if note.edits else "")
    room = max(0, cells - len(when) - 8)
    text = fit(note.text, max(0, min(width(note.text), room - width(tail))))
    return (
        (when + " ", "dim"),
        (fit(short, 6) + " ", "accent" if note.type in ("todo", "decision") else "dim"),
        (text, ""),
        (tail, "dim"),
    )
