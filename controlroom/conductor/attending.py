"""A room without a facilitator: what the plan's `vanished` says comes of it, after a countdown on record.

The countdown is real time, in a rehearsal too: it is for people who lost their line. Whatever the policy,
faults that have no end of their own are not left alone for longer than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.clock import Clock, WallClock
from controlroom.conductor.context import Part
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e

ARRIVING = 30.0
"""Real seconds that the first facilitator has to take the seat once the session is open."""


class Attending(Part):
    """Watches the facilitators' seats; `halt(reason)` and `end(run)` are what it may do."""

    def __init__(
        self,
        recorder: Recorder,
        halt: Callable[[str], Awaitable[None]],
        end: Callable[[str], Awaitable[None]],
        wall: Clock | None = None,
    ) -> None:
        super().__init__(recorder)
        self._halt = halt
        self._end = end
        self._wall = wall or WallClock()
        self._came = False
        """A facilitator was here once."""
        self._alone_since: float | None = None
        self._acted = False

    async def run(self) -> None:
        """Until cancelled."""
        opened = self._wall.monotonic()
        while True:
            self._notice(opened)
            if (left := self._left(opened)) is not None and left <= 0:
                await self._act()
                continue
            await self._news_or(left)

    async def _news_or(self, seconds: float | None) -> None:
        """Waits for the next event, or for so many real seconds."""
        waiting = [asyncio.create_task(self.recorder.changed())]
        if seconds is not None:
            waiting.append(asyncio.create_task(self._wall.sleep(seconds)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def _notice(self, opened: float) -> None:
        """Somebody came, or the last one went."""
        if any(viewer.seat == "facilitator" for viewer in self.state.viewers.values()):
            self._came = True
            if self.state.unattended is not None:
                self._over(halted=False)
            self._alone_since, self._acted = None, False
        elif self._alone_since is None and (self._came or self._wall.monotonic() - opened >= ARRIVING):
            self._alone_since = self._wall.monotonic()
            vanished = self.plan.vanished
            self.recorder.record(e.UnattendedBegan(policy=vanished.policy, after=vanished.after))

    def _left(self, opened: float) -> float | None:
        """Real seconds to the next thing that is to be done here; None: only a change of seats would be."""
        if self._alone_since is not None:
            return (
                None if self._acted else self._alone_since + self.plan.vanished.after - self._wall.monotonic()
            )
        return None if self._came else opened + ARRIVING - self._wall.monotonic()

    async def _act(self) -> None:
        """The countdown is over."""
        if self._alone_since is None:
            return
        self._acted = True
        if self.plan.vanished.policy == "halt":
            self._over(halted=True)
            await self._halt(f"unattended for {self.plan.vanished.after:.0f} s")
            return
        for run in self.state.running:
            if run.unbounded:
                await self._end(run.id)

    def _over(self, *, halted: bool) -> None:
        seconds = round(self._wall.monotonic() - (self._alone_since or self._wall.monotonic()), 3)
        self.recorder.record(e.UnattendedEnded(seconds=seconds, halted=halted))
