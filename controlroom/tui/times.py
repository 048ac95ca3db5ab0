"""Times as people type them, and note prefixes. Pure."""

from __future__ import annotations

import math

from controlroom.core.events.people import NoteType
from controlroom.core.moments import Scene, moment_of


def session_time(text: str, now: float) -> float:
    """Session seconds of `T+27:30`, `27:30`, `1:02:03`, `27m` or `-2:30` (before now); see :mod:`core.moments`.

    Raises `ValueError` for anything else; a bare number could be minutes or seconds, and is refused.
    """
    bare = text.strip().lstrip("+-")
    if bare.isdigit():
        raise ValueError(f"{text} of what? Write {text}m, {text}s or 27:30")
    return moment_of(text, Scene(now=now, end=math.inf))


PREFIXES: dict[str, NoteType] = {
    "todo": "todo",
    "obs": "observation",
    "observation": "observation",
    "decide": "decision",
    "decision": "decision",
    "park": "parked",
    "parked": "parked",
    "note": "note",
}


def note_of(text: str) -> tuple[NoteType, str, bool]:
    """Type, text and privacy of a note as typed: `todo: mend the link`, `private: obs: they argue`."""
    kind: NoteType = "note"
    private = False
    while True:
        head, colon, rest = text.partition(":")
        word = head.strip().lower()
        if colon and word == "private":
            private, text = True, rest.strip()
        elif colon and word in PREFIXES:
            kind, text = PREFIXES[word], rest.strip()
        else:
            return kind, text.strip(), private
