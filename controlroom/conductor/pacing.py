"""How often the sources are read: by session time, but never so often that real time could not follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from controlroom.clock import Clock
from controlroom.conductor.watchman import Watchman
from controlroom.sources.poll import Failure, Pace, poll

TIMEOUT = 15.0
"""Real seconds for one reading."""
MOST = 5.0
"""Most real seconds between two attempts while a source is away: a person waits for it."""


async def follow(
    read: Callable[[], Awaitable[bool]],
    source: str,
    watchman: Watchman,
    clock: Clock,
    *,
    every: float,
    every_real: float,
) -> None:
    """Reads, one reading after the other, at least `every` session seconds and `every_real` real seconds apart.

    `read` tells whether there was anything to ask. How the source answers is told to the watchman; a failure is
    tried again. Until cancelled.
    """

    async def pause(seconds: float) -> None:
        await clock.sleep(max(seconds, every_real * clock.rate))

    pace = Pace(every=every, timeout=TIMEOUT, most=MOST)
    async for outcome in poll(read, source, pace, pause=pause):
        if isinstance(outcome, Failure):
            watchman.failed(source, outcome.error)
            continue
        if outcome.value:
            watchman.answered(source)
