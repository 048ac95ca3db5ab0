"""A piece of work that several wait for, each for a while; it goes on when they give up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from controlroom.sources.ports import SourceError

REST = 1.0
"""Real seconds after a failure in which the work is not begun again: its error is what there is to say."""


class SharedWork:
    """One run at a time of `work`, which raises SourceError where it fails."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._task: asyncio.Task[SourceError | None] | None = None
        self._began = 0.0
        self._failed: SourceError | None = None
        self._failed_at = 0.0

    @property
    def lasting(self) -> float:
        """Real seconds since the run under way began; 0: there is none."""
        return time.monotonic() - self._began if self._task is not None and not self._task.done() else 0.0

    def begin(self) -> None:
        """Begins a run, unless one is under way."""
        if self._task is None or self._task.done():
            self._began = time.monotonic()
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> SourceError | None:
        self._failed = None
        try:
            await self._work()
        except SourceError as error:
            self._failed, self._failed_at = error, time.monotonic()
        return self._failed

    async def wait(self, patience: float, *, again: bool = False) -> bool:
        """Waits for the run under way, or for a new one; False: it lasts longer than `patience` real seconds.

        Raises its SourceError. One that failed just now is not begun again, but with `again`.
        """
        if self._failed is not None and not again and time.monotonic() - self._failed_at < REST:
            raise self._failed
        self.begin()
        task = self._task
        assert task is not None
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            return False
        # Another who waited may have begun the next run meanwhile: this one's outcome is asked for.
        if (error := task.result()) is not None:
            raise error
        return True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
