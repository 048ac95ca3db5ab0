"""The one poll loop: readings that never overlap, time out, back off, and say when they fail and recover."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from controlroom.sources.ports import SourceError

T = TypeVar("T")

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What was read. `away`: real seconds since the first failure before it, where there was one."""

    value: T
    away: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The `attempt`-th failure in a row; the next reading begins `again` real seconds later."""

    error: SourceError
    attempt: int
    again: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how patiently.

    `every`: seconds from the end of a reading to the next (session time). `timeout`: real seconds for one
    reading. `first` and `most`: real seconds of back-off after the first failure, doubled up to the cap.
    """

    every: float
    timeout: float = 10.0
    first: float = 0.5
    most: float = 30.0

    def back_off(self, attempt: int, asked: float | None, spread: float) -> float:
        """Real seconds to wait after the `attempt`-th failure in a row (from 1).

        `asked`: what the server wants us to wait; it wins where it is longer, though never over twice the
        cap. `spread`: 0 to 1, how much of a fifth is added so that several loops do not return at once.
        """
        own = min(self.first * 2.0 ** min(attempt - 1, 30), self.most) * (1.0 + 0.2 * spread)
        return max(own, min(asked or 0.0, 2.0 * self.most))


async def poll(
    read: Callable[[], Awaitable[T]],
    source: str,
    pace: Pace,
    *,
    pause: Pause = asyncio.sleep,
    back_off: Pause = asyncio.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    spread: Callable[[], float] = random.random,
) -> AsyncIterator[Reading[T] | Failure]:
    """Reads for ever, one reading at a time; the next begins when the last has ended and been taken.

    `pause` waits in session time between readings, `back_off` in real time after a failure. What is not a
    SourceError or a time-out is an error of ours and is raised. Cancelling ends the reading under way.
    """
    attempt = 0
    failed_at = 0.0
    while True:
        try:
            async with asyncio.timeout(pace.timeout):
                value = await read()
        except (SourceError, TimeoutError) as error:
            attempt += 1
            failed_at = monotonic() if attempt == 1 else failed_at
            known = error if isinstance(error, SourceError) else _late(source, pace.timeout)
            again = pace.back_off(attempt, known.retry_after, spread())
            yield Failure(known, attempt, again)
            await back_off(again)
            continue
        away = monotonic() - failed_at if attempt else None
        attempt = 0
        yield Reading(value, away)
        await pause(pace.every)


def _late(source: str, seconds: float) -> SourceError:
    return SourceError(
        source,
        f"no reading from {source} within {seconds:g} s",
        hint="It hangs or is overloaded; it is asked again.",
    )
