"""A room in the same process as its conductor: for tests and for headless days."""

from __future__ import annotations

from collections.abc import AsyncIterator

from controlroom.conductor.conductor import Conductor
from controlroom.core.events import Actor, Event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent
from controlroom.core.playhead import History


class LocalRoom:
    """The Room protocol without a socket between."""

    def __init__(self, conductor: Conductor, info: RoomInfo, name: str = "") -> None:
        self._conductor = conductor
        self.info = info
        self.trouble = ""
        self._actor = Actor(role=info.seat, name=name)

    def past(self) -> History:
        return History()

    def events(self, since: int = 0) -> AsyncIterator[Event]:
        return self._conductor.recorder.follow(since)

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        return await self._conductor.submit(intent, self._actor, seen)

    async def close(self) -> None:
        """The session goes on without this room."""
