"""The folder of a game day's findings: `chaos-results/SESSION/`, or the parts of it that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from controlroom.core.columns import View
from controlroom.core.events import Event, NoteEdited, NoteWritten
from controlroom.core.figures import assess
from controlroom.core.hiding import Net
from controlroom.core.projection import project
from controlroom.core.values import changed
from controlroom.journal.export import actions, samples
from controlroom.journal.export.annotations import as_annotations
from controlroom.journal.export.calendar import BadDay, next_day, parse_day
from controlroom.journal.folder import REPORT
from controlroom.journal.reader import JournalError
from controlroom.journal.report.audience import told
from controlroom.journal.report.making import made, view_of
from controlroom.journal.report.page import Page, page_of

Files = dict[str, bytes]


class ExportError(ValueError):
    """Something that cannot be exported; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an export is made from."""

    events: Sequence[Event]
    page: Page
    view: View
    folder: Path
    next: str
    """When the next game day is; empty: not known."""


def _report(source: Source) -> Files:
    found = made(source.events, audience=source.page.audience, beside=source.folder)
    pictures = {
        own.path: (source.folder / own.path).read_bytes()
        for own in source.page.state.pictures
        if (source.folder / own.path).resolve().is_relative_to(source.folder.resolve())
        and (source.folder / own.path).is_file()
    }
    # A forge shows the README of a folder that is looked at.
    return {("README.md" if path == REPORT else path): data for path, data in found.items()} | pictures


def _calendar(source: Source) -> Files:
    if not source.next:
        raise ExportError("when is the next game day? Add --next 2026-12-15, or --next '2026-12-15 14:00'")
    try:
        return {"next-game-day.ics": next_day(source.page, parse_day(source.next, source.page))}
    except BadDay as error:
        raise ExportError(str(error)) from error


def _prometheus(source: Source) -> Files:
    found = {"samples.om": samples.as_openmetrics(source.page, source.view)}
    return found if source.page.audience else {**found, "recording-rules.yaml": samples.as_rules(source.page)}


FORMS: dict[str, Callable[[Source], Files]] = {
    "report": _report,
    "actions": lambda source: {"action-items.csv": actions.as_table(source.page)},
    "github": lambda source: actions.for_github(source.page),
    "jira": lambda source: {"jira.csv": actions.for_jira(source.page)},
    "ics": _calendar,
    "csv": lambda source: {"samples.csv": samples.as_table(source.page, source.view)},
    "columns": lambda source: {"columns.json": samples.as_columns(source.page, source.view)},
    "openmetrics": _prometheus,
    "grafana": lambda source: {"annotations.json": as_annotations(source.page)},
}
"""What can be asked for, by name."""

_PEOPLES = frozenset({"actions", "github", "jira", "ics"})
"""Made of what an audience is never shown."""


def export(
    events: Sequence[Event],
    folder: Path,
    forms: Collection[str] = (),
    *,
    audience: bool = False,
    when: str = "",
) -> Files:
    """Files by their paths; without `forms` all that can be made. `folder`: the session's, for its pictures. `when`:
    the day of the next one.

    Raises :class:`ExportError`, or JournalError where the events are no session.
    """
    events = _shared(events)
    view = view_of(events)
    assessment = assess(view)
    if audience:
        assessment = told(assessment, view.state)
        view = view_of(project(events, "audience"))
    page = page_of(view, assessment)
    if page is None:
        raise JournalError("the journal does not begin with session.opened")
    page = Page(page.state, page.plan, assessment, page.times, audience=audience)
    if audience and (asked := sorted(_PEOPLES & set(forms))):
        raise ExportError(
            f"an audience is shown no action items: leave out --audience, or {', '.join(asked)}"
        )
    source = Source(events, page, view, folder, when)
    wanted = forms or [
        name for name in FORMS if not (audience and name in _PEOPLES) and not (name == "ics" and not when)
    ]
    found: Files = {}
    for name in wanted:
        found |= FORMS[name](source)
    return found


def _shared(events: Sequence[Event]) -> tuple[Event, ...]:
    """Results are for others to read: of a private note its text is left out, that it was written is not.

    A record of a version that had no net for secrets yet goes through it now.
    """
    net = Net()
    return tuple(
        changed(event, body=changed(event.body, text=""))
        if isinstance(event.body, NoteWritten | NoteEdited) and event.body.private
        else net.event(event)
        for event in events
    )


def folder_name(events: Sequence[Event]) -> str:
    """Of the session's results: its name, as far as it can be one of a folder."""
    session = str(getattr(events[0].body, "session", "")) if events else ""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in session) or "session"
