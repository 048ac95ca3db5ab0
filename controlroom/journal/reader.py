"""Reads a journal back: tolerant of a torn last line, and of everything that a later version may add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from controlroom.core.events import FORMAT, Event, decode_event

Raw = dict[str, object]
Upgrade = Callable[[Raw], Raw]

UPGRADES: Mapping[int, Upgrade] = {}
"""From format n to n+1: small pure steps, each with a fixture in the tests. Format 1 is the first."""


class JournalError(Exception):
    """A journal that cannot be read; the message names file and line."""


def read_events(path: Path) -> list[Event]:
    """All events of a journal. Raises :class:`JournalError`; a torn last line is normal and left out."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    return list(parse(data, str(path)))


def parse(data: bytes, name: str = "journal") -> Iterator[Event]:
    """The events of a journal's bytes; what follows the last line feed is a line that was being written."""
    whole, _, _ = data.rpartition(b"\n")
    if not whole:
        return
    lines = whole.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            yield _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == len(lines):
                return
            raise JournalError(f"{name}, line {number}: not an event: {error}") from error


class _Version(msgspec.Struct):
    v: int = 1


_version = msgspec.json.Decoder(_Version)


def _decode(line: bytes) -> Event:
    if not UPGRADES:
        return decode_event(line)
    version = _version.decode(line).v
    if version >= FORMAT:
        return decode_event(line)
    raw: Raw = msgspec.json.decode(line, type=dict)
    for step in range(version, FORMAT):
        raw = UPGRADES[step](raw)
    return decode_event(msgspec.json.encode(raw))
