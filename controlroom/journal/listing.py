"""The sessions of a folder: what each was, without reading each as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.journal.report.words import span
from controlroom.journal.tags import read_tags

TAIL = 64 * 1024
"""Bytes at the end of a journal that are read at first; a longer last line is read in full."""

Status = Literal["live", "closed", "unfinished", "broken"]
"""Unfinished: its host died; it can be resumed."""


class Listed(Value, omit_defaults=False):
    """One session. `length` in seconds, `size` in bytes of the whole folder."""

    name: str
    status: Status
    title: str = ""
    plan: str = ""
    """Id of its plan."""
    lab: bool = False
    """A rehearsal."""
    when: datetime | None = None
    length: float | None = None
    verdict: str = ""
    """Of its record; empty: none was written."""
    size: int = 0
    problem: str = ""
    """Why it is broken."""
    tags: tuple[str, ...] = ()


class _Plan(msgspec.Struct):
    title: str
    id: str = ""


class _Opened(msgspec.Struct):
    kind: str
    plan: _Plan | None = None
    lab: bool = False


class _First(msgspec.Struct):
    at: datetime
    body: _Opened


class _Kind(msgspec.Struct):
    kind: str


class _Last(msgspec.Struct):
    t: float
    body: _Kind


class _Record(msgspec.Struct):
    verdict: str


_first = msgspec.json.Decoder(_First)
_last = msgspec.json.Decoder(_Last)
_record = msgspec.json.Decoder(_Record)


SORTS: Mapping[str, Callable[[Listed], Any]] = {
    "when": lambda own: _age(own),
    "length": lambda own: own.length or 0.0,
    "size": lambda own: own.size,
    "verdict": lambda own: own.verdict,
    "title": lambda own: own.title.casefold(),
    "name": lambda own: own.name,
}
"""By what sessions can be ordered; the first is how they are without a word."""
_BIGGEST_FIRST = ("when", "length", "size")


def all_listed(sessions: Path) -> list[Listed]:
    """Every session of a folder, newest first."""
    return ordered([listed(folder) for folder in sessions_in(sessions)], "when")


def ordered(found: Iterable[Listed], by: str) -> list[Listed]:
    """Times, lengths and sizes from the greatest down, words in the order of the alphabet."""
    return sorted(found, key=SORTS[by], reverse=by in _BIGGEST_FIRST)


def matching(found: Iterable[Listed], text: str, tags: Sequence[str] = ()) -> list[Listed]:
    """Those that have every word of the text in name, title, plan, verdict, status or tags; `#word`: that very tag."""
    words = text.casefold().split()
    wanted = [*tags, *(word[1:] for word in words if word.startswith("#"))]
    parts = [word for word in words if not word.startswith("#")]
    return [
        own
        for own in found
        if all(tag in own.tags for tag in wanted) and all(word in _haystack(own) for word in parts)
    ]


def _haystack(own: Listed) -> str:
    kind = "rehearsal" if own.lab else ""
    day = f"{own.when:%Y-%m-%d}" if own.when is not None else ""
    return " ".join((own.name, own.title, own.plan, own.verdict, own.status, kind, day, *own.tags)).casefold()


def listing(found: Sequence[Listed], as_json: bool, nothing: str = "no session") -> str:
    """A line for each session and one for all; or a JSON array of :class:`Listed`."""
    if as_json:
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    if not found:
        return f"{nothing}\n"
    rows: list[tuple[str, ...]] = [("SESSION", "WHEN (UTC)", "LENGTH", "STATUS", "VERDICT", "SIZE", "TITLE")]
    rows += [_row(own) for own in found]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "".join(line.rstrip() + "\n" for line in [*lines, total(found)])


def total(found: Sequence[Listed]) -> str:
    """How many there are, and what they take of the disk."""
    count = len(found)
    return f"{count} session{'s' if count != 1 else ''}, {size_of(sum(own.size for own in found))}"


def _age(own: Listed) -> tuple[float, str]:
    return (own.when.timestamp() if own.when is not None else 0.0, own.name)


def _row(own: Listed) -> tuple[str, ...]:
    tags = "".join(f"#{tag} " for tag in own.tags)
    return (
        clean(own.name),
        f"{own.when:%Y-%m-%d %H:%M}" if own.when is not None else "-",
        span(own.length) if own.length is not None else "-",
        own.status,
        own.verdict or "-",
        size_of(own.size),
        tags + clean(own.problem or own.title, 80),
    )


def listed(folder: SessionFolder) -> Listed:
    """One session; a journal that cannot be read makes it a broken one, never an error."""
    size = _folder_size(folder.path)
    try:
        with folder.journal.open("rb") as journal:
            first = _first.decode(journal.readline())
            t, closed = _end(journal.fileno())
        if first.body.kind != "session.opened" or first.body.plan is None:
            return Listed(name=folder.name, status="broken", size=size, problem="it was never opened")
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Listed(name=folder.name, status="broken", size=size, problem=f"journal: {problem}")
    status: Status = "closed" if closed else "unfinished"
    return Listed(
        name=folder.name,
        status="live" if folder.host() is not None else status,
        title=first.body.plan.title,
        plan=first.body.plan.id,
        lab=first.body.lab,
        when=first.at,
        length=t,
        verdict=_verdict(folder),
        size=size,
        tags=read_tags(folder),
    )


def _end(journal: int) -> tuple[float, bool]:
    """t of the last whole line, read from the end, and whether the session was closed there.

    A few lines may follow the closing (samples that were on their way); a resumption opens it again.
    """
    length, reach = os.fstat(journal).st_size, TAIL
    while True:
        start = max(0, length - reach)
        lines = os.pread(journal, length - start, start).split(b"\n")[:-1]
        if start:
            # The first one may have begun earlier.
            del lines[:1]
        if lines:
            found = [_last.decode(line) for line in lines]
            turns = [own.body.kind for own in found if own.body.kind in ("session.closed", "session.resumed")]
            return found[-1].t, turns[-1:] == ["session.closed"]
        if start == 0:
            raise msgspec.DecodeError("it holds no whole line")
        reach *= 8


def _verdict(folder: SessionFolder) -> str:
    try:
        return _record.decode(folder.record.read_bytes()).verdict
    except FileNotFoundError:
        return ""
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return "record unreadable"


def _folder_size(path: Path) -> int:
    """Bytes of all files; what vanishes meanwhile does not count."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except OSError:
                continue
    return total


def size_of(size: int) -> str:
    """Bytes in decimal units."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"
