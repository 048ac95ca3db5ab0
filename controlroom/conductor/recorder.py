"""The one event log of a session, as it is being written: numbers, chains, folds, hands out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from controlroom.clock import Clock, utc
from controlroom.core.columns import Columns, View
from controlroom.core.events import (
    Actor,
    Body,
    Event,
    Samples,
    SessionOpened,
    SessionResumed,
    digest,
    encode_event,
)
from controlroom.core.fold import apply
from controlroom.core.gap import Gap, gap_after
from controlroom.core.hiding import Net
from controlroom.core.state import State

HOST = Actor(role="host")
SOURCE = Actor(role="source")

NOT_YET = "not yet on disk"
RESUMING = 5.0
"""Most real seconds that a resumption waits for the disk: a halt may be waiting behind it."""


class Journal(Protocol):
    """What the lines go to (:class:`controlroom.journal.writer.JournalWriter`)."""

    def append(self, line: bytes, *, durable: bool = False) -> Future[bool] | None:
        """For a durable line the future tells whether it is on disk."""
        ...


class Recorder:
    """Everything that happens goes through :meth:`record`; nothing else changes the state.

    `t` of an event counts from the first one on the clock's monotonic time, and never goes back. A host that died
    took its monotonic time with it: across a resumption `t` counts by UTC. What goes in has been through `net`: no
    secret is in the state, in the journal, or in what viewers are told.
    """

    def __init__(self, clock: Clock, writer: Journal, net: Net | None = None) -> None:
        self.clock = clock
        self._net = net or Net()
        self.state = State()
        self.columns: Columns | None = None
        self.events: list[Event] = []
        self.lines: list[bytes] = []
        self._writer = writer
        self._start: float | None = None
        self._prev = ""
        self._news = asyncio.Event()
        self._closed = False
        self.resumption: Event | None = None
        """Where this host took the record up from one that died; None: it began it."""

    def take_up(self, events: Iterable[Event], lines: Iterable[bytes]) -> Gap:
        """Goes on with what another host wrote: numbers, chain and `t` follow from its last event.

        Returns how long nobody kept the record; :meth:`resumed` says so.
        """
        for event, line in zip(events, lines, strict=True):
            self.events.append(event)
            self.lines.append(line)
            self._fold(event)
        self._prev = digest(self.lines[-1])
        gap = gap_after(self.events, self.clock.time())
        self._start = self.clock.monotonic() - self.state.t - gap.seconds
        return gap

    async def resumed(self, body: SessionResumed) -> None:
        """Marks the gap, before anything else is recorded."""
        self.resumption, _ = await self.durably(body, patience=RESUMING)

    @property
    def past(self) -> list[Event]:
        """What other hosts wrote before this one took the session up; empty: it began it."""
        return self.events[: self.resumption.seq - 1] if self.resumption is not None else []

    def now(self) -> float:
        """Session seconds."""
        if self._start is None:
            return 0.0
        return max(self.state.t, self.clock.monotonic() - self._start)

    @property
    def view(self) -> View:
        assert self.columns is not None, "the session is not open yet"
        return View(self.state, self.columns)

    def record(
        self, body: Body, *, actor: Actor = HOST, at: datetime | None = None, clock: str = "host"
    ) -> Event:
        """Adds an event now; it is on disk within a second."""
        event, line = self._add(body, actor, at, clock)
        self._writer.append(line)
        return event

    async def durably(
        self,
        body: Body,
        *,
        actor: Actor = HOST,
        at: datetime | None = None,
        clock: str = "host",
        patience: float | None = None,
    ) -> tuple[Event, bool]:
        """Adds an event and waits for the disk, at most `patience` real seconds; tells whether it is there."""
        event, line = self._add(body, actor, at, clock)
        answer = self._writer.append(line, durable=True)
        assert answer is not None
        try:
            async with asyncio.timeout(patience):
                return event, await asyncio.shield(asyncio.wrap_future(answer))
        except TimeoutError:
            return event, False

    def _add(self, body: Body, actor: Actor, at: datetime | None, clock: str) -> tuple[Event, bytes]:
        if self._start is None:
            self._start = self.clock.monotonic()
        event = Event(
            seq=len(self.events) + 1,
            t=round(self.now(), 6),
            at=at or utc(self.clock.time()),
            clock=clock,
            actor=actor,
            prev=self._prev,
            body=body,
        )
        event = self._net.event(event)
        line = encode_event(event)
        self._prev = digest(line)
        self.events.append(event)
        self.lines.append(line)
        self._fold(event)
        news, self._news = self._news, asyncio.Event()
        news.set()
        return event, line

    def _fold(self, event: Event) -> None:
        body = event.body
        if isinstance(body, SessionOpened):
            self.columns = Columns(len(body.plan.metrics), round(body.plan.sampling.step))
        elif isinstance(body, Samples) and self.columns is not None:
            self.columns.absorb(body)
        self.state = apply(self.state, event)

    async def follow(self, since: int = 0) -> AsyncIterator[Event]:
        """All events after `since`, then each new one; ends when the log is closed."""
        position = since
        while True:
            while position < len(self.events):
                position += 1
                yield self.events[position - 1]
            if self._closed:
                return
            await self._news.wait()

    async def changed(self) -> None:
        """Waits for the next event."""
        await self._news.wait()

    @property
    def closed(self) -> bool:
        """Whether no more events will come."""
        return self._closed

    def close(self) -> None:
        """No more events will come; followers end."""
        self._closed = True
        self._news.set()
