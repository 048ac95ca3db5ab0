"""What every room can do. A screen knows no more than this, and never asks which kind it stands in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from controlroom.core.events import Event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent
from controlroom.core.playhead import History


class RoomClosed(Exception):
    """The room is no more; the message says why."""


class Room(Protocol):
    @property
    def info(self) -> RoomInfo: ...

    @property
    def trouble(self) -> str:
        """Why nothing arrives for the time being, though the room may come back by itself; empty: all is well."""
        ...

    def past(self) -> History:
        """What the room knows on being entered, folded; who enters goes on with it. Most know nothing yet."""
        ...

    def events(self, since: int = 0) -> AsyncIterator[Event]:
        """All events with seq > since in order, then the live ones; ends when the session is closed.

        A connection that is lost and found again shows in `trouble` alone: no event is missed or doubled. Raises
        :class:`RoomClosed` where the room is gone for good.
        """
        ...

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        """Answered when it is on disk, or refused with the reason.

        `seen`: seq of the newest event that the person had seen when the question was opened; 0: not said. An
        intent that rests on a state which somebody else has changed since is refused. Raises
        :class:`RoomClosed` where no answer can be had: then it is not known whether it was done.
        """
        ...

    async def close(self) -> None:
        """Leaves the room; the session goes on."""
        ...
