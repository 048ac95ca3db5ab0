"""Makes the record from the events: the same fold and the same figures as the screen's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace as replaced
from pathlib import Path

import aiofiles
import aiofiles.os

from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event, Samples, SessionOpened
from controlroom.core.figures import assess
from controlroom.core.fold import apply
from controlroom.core.projection import project
from controlroom.core.state import State
from controlroom.journal.folder import PAGE, RECORD, REPORT, SessionFolder
from controlroom.journal.reader import JournalError, read_events
from controlroom.journal.report.audience import told
from controlroom.journal.report.html import html
from controlroom.journal.report.markdown import markdown, report
from controlroom.journal.report.page import Page, page_of
from controlroom.journal.report.plots import drawn, plots
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


async def write(
    folder: SessionFolder, events: Sequence[Event], *, audience: bool = False, beside: Path | None = None
) -> None:
    """Writes `session.json`, `session.md` with its plots, and `session.html`, each in one step, 0600.

    The loop goes on meanwhile. `audience`, `beside`: as :func:`made` says; without the latter it is the folder.
    """
    found = await asyncio.to_thread(made, tuple(events), audience=audience, beside=beside or folder.path)
    for path, data in found.items():
        await replace(folder.path, path, data)


def made(events: Sequence[Event], *, audience: bool = False, beside: Path | None = None) -> dict[str, bytes]:
    """The record and the report: files by their paths below the session's folder, the record first.

    For an audience they are made from its stream of events alone: without private notes, and without what was not
    revealed. `beside`: where pictures that the report names are looked for. Raises JournalError.
    """
    view = view_of(events)
    assessment = assess(view)
    if audience:
        assessment = told(assessment, view.state)
        events = tuple(project(events, "audience"))
        view = view_of(events)
    found = {RECORD: record(events, view, assessment)}
    page = page_of(view, assessment)
    if page is None:
        return {**found, REPORT: markdown(view, assessment).encode()}
    page = replaced(page, plots=plots(page, view), audience=audience)
    page, drawings = _drawn(page, view)
    text = report(page)
    pictures = {} if beside is None else _pictures(page, beside)
    found |= {REPORT: text.encode(), **drawings}
    return {**found, PAGE: html(page, text, {**pictures, **drawings}).encode()}


def _drawn(page: Page, view: View) -> tuple[Page, dict[str, bytes]]:
    """The plots. A report that cannot be drawn is written all the same, and says so."""
    try:
        return page, drawn(page, view)
    except Exception as error:  # of a library that draws: the record of a day does not depend on it
        return replaced(page, plots=(), undrawn=repr(error)), {}


def _pictures(page: Page, folder: Path) -> dict[str, bytes]:
    """Pictures that the record names and that are there. A path that leads elsewhere is not followed."""
    found = {}
    for own in page.state.pictures:
        path = (folder / own.path).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            found[own.path] = path.read_bytes()
    return found


async def replace(folder: Path, name: str, data: bytes) -> None:
    """Writes a file below a folder in one step, 0600; folders on the way are made, 0700."""
    path = folder / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        async with aiofiles.open(fresh, "wb", opener=_private) as file:
            await file.write(data)
            await file.flush()
            await asyncio.to_thread(os.fdatasync, file.fileno())
        await aiofiles.os.replace(fresh, path)
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
