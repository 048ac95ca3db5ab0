"""A journal whose host died, made ready to be gone on with.

What a crash can leave at its end is cut off: a line without its line feed, and (after a power failure) a stretch of
zeros that were never written. None of it was ever answered for: an answer follows the sync of its line. The
bytes are kept beside the journal.
"""

from __future__ import annotations

import os
from pathlib import Path

from controlroom.core.events import Event
from controlroom.core.values import Value
from controlroom.journal.reader import JournalError, lines_of, parse, read_bytes

TORN = "journal.torn"


class Past(Value):
    """What a record holds so far."""

    events: tuple[Event, ...]
    lines: tuple[bytes, ...]
    """As they stand in the file, without their line feeds."""
    torn: int = 0
    """Bytes that were cut off its end."""


def take_up(journal: Path) -> Past:
    """Reads all events and cuts off what is no line. Raises :class:`JournalError`, or OSError."""
    data = read_bytes(journal)
    whole = _whole(data)
    lines = lines_of(data[:whole])
    if not lines:
        raise JournalError(f"{journal}: it holds no whole line")
    events = tuple(parse(data[:whole], str(journal)))
    if whole < len(data):
        _cut(journal, whole, data[whole:])
    return Past(events=events, lines=tuple(lines), torn=len(data) - whole)


def _whole(data: bytes) -> int:
    """Length of what was written as a whole: up to the last line feed before any zero byte."""
    zero = data.find(b"\0")
    return data.rfind(b"\n", 0, zero if zero >= 0 else len(data)) + 1


def _cut(journal: Path, length: int, torn: bytes) -> None:
    """Keeps what is cut off, on disk, before it is cut off."""
    kept = os.open(journal.with_name(TORN), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(kept, torn + b"\n")
        os.fsync(kept)
    finally:
        os.close(kept)
    file = os.open(journal, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.ftruncate(file, length)
        os.fsync(file)
    finally:
        os.close(file)
