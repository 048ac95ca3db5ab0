"""What is compared of a saved session: from its record where that is of this very journal, else from the journal.

`session.json` holds the figures that were computed when it was written. It is taken where it was written by this
version of the program, and its last event carries the same number, time and digest as the journal's last line: as
every line has the digest of the one before, the last one stands for all. Else the journal is folded, which for a
long session takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

import controlroom
from controlroom.core.assessment import Assessment, Degradation
from controlroom.core.comparing.actions import items_of
from controlroom.core.comparing.values import Day, Side
from controlroom.core.events import decode_event
from controlroom.core.figures import assess
from controlroom.core.figures.degradation import degradations
from controlroom.core.fold import apply
from controlroom.core.plan import Plan
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError, read_events
from controlroom.journal.report.making import view_of
from controlroom.journal.report.record import FORMAT

PIECE = 64 * 1024
"""Bytes at the end of a journal that are read at first."""
_SAID = (b'"action.set"', b'"note.written"', b'"note.edited"', b'"ticked"')
"""Kinds of events that action items are made of, as they stand in a line."""


class _Record(msgspec.Struct):
    """What is read of `session.json`."""

    format: int
    session: str
    title: str
    opened_at: datetime
    length: float
    lab: bool
    verdict: Literal["passed", "needs improvement", "inconclusive", "pending"]
    assessment: Assessment
    plan: Plan
    plan_hash: str
    files: dict[str, str]
    events: tuple[msgspec.Raw, ...]
    closed_at: datetime | None = None
    degradation: tuple[Degradation, ...] = ()
    written_by: str = ""


class _Link(msgspec.Struct):
    """The end of a chain. Samples stand in a record's events as counts, so the lines themselves may differ."""

    seq: int
    t: float
    at: datetime
    prev: str = ""


_decoder = msgspec.json.Decoder(_Record)
_link = msgspec.json.Decoder(_Link)


def days_of(folders: Iterable[SessionFolder]) -> tuple[Day, ...]:
    """Raises :class:`JournalError` where one of them cannot be read."""
    return tuple(day_of(folder) for folder in folders)


def day_of(folder: SessionFolder) -> Day:
    """Raises :class:`JournalError` where its journal cannot be read."""
    return recorded(folder) or folded(folder)


def recorded(folder: SessionFolder) -> Day | None:
    """From the record alone; None: there is none, it is another program's, or not of this journal."""
    try:
        found = _decoder.decode(folder.record.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if found.format != FORMAT or found.written_by != controlroom.__version__ or not found.events:
        return None
    try:
        if _link.decode(found.events[-1]) != _link.decode(last_line(folder.journal)):
            return None
        state = _said(found)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Day(
        side=Side(
            session=found.session,
            title=found.title,
            plan=found.plan.id,
            plan_hash=found.plan_hash,
            opened_at=found.opened_at,
            length=found.length,
            lab=found.lab,
            context=found.plan.bindings.cluster.context,
            closed=found.closed_at is not None,
            verdict=found.verdict,
            zone=found.plan.zone,
        ),
        plan=found.plan,
        files=found.files,
        assessment=found.assessment,
        degradation=found.degradation,
        actions=items_of(state),
    )


def _said(found: _Record) -> State:
    """The part of the state that action items are made of."""
    state = changed(State(), plan=found.plan)
    for raw in found.events:
        line = bytes(raw)
        if any(kind in line for kind in _SAID):
            event = decode_event(line)
            if event.body.kind() in ("action.set", "note.written", "note.edited", "ticked"):
                state = apply(state, event)
    return state


def folded(folder: SessionFolder) -> Day:
    """From the journal: the fold and the figures that every screen has."""
    view = view_of(read_events(folder.journal))
    state = view.state
    opened, plan = state.opened, state.plan
    if opened is None or plan is None or state.opened_at is None:
        raise JournalError(f"{folder.journal} does not begin with session.opened")
    assessment = assess(view)
    return Day(
        side=Side(
            session=opened.session,
            title=plan.title,
            plan=plan.id,
            plan_hash=opened.plan_hash,
            opened_at=state.opened_at,
            length=round(state.t, 3),
            lab=opened.lab,
            context=plan.bindings.cluster.context,
            closed=state.status == "closed",
            verdict=assessment.verdict,
            zone=plan.zone,
        ),
        plan=plan,
        files=opened.files,
        assessment=assessment,
        degradation=degradations(view, assessment),
        actions=items_of(state),
    )


def last_line(journal: Path) -> bytes:
    """The last whole line of a journal, read from its end; empty: there is none, or nothing can be read."""
    try:
        with journal.open("rb") as file:
            size, reach = os.fstat(file.fileno()).st_size, PIECE
            while True:
                start = max(0, size - reach)
                parts = os.pread(file.fileno(), size - start, start).split(b"\n")
                # The last part is a line that is being written, or nothing; the first may have begun earlier.
                if len(parts) > 2 or start == 0:
                    return parts[-2] if len(parts) > 1 else b""
                reach *= 8
    except OSError:
        return b""
