"""Times as people type them, and note prefixes. Pure."""

from __future__ import annotations

import re

from controlroom.core.events.people import NoteType

_TIME = re.compile(
    r"(?P<sign>[-+]|t\+)?\s*(?:(?P<h>\d+):)?(?P<m>\d+):(?P<s>\d{1,2})|(?P<sign2>[-+]|t\+)?\s*(?P<min>\d+)",
    re.I,
)


def session_time(text: str, now: float) -> float:
    """Session seconds of `T+27:30`, `27:30`, `1:02:03`, `27` (minutes) or `-2:30` (before now).

    Raises `ValueError` for anything else.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError("a time is 27:30, T+27:30, or -2:30 for that long ago")
    if found["min"] is not None:
        seconds, sign = float(found["min"]) * 60, found["sign2"]
    else:
        if int(found["s"]) >= 60:
            raise ValueError("there are 60 seconds in a minute")
        seconds = int(found["h"] or 0) * 3600 + int(found["m"]) * 60 + int(found["s"])
        sign = found["sign"]
    if sign == "-":
        return now - seconds
    return now + seconds if sign == "+" else float(seconds)


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
