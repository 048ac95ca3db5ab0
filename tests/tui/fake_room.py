"""A room in the test's own process: it gives out the events it was fed, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from controlroom.core.events import Event, SessionClosed
from controlroom.core.intents import Accepted, Answer, Intent
from controlroom.core.playhead import History
from controlroom.room import RoomClosed, RoomInfo

TITLE = "Game Day: Inventory Service Failure Scenario"


class FakeRoom:
    """Says nothing by itself: tests feed it by hand."""

    def __init__(self, events: Iterable[Event] = (), info: RoomInfo | None = None) -> None:
        self.info = info or RoomInfo(session="fake", title=TITLE, name="robin", viewer="viewer-1")
        self.trouble = ""
        self.asked: list[Intent] = []
        self.seen: list[int] = []
        """What the person had seen, for each of the asked."""
        self.answer: Answer = Accepted(seq=1)
        self.closed = False
        self._events = list(events)
        self._news = asyncio.Condition()
        self._broken = ""

    @property
    def count(self) -> int:
        """How many events it has given out or will."""
        return len(self._events)

    @property
    def _goes_on(self) -> bool:
        return not (self._events and isinstance(self._events[-1].body, SessionClosed))

    @property
    def known(self) -> tuple[Event, ...]:
        return tuple(self._events)

    async def feed(self, *events: Event) -> None:
        async with self._news:
            self._events.extend(events)
            self._news.notify_all()

    async def cut(self, why: str) -> None:
        """The connection is lost."""
        async with self._news:
            self._broken = why
            self._news.notify_all()

    def past(self) -> History:
        """Nothing is known before it arrives."""
        return History()

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        index = 0
        while True:
            while index < len(self._events):
                if self._events[index].seq > since:
                    yield self._events[index]
                index += 1
            if not self.info.live and not (self.info.followed and self._goes_on):
                return
            async with self._news:
                if self._broken:
                    raise RoomClosed(self._broken)
                if index == len(self._events):
                    await self._news.wait()

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        self.asked.append(intent)
        self.seen.append(seen)
        return self.answer

    async def close(self) -> None:
        self.closed = True


def recorded(day: str = "2026-11-22", folder: str = "") -> RoomInfo:
    return RoomInfo(session="saved", title=TITLE, live=False, recorded=day, folder=folder)


class PastRoom(FakeRoom):
    """A recording whose past is there on being entered, as a real one's is."""

    def past(self) -> History:
        history = super().past()
        history.extend(self.known)
        return history
