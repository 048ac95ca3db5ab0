"""Makes the record from the events: the same fold and the same figures as the screen's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence

import aiofiles
import aiofiles.os

from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event, Samples, SessionOpened
from controlroom.core.figures import assess
from controlroom.core.fold import apply
from controlroom.core.state import State
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError, read_events
from controlroom.journal.report.markdown import markdown
from controlroom.journal.report.record import record


def view_of(events: Iterable[Event]) -> View:
    """State and samples after all these events. Raises JournalError where they do not begin a session."""
    state, columns = State(), None
    for event in events:
        body = event.body
        if isinstance(body, SessionOpened):
            columns = Columns(len(body.plan.metrics), round(body.plan.sampling.step))
        elif columns is None:
            break
        elif isinstance(body, Samples):
            columns.absorb(body)
        state = apply(state, event)
    if columns is None:
        raise JournalError("the journal does not begin with session.opened")
    return View(state, columns)


async def write(folder: SessionFolder, events: Sequence[Event]) -> None:
    """Writes `session.json` and `session.md`, each in one step, 0600. The loop goes on meanwhile."""
    whole, page = await asyncio.to_thread(_made, tuple(events))
    await _replace(folder, folder.record.name, whole)
    await _replace(folder, folder.report.name, page)


def _made(events: Sequence[Event]) -> tuple[bytes, bytes]:
    """The record and the report."""
    view = view_of(events)
    assessment = assess(view)
    return record(events, view, assessment), markdown(view, assessment).encode()


async def _replace(folder: SessionFolder, name: str, data: bytes) -> None:
    fresh = folder.path / f".{name}.{os.getpid()}"
    try:
        async with aiofiles.open(fresh, "wb", opener=_private) as file:
            await file.write(data)
            await file.flush()
            await asyncio.to_thread(os.fdatasync, file.fileno())
        await aiofiles.os.replace(fresh, folder.path / name)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def assess_folder(folder: SessionFolder) -> Assessment:
    """Figures and verdict of a saved session."""
    return assess(view_of(read_events(folder.journal)))


def summary(assessment: Assessment) -> str:
    """The verdict and what it rests on, a line each: what a headless day prints."""
    lines = [f"verdict: {assessment.verdict}"]
    lines += [f"  {own.status:8} {own.text}: {own.reason}" for own in assessment.criteria]
    lines += [f"  {own.status:8} {own.text}: {own.reason}" for own in assessment.signs]
    return "\n".join(lines)
