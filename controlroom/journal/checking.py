"""Whether a saved session is as it was written: its chain of digests, its plan, its record, its pictures.

The chain shows every line that was edited, put in or taken out, but not an edit of the last line, nor lines that are
missing at the end. Where `session.json` was written after them it does: it ends as the journal ended then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError, lines_of, read_bytes, verify

TOLD = 20
"""Broken lines that are told; the rest is counted."""


class BrokenLine(Value, omit_defaults=False):
    line: int
    why: str


class Checked(Value, omit_defaults=False):
    """What was found of one session."""

    session: str
    state: Literal["whole", "changed", "unreadable"]
    """`changed`: something is not as it was written, see `wrong` and `broken`."""
    events: int
    """Whole lines of the journal."""
    torn: int
    """Bytes of a last line that was being written; normal where a host died, or goes on."""
    broken: tuple[BrokenLine, ...]
    """At most the first :data:`TOLD`."""
    broken_lines: int
    record: Literal["current", "older", "other", "unreadable", "none"]
    """Whether `session.json` ends as the journal does; `older`: at an earlier line of it."""
    wrong: tuple[str, ...]
    """What else is not as it was written, in words."""
    remarks: tuple[str, ...]
    """What is worth knowing, and is no harm."""


class _Link(msgspec.Struct):
    seq: int
    t: float
    at: str = ""
    prev: str = ""


class _Body(msgspec.Struct):
    kind: str
    plan_text: str = ""
    plan_hash: str = ""
    path: str = ""


class _Line(msgspec.Struct):
    body: _Body


class _Record(msgspec.Struct):
    events: tuple[msgspec.Raw, ...]


_link = msgspec.json.Decoder(_Link)
_line = msgspec.json.Decoder(_Line)
_record = msgspec.json.Decoder(_Record)


def checked(folder: SessionFolder) -> Checked:
    """Reads the whole journal. Never raises for what it finds there."""
    try:
        data = read_bytes(folder.journal)
        lines = lines_of(data)
        broken = verify(folder.journal)
    except JournalError as error:
        return _unreadable(folder, str(error))
    if not lines:
        return _unreadable(folder, "the journal holds no whole line")
    opening, hashed = _opening(lines[0])
    wrong, remarks = [opening] if opening else [], [*hashed, *_pictures(folder, lines)]
    record, why = _recorded(folder, lines)
    if record == "other":
        wrong.append(why)
    elif why:
        remarks.append(why)
    torn = len(data) - data.rfind(b"\n") - 1
    if torn:
        remarks.append(f"a last line that was being written is left out ({torn} bytes)")
    return Checked(
        session=folder.name,
        state="changed" if broken or wrong else "whole",
        events=len(lines),
        torn=torn,
        broken=tuple(BrokenLine(line=own.line, why=clean(own.why)) for own in broken[:TOLD]),
        broken_lines=len(broken),
        record=record,
        wrong=tuple(wrong),
        remarks=tuple(remarks),
    )


def first_trouble(found: Checked) -> str:
    """What is wrong with it, in a line; empty: nothing."""
    if found.broken:
        own, more = found.broken[0], found.broken_lines - 1
        return f"line {own.line}: {own.why}" + (f" (and {more} more)" if more else "")
    return found.wrong[0] if found.wrong else ""


def _unreadable(folder: SessionFolder, why: str) -> Checked:
    return Checked(
        session=folder.name,
        state="unreadable",
        events=0,
        torn=0,
        broken=(),
        broken_lines=0,
        record="none",
        wrong=(clean(why),),
        remarks=(),
    )


def _opening(line: bytes) -> tuple[str, list[str]]:
    """What is wrong with the first line; and a word where the plan's text is not the one that was hashed.

    A secret that was taken out of the text before it was recorded leaves the hash of the whole.
    """
    try:
        body = _line.decode(line).body
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the first line does not open a session", []
    if body.kind != "session.opened":
        return "the first line does not open a session", []
    if body.plan_text and hashlib.sha256(body.plan_text.encode()).hexdigest() != body.plan_hash:
        return "", ["the plan's text is not the whole text whose hash was recorded"]
    return "", []


def _pictures(folder: SessionFolder, lines: Sequence[bytes]) -> list[str]:
    """Pictures that the journal names and the folder lacks."""
    lost = []
    for line in lines:
        if b'"picture.taken"' not in line:
            continue
        try:
            body = _line.decode(line).body
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if body.kind == "picture.taken" and body.path and not (folder.path / body.path).is_file():
            lost.append(clean(body.path))
    return [f"the picture {path} is not there" for path in lost]


def _recorded(
    folder: SessionFolder, lines: Sequence[bytes]
) -> tuple[Literal["current", "older", "other", "unreadable", "none"], str]:
    """How `session.json` goes with the journal, and a word on it; samples stand there as counts."""
    try:
        events = _record.decode(folder.record.read_bytes()).events
        last = _link.decode(events[-1]) if events else None
    except FileNotFoundError:
        return "none", "no session.json: `controlroom report` writes it"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "unreadable", "session.json cannot be read: `controlroom report` writes it anew"
    if last is None or last.seq < 1:
        return "other", "session.json holds no event"
    if last.seq > len(lines):
        return "other", f"{last.seq - len(lines)} lines are missing at the end: session.json has them"
    there = lines[last.seq - 1]
    try:
        same = _link.decode(there) == last
    except (msgspec.DecodeError, UnicodeDecodeError):
        same = False
    counted = b'"samples.counted"' in bytes(events[-1])
    if not same or (not counted and there != bytes(events[-1])):
        return "other", f"line {last.seq} is not the one that session.json has"
    if last.seq == len(lines):
        return "current", ""
    return "older", "session.json was written earlier: `controlroom report` writes it anew"
