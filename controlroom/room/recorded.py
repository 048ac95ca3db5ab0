"""A room that is a saved session: its past is there at once, and nothing can be done in it.

A session that is still being recorded may be looked at so, too: its journal is read as it grows, by nobody that its
host knows of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from controlroom.core.events import Event, SessionClosed
from controlroom.core.events.envelope import Line
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent, Refused
from controlroom.core.playhead import History
from controlroom.journal.folder import SessionFolder
from controlroom.journal.loading import JournalReading
from controlroom.journal.reader import JournalError
from controlroom.room.protocol import RoomClosed

EVERY = 0.5
"""Real seconds between two looks at a journal that grows."""


class RecordedRoom:
    """The Room protocol over a record. `reading` stands where `past` ends."""

    def __init__(self, info: RoomInfo, past: History, reading: JournalReading, folder: SessionFolder) -> None:
        self.info = info
        self.trouble = ""
        self._past = past
        self._reading = reading
        self._folder = folder

    def past(self) -> History:
        return self._past

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        reading = self._reading if since >= self._past.head.seq else JournalReading(self._folder.journal)
        goes_on = self.info.followed
        while True:
            for event in await asyncio.to_thread(_new, reading):
                if event.seq > since:
                    yield event
                goes_on = goes_on and not isinstance(event.body, SessionClosed)
            if not goes_on:
                return
            # What its host wrote last is read once more after it has gone.
            goes_on = await asyncio.to_thread(self._folder.host) is not None
            if goes_on:
                await asyncio.sleep(EVERY)

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        if self.info.followed:
            hint = f"controlroom attach {self.info.session} takes a seat in it"
            return Refused(reason="this only reads along: nothing here acts", hint=hint)
        return Refused(reason="this is a recording: nothing here is live", hint="rehearse to act")

    async def close(self) -> None:
        """Nothing to leave behind."""


def _new(reading: JournalReading) -> list[Event]:
    try:
        if not reading.grown:
            return []
        return [own.event() if isinstance(own, Line) else own for block in reading.blocks() for own in block]
    except OSError as error:
        raise RoomClosed(f"the journal is gone: {error.strerror}") from error
    except JournalError as error:
        raise RoomClosed(str(error)) from error


def open_recorded(folder: SessionFolder) -> RecordedRoom:
    """The room of a saved session, or of one that is still recorded.

    Raises JournalError where its journal cannot be read, or opens no session.
    """
    followed = folder.host() is not None
    past, reading = History(), JournalReading(folder.journal)
    reading.into(past)
    opened, began = past.head.opened, past.head.opened_at
    if opened is None or began is None or past.first != 1:
        raise JournalError(f"{folder.journal} does not begin with session.opened")
    info = RoomInfo(
        session=folder.name,
        title=opened.plan.title,
        live=False,
        folder=str(folder.path),
        recorded=f"{began:%Y-%m-%d}",
        followed=followed and past.head.status != "closed",
    )
    return RecordedRoom(info, past, reading, folder)
