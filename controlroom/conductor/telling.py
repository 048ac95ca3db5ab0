"""Tells outside what happens in the room: follows the record, and hands it to whatever way out there is.

Nothing waits for it but the end of the session, and that not for long.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from controlroom.clock import utc
from controlroom.conductor.channels import Channel, ChatChannel, MarkChannel, PictureChannel
from controlroom.conductor.context import Part
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core.columns import View
from controlroom.core.figures import assess
from controlroom.core.telling import Clock
from controlroom.core.values import changed
from controlroom.sources.outward import Chat, Dashboards
from controlroom.sources.ports import SourceError

OWN = "telling"
"""Name of this part where it fails itself."""
PATIENCE = 30.0
"""Most real seconds that the end of a session waits for its last messages and pictures."""
HURRY = 5.0
"""The same where it was interrupted."""


class Telling(Part):
    """The session as it is told in the chat and on dashboards; does nothing where there are none."""

    def __init__(
        self, recorder: Recorder, watchman: Watchman, chat: Chat | None, dashboards: Dashboards | None
    ) -> None:
        super().__init__(recorder)
        self._watchman = watchman
        self._chat = chat
        self._dashboards = dashboards
        self._channels: tuple[Channel, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._position = 0

    @property
    def wanted(self) -> bool:
        return self._chat is not None or self._dashboards is not None

    async def run(self) -> None:
        """Until cancelled; after the record is closed there is nothing more to tell."""
        self._channels = self._channels or self._opened()
        async with asyncio.TaskGroup() as group:
            self._tasks = [group.create_task(channel.run()) for channel in self._channels]
            group.create_task(self._follow())

    def _opened(self) -> tuple[Channel, ...]:
        """The ways out."""
        found: list[Channel] = []
        if self._chat is not None:
            clock = wall_clock(self.plan.zone)
            found.append(ChatChannel(self.recorder, self._watchman, self._chat, clock))
        if self._dashboards is not None:
            found.append(MarkChannel(self.recorder, self._watchman, self._dashboards))
            found.append(PictureChannel(self.recorder, self._watchman, self._dashboards))
        return tuple(found)

    async def _follow(self) -> None:
        async for _ in self.recorder.follow(self._position):
            self._take()

    def _take(self) -> None:
        """Everything that is new in the record."""
        taken_up = self.recorder.resumption.seq if self.recorder.resumption else 0
        while self._position < len(self.recorder.events):
            event = self.recorder.events[self._position]
            self._position += 1
            for channel in self._channels:
                channel.take(event, old=event.seq < taken_up)

    async def finish(self, reason: str, *, hurry: bool = False) -> None:
        """Tells the verdict and the end, and waits until all is told, at most for a while."""
        if not self._channels:
            return
        try:
            self._end(reason)
            async with asyncio.timeout(HURRY if hurry else PATIENCE):
                for channel in self._channels:
                    await channel.done()
        except TimeoutError:
            await self._give_up()
        except Exception as error:  # whatever happens here, the session is closed in good order
            unforeseen = SourceError(OWN, f"internal error: {error!r}", hint="the end was not told outside")
            self._watchman.failed(OWN, unforeseen)

    def _end(self, reason: str) -> None:
        self._take()
        view = self.recorder.view
        assessment = assess(View(changed(view.state, status="closed"), view.columns))
        at = utc(self.recorder.clock.time())
        for channel in self._channels:
            channel.end(at, assessment, reason)

    async def _give_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels:
            channel.give_up()


def wall_clock(zone: str) -> Clock:
    """Moments as the room's zone has them; where this machine does not know it, in UTC, and said so."""
    info: tzinfo = UTC
    try:
        info, mark = ZoneInfo(zone), "" if zone != "UTC" else " UTC"
    except (KeyError, ValueError, OSError):
        mark = " UTC"

    def told(at: datetime) -> str:
        return f"{at.astimezone(info):%H:%M:%S}{mark}"

    return told
