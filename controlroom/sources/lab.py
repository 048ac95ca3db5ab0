"""The lab's control address: its clock, which a rehearsal follows, its load, its responder, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from controlroom.clock import ScaledClock
from controlroom.core.values import Value
from controlroom.sources.http import JsonClient, decoded
from controlroom.sources.ports import SourceError

SOURCE = "lab"

FOLLOW_EVERY = 0.1
"""Real seconds between two readings of the lab's clock."""

READ_WITHIN = 0.5
"""Real seconds in which the lab must tell its time: a clock that is late is none."""

LOST_AFTER = 10
"""Readings in a row that fail before our clock is held: without the lab there is no time."""

Tell = Callable[[SourceError | None], None]
"""Is told why the lab is lost, and None when it is back."""


class LabTime(Value):
    """Virtual now, Unix seconds, and how many of them pass in one real second."""

    now: float
    rate: float


class LabStatus(Value):
    """What of the lab's own status is of use here."""

    load: bool


class LabControl:
    """Follows the lab's clock from :meth:`start` to :meth:`close`, and sends what a rehearsal may change.

    `pause` waits between two readings, in real seconds.
    """

    def __init__(
        self, url: str, *, timeout: float = 5.0, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._http = JsonClient(SOURCE, url, timeout=timeout)
        self._pause = pause
        self._clock: ScaledClock | None = None
        self._following: asyncio.Task[None] | None = None
        self._failures = 0
        self._tell: Tell | None = None
        self._ended: SourceError | None = None

    @property
    def lost(self) -> bool:
        """The lab has ceased to tell its time; the session's clock is held."""
        return self._ended is not None or self._failures >= LOST_AFTER

    @property
    def over(self) -> bool:
        """The lab has ended and will not come back."""
        return self._ended is not None

    def watch(self, tell: Tell) -> None:
        """From now on `tell` hears when the lab is lost and when it is back."""
        self._tell = tell
        if self._ended is not None:
            tell(self._ended)

    def ended(self, why: str) -> None:
        """Its process is gone (`why` says how): the session's clock is held for good."""
        if self._following is not None:
            self._following.cancel()
        if self._clock is not None:
            self._clock.set_rate(0.0)
        hint = "The rehearsal cannot go on: end the session; its record is kept. lab.log may say more."
        self._ended = SourceError(SOURCE, f"the lab {why}", hint=hint)
        self._say(self._ended)

    def _say(self, error: SourceError | None) -> None:
        if self._tell is not None:
            self._tell(error)

    async def start(self) -> ScaledClock:
        """The session's clock, which follows the lab's from now on. Raises SourceError."""
        first = await self._http.get("/clock", LabTime)
        self._clock = ScaledClock(first.now, first.rate)
        self._following = asyncio.create_task(self._follow(self._clock), name="lab clock")
        return self._clock

    async def _follow(self, clock: ScaledClock) -> None:
        while True:
            await self._pause(FOLLOW_EVERY)
            try:
                async with asyncio.timeout(READ_WITHIN):
                    reading = await self._http.get("/clock", LabTime)
            except (SourceError, TimeoutError):
                self._failures += 1
                if self._failures == LOST_AFTER:
                    clock.set_rate(0.0)
                    hint = "The session's clock is held until it does, or until the session is ended."
                    self._say(SourceError(SOURCE, "the lab does not tell its time", hint=hint))
                continue
            if self.lost:
                self._say(None)
            self._failures = 0
            clock.follow(reading.now, reading.rate)

    async def set_rate(self, rate: float) -> None:
        """Virtual seconds in one real second; 0 holds. Raises SourceError."""
        reading = decoded(await self._http.change("PUT", "/clock", {"rate": rate}), LabTime)
        if self._clock is not None:
            self._clock.follow(reading.now, reading.rate)

    async def set_load(self, running: bool) -> None:
        await self._http.change("PUT", "/load", {"running": running})

    async def load(self) -> bool:
        """Whether its load runs. Raises SourceError."""
        return (await self._http.get("/status", LabStatus)).load

    async def set_responder(self, on: bool) -> None:
        """The scripted on-call."""
        await self._http.change("PUT", "/responder", {"on": on})

    async def stop(self) -> None:
        """Ends the lab."""
        await self._http.change("POST", "/stop")

    async def close(self) -> None:
        """Ceases to follow; the lab goes on."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
            self._following = None
        await self._http.close()
