"""A room that is a saved session: all its events at once, and nothing in it happens now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from controlroom.core.events import Event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent, Refused


class RecordedRoom:
    """The Room protocol over a record."""

    def __init__(self, info: RoomInfo, events: Sequence[Event]) -> None:
        self.info = info
        self._events = events

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        for event in self._events:
            if event.seq > since:
                yield event

    async def submit(self, intent: Intent) -> Answer:
        return Refused(reason="this is a recording: nothing here is live", hint="rehearse to act")

    async def close(self) -> None:
        """Nothing to leave behind."""
