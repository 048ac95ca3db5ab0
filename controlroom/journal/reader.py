"""Reads a journal back: tolerant of a torn last line, and of everything that a later version may add.

Lines of an earlier format are brought up to date by small pure steps; those of a later one are refused, as
the format is only raised when an earlier reader would misread them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from controlroom.core.events import FORMAT, Event, decode_event, digest
from controlroom.core.values import Value

Raw = dict[str, object]
Upgrade = Callable[[Raw], Raw]

UPGRADES: Mapping[int, Upgrade] = {}
"""From format n to n+1: small pure steps, each with a fixture in the tests. Format 1 is the first."""


class JournalError(Exception):
    """A journal that cannot be read; the message names file and line."""


def read_events(path: Path) -> list[Event]:
    """All events of a journal. Raises :class:`JournalError`; a torn last line is normal and left out."""
    return list(parse(read_bytes(path), str(path)))


def read_opening(path: Path) -> Event | None:
    """The first event of a journal, without reading the rest; None: there is none yet."""
    try:
        with path.open("rb") as file:
            line = file.readline()
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    return next(parse(line, str(path)), None)


def read_bytes(path: Path) -> bytes:
    """Raises :class:`JournalError` where there is nothing to read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def lines_of(data: bytes) -> list[bytes]:
    """The whole lines; what follows the last line feed is a line that was being written."""
    whole, feed, _ = data.rpartition(b"\n")
    return whole.split(b"\n") if feed else []


def parse(
    data: bytes, name: str = "journal", upgrades: Mapping[int, Upgrade] = UPGRADES, before: int = 0
) -> Iterator[Event]:
    """The events of a journal's bytes, which follow on `before` lines.

    Raises :class:`JournalError` at a line that is none.
    """
    for number, line in enumerate(lines_of(data), before + 1):
        try:
            yield decode_line(line, upgrades)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Unreadable) as error:
            raise JournalError(f"{name}, line {number}: not an event: {error}") from error


class _Unreadable(Exception):
    """A line of a format that this version cannot read."""


class _Version(msgspec.Struct):
    v: int


_CURRENT = b'{"v":%d,' % FORMAT
"""How every line of this format begins as our own writer writes it: saves looking for the format in each."""

_version = msgspec.json.Decoder(_Version)


def decode_line(line: bytes, upgrades: Mapping[int, Upgrade] = UPGRADES) -> Event:
    """The event of a line of any known format."""
    if line.startswith(_CURRENT):
        return decode_event(line)
    version = _version.decode(line).v
    if version == FORMAT:
        return decode_event(line)
    if version > FORMAT:
        raise _Unreadable(f"format {version} is of a later version of the program; this one reads {FORMAT}")
    raw: Raw = msgspec.json.decode(line, type=dict)
    for step in range(version, FORMAT):
        if step not in upgrades:
            raise _Unreadable(f"format {version} is not known")
        raw = {**upgrades[step](raw), "v": step + 1}
    return decode_event(msgspec.json.encode(raw))


class Broken(Value):
    """A line that is not as it was written."""

    line: int
    """From 1."""
    why: str


class _Link(msgspec.Struct):
    seq: int
    prev: str = ""


_link = msgspec.json.Decoder(_Link)


def verify(path: Path) -> list[Broken]:
    """Every line of a journal that does not follow from the one before; empty: nothing was changed.

    Each line carries the digest of the line before it, so a line that was edited, put in or taken out shows at
    the line after it. An edit of the very last line cannot show. Raises :class:`JournalError` where the
    file cannot be read.
    """
    found = []
    before, seq = "", 0
    for number, line in enumerate(lines_of(read_bytes(path)), 1):
        try:
            link = _link.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            found.append(Broken(line=number, why=f"not an event: {error}"))
            before, seq = digest(line), seq + 1
            continue
        if link.seq != seq + 1:
            found.append(Broken(line=number, why=f"event {link.seq} follows event {seq}"))
        elif link.prev != before:
            found.append(Broken(line=number, why="the line before it is not the one that was written"))
        before, seq = digest(line), link.seq
    return found
