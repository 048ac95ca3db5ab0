"""What every room can do. A screen knows no more than this, and never asks which kind it stands in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from controlroom.core.events import Event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent


class RoomClosed(Exception):
    """The room is no more; the message says why."""


class Room(Protocol):
    @property
    def info(self) -> RoomInfo: ...

    def events(self, since: int = 0) -> AsyncIterator[Event]:
        """All events with seq > since in order, then the live ones; ends when the session is closed.

        Raises :class:`RoomClosed` where the connection is lost.
        """
        ...

    async def submit(self, intent: Intent) -> Answer:
        """Answered when it is on disk, or refused with the reason; raises :class:`RoomClosed`."""
        ...

    async def close(self) -> None:
        """Leaves the room; the session goes on."""
        ...
