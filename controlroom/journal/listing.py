"""The sessions of a folder: what each was, without reading each as a whole."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.journal.report.words import span

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


def listing(sessions: Path, as_json: bool) -> str:
    """A line for each session, newest first; or a JSON array of :class:`Listed`."""
    found = sorted((listed(folder) for folder in sessions_in(sessions)), key=_age, reverse=True)
    if as_json:
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    if not found:
        return f"no sessions in {sessions}\n"
    rows: list[tuple[str, ...]] = [("SESSION", "WHEN (UTC)", "LENGTH", "STATUS", "VERDICT", "SIZE", "TITLE")]
    rows += [_row(own) for own in found]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(line.rstrip() + "\n" for line in lines)


def _age(own: Listed) -> tuple[float, str]:
    return (own.when.timestamp() if own.when is not None else 0.0, own.name)


def _row(own: Listed) -> tuple[str, ...]:
    return (
        clean(own.name),
        f"{own.when:%Y-%m-%d %H:%M}" if own.when is not None else "-",
        span(own.length) if own.length is not None else "-",
        own.status,
        own.verdict or "-",
        _size(own.size),
        clean(own.problem or own.title, 80),
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


def _size(size: int) -> str:
    """Bytes in decimal units."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"
