"""A room that is a saved session: all its events at once, and nothing in it happens now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from controlroom.core.events import Event, SessionOpened
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent, Refused
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError, read_events


class RecordedRoom:
    """The Room protocol over a record."""

    def __init__(self, info: RoomInfo, events: Sequence[Event]) -> None:
        self.info = info
        self.trouble = ""
        self._events = events

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        for event in self._events:
            if event.seq > since:
                yield event

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        return Refused(reason="this is a recording: nothing here is live", hint="rehearse to act")

    async def close(self) -> None:
        """Nothing to leave behind."""


def open_recorded(folder: SessionFolder) -> RecordedRoom:
    """The room of a saved session. Raises JournalError where its journal cannot be read, or opens no session."""
    events = read_events(folder.journal)
    opened = events[0].body if events else None
    if not isinstance(opened, SessionOpened):
        raise JournalError(f"{folder.journal} does not begin with session.opened")
    info = RoomInfo(
        session=folder.name,
        title=opened.plan.title,
        live=False,
        folder=str(folder.path),
        recorded=f"{events[0].at:%Y-%m-%d}",
    )
    return RecordedRoom(info, events)
