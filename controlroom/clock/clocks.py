"""Three clocks behind one protocol."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, date, datetime
from typing import Protocol


def utc(seconds: float) -> datetime:
    """The aware UTC time of `seconds` since the Unix epoch."""
    return datetime.fromtimestamp(seconds, UTC)


class Clock(Protocol):
    """Session time."""

    @property
    def rate(self) -> float:
        """Seconds of session time in one real second; 0 while the clock is held."""
        ...

    def time(self) -> float:
        """Seconds since the Unix epoch, UTC; may be corrected, so never used for order or duration."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits for that much session time; returns at once for zero or less."""
        ...


class WallClock:
    """The machine's own clocks."""

    rate = 1.0

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """Virtual time: runs `rate` times as fast as real time from an anchor, and is re-anchored without going back.

    The owner of virtual time sets it with :meth:`set_rate` and :meth:`slow_to`; a follower keeps to the
    owner's published readings with :meth:`follow`. Neither ever skips: what is late comes later.
    """

    #: A sleeper looks again after this many real seconds, as the rate may have changed meanwhile.
    LOOK_AGAIN = 0.25

    def __init__(self, start: float, rate: float = 1.0) -> None:
        self._rate = rate
        self._anchor_real = time.monotonic()
        self._anchor_virtual = start
        self._floor = start
        self._changed = asyncio.Event()

    @property
    def rate(self) -> float:
        return self._rate

    def time(self) -> float:
        now = self._anchor_virtual + (time.monotonic() - self._anchor_real) * self._rate
        self._floor = max(self._floor, now)
        return self._floor

    def monotonic(self) -> float:
        return self.time()

    def set_rate(self, rate: float) -> None:
        """From now on time runs `rate` times as fast; 0 holds it."""
        self._anchor(self.time(), rate)

    def slow_to(self, now: float) -> None:
        """The world has only got as far as `now`: time goes on from there."""
        self._floor = min(self._floor, now)
        self._anchor(now, self._rate)

    def follow(self, now: float, rate: float) -> None:
        """Keeps to the owner's reading. Being ahead of it, this clock waits rather than goes back."""
        self._anchor(now, rate)

    def _anchor(self, virtual: float, rate: float) -> None:
        self._anchor_virtual, self._anchor_real, self._rate = virtual, time.monotonic(), rate
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def sleep(self, seconds: float) -> None:
        until = self.time() + seconds
        while (left := until - self.time()) > 0:
            pause = min(left / self._rate, self.LOOK_AGAIN) if self._rate > 0 else self.LOOK_AGAIN
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue


class HeldClock:
    """Stands still until a test moves it; wakes sleepers in the order of their times."""

    rate = 1.0

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float, turns: int = 20) -> None:
        """Moves on by `seconds`; after each waking the loop runs `turns` times so that the woken can work."""
        until = self._now + seconds
        for _ in range(turns):
            await asyncio.sleep(0)
        while self._sleepers and self._sleepers[0][0] <= until:
            self._now, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                waiter.set_result(None)
            for _ in range(turns):
                await asyncio.sleep(0)
        self._now = until
        for _ in range(turns):
            await asyncio.sleep(0)


def day_in(seconds: float, zone: str) -> date:
    """The date at `seconds` since the Unix epoch in that zone of the IANA database; in UTC where it is unknown."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return utc(seconds).astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return utc(seconds).date()
