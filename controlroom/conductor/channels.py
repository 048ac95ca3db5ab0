"""The ways out of the room: each works through what it is given, in a task of its own, and keeps nobody waiting.

What fails is tried a few times, with the reason on record at once, and then given up, which is on record as well.
All pauses are real seconds.
"""

from __future__ import annotations

import asyncio
import heapq
import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core.assessment import Assessment
from controlroom.core.events import Event, PictureTaken, ToldOutward
from controlroom.core.events.outward import CHAT, GRAFANA, PICTURES
from controlroom.core.plan import Panel, Plan
from controlroom.core.telling import Clock, Mark, Marks, Message, Messages, Shot, Shots
from controlroom.sources.outward import Chat, Dashboards
from controlroom.sources.ports import SourceError

T = TypeVar("T")

AGAIN = (1.0, 5.0)
"""Before what failed is tried again."""
LONGEST = 30.0
"""The longest pause that a server may ask for."""
MOST = 50
"""Messages that may wait; of more the oldest is given up."""


class Channel(Part):
    """Base: a queue, and a task that works through it. `source` is the name under which its failures are told."""

    source = ""

    def __init__(self, recorder: Recorder, watchman: Watchman) -> None:
        super().__init__(recorder)
        self._watchman = watchman
        self._work = asyncio.Event()
        self._rest = asyncio.Event()
        self._rest.set()

    @property
    def opened(self) -> Plan:
        """The plan as the session was opened with it: who listens does not change in mid-day."""
        assert self.state.opened is not None, "the session is not open yet"
        return self.state.opened.plan

    def take(self, event: Event, *, old: bool) -> None:
        """Looks at one more event of the log; `old`: another host wrote it, and told of it as far as it could."""
        raise NotImplementedError

    def end(self, at: datetime, assessment: Assessment, reason: str) -> None:
        """The session ends."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Says of what still waits that it was not told."""
        raise NotImplementedError

    async def _one(self) -> bool:
        """Does the next thing; false: there is none."""
        raise NotImplementedError

    async def run(self) -> None:
        """Until cancelled."""
        self._work.set()
        while True:
            await self._work.wait()
            self._work.clear()
            while await self._one():
                pass
            if not self._work.is_set():
                self._rest.set()

    async def done(self) -> None:
        """Waits until nothing is left to do."""
        await self._rest.wait()

    def _wake(self) -> None:
        self._rest.clear()
        self._work.set()

    async def _tried(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """What it gives; None: it failed every time, or so that another attempt would fail as well."""
        for pause in (*AGAIN, None):
            try:
                found = await work()
            except SourceError as error:
                self._watchman.failed(self.source, error)
                if pause is None or _hopeless(error):
                    return None
                await asyncio.sleep(min(error.retry_after or pause, LONGEST))
            else:
                self._watchman.answered(self.source)
                return found
        return None


def _hopeless(error: SourceError) -> bool:
    status = error.status or 0
    return 400 <= status < 500 and status not in (408, 429)


class ChatChannel(Channel):
    """Messages, in the order of what happened; a halt goes before what waits."""

    source = CHAT

    def __init__(self, recorder: Recorder, watchman: Watchman, chat: Chat, clock: Clock) -> None:
        super().__init__(recorder, watchman)
        self._chat = chat
        self._messages = Messages(self.opened.chat.audience, clock)
        self._waiting: list[tuple[bool, int, Message]] = []
        self._number = 0

    async def run(self) -> None:
        try:
            await self._chat.open()
        except SourceError as error:  # said at the beginning, not with the first message that is lost
            self._watchman.failed(self.source, error)
        await super().run()

    def take(self, event: Event, *, old: bool) -> None:
        messages = self._messages.take(event)
        if not old:
            self._queue(messages)

    def end(self, at: datetime, assessment: Assessment, reason: str) -> None:
        self._queue(self._messages.last(assessment, reason, at))

    def _queue(self, messages: list[Message]) -> None:
        for message in messages:
            if message.about in self.plan.chat.tell:
                self._number += 1
                heapq.heappush(self._waiting, (not message.urgent, self._number, message))
                self._wake()
        while len(self._waiting) > MOST:
            oldest = min(self._waiting, key=lambda own: (not own[0], own[1]))
            self._waiting.remove(oldest)
            heapq.heapify(self._waiting)
            self._record(oldest[2], told=False)

    async def _one(self) -> bool:
        if not self._waiting:
            return False
        own = heapq.heappop(self._waiting)
        message = own[-1]

        async def say() -> bool:
            await self._chat.say(f"Game day: {self.plan.title}", message.text, message.tone)
            return True

        try:
            told = await self._tried(say)
        except asyncio.CancelledError:
            heapq.heappush(self._waiting, own)
            raise
        self._record(message, told=told is not None)
        return True

    def give_up(self) -> None:
        for *_, message in sorted(self._waiting):
            self._record(message, told=False)
        self._waiting.clear()

    def _record(self, message: Message, *, told: bool) -> None:
        body = ToldOutward(channel="chat", about=message.about, text=message.text, told=told)
        self.recorder.record(body, actor=HOST)


class MarkChannel(Channel):
    """Stretches on dashboards: placed when they begin, or whole when they are known only later, and given their end."""

    source = GRAFANA

    def __init__(self, recorder: Recorder, watchman: Watchman, dashboards: Dashboards) -> None:
        super().__init__(recorder, watchman)
        self._dashboards = dashboards
        self._marks = Marks(self.opened.grafana.audience)
        self._wanted: dict[str, Mark] = {}
        self._placed: dict[str, tuple[str, datetime | None]] = {}
        """The server's number of each mark, and the end it was given."""
        self._unsure: set[str] = set()
        """Marks that may be there though nobody said so."""

    def take(self, event: Event, *, old: bool) -> None:
        body = event.body
        if isinstance(body, ToldOutward) and old and body.told and body.reference:
            self._placed[body.name] = (body.reference, body.end)
        self._want(self._marks.take(event))
        if old:  # its host may have died before it had heard of the answer
            self._unsure |= self._wanted.keys()

    def end(self, at: datetime, assessment: Assessment, reason: str) -> None:
        self._want(self._marks.end(at))

    def _want(self, marks: list[Mark]) -> None:
        for mark in marks:
            if mark.about in self.plan.grafana.mark:
                self._wanted[mark.name] = mark
                self._wake()

    async def _one(self) -> bool:
        if not self._wanted:
            return False
        mark = self._wanted.pop(next(iter(self._wanted)))
        if (placed := self._placed.get(mark.name)) is not None and placed[1] == mark.end:
            return True  # it stands as it should: a host before this one has told it
        try:
            reference = await self._tried(lambda: self._place(mark))
        except asyncio.CancelledError:
            self._wanted.setdefault(mark.name, mark)
            raise
        if reference is not None:
            self._placed[mark.name] = (reference, mark.end)
        self._record(mark, reference)
        return True

    async def _place(self, mark: Mark) -> str:
        reference, _ = self._placed.get(mark.name, ("", None))
        if not reference and mark.name in self._unsure:
            reference = await self._dashboards.find(mark)
        if not reference:
            self._unsure.add(mark.name)
            try:
                reference = await self._dashboards.mark(mark)
            except SourceError as error:
                if not error.unsure:
                    self._unsure.discard(mark.name)
                raise
        elif mark.end is not None:
            await self._dashboards.amend(reference, mark)
        return reference

    def give_up(self) -> None:
        for mark in self._wanted.values():
            self._record(mark, None)
        self._wanted.clear()

    def _record(self, mark: Mark, reference: str | None) -> None:
        body = ToldOutward(
            channel="grafana",
            about=mark.about,
            text=mark.text,
            told=reference is not None,
            name=mark.name,
            reference=reference or "",
            start=mark.start,
            end=mark.end,
        )
        self.recorder.record(body, actor=HOST)


class PictureChannel(Channel):
    """Pictures of panels, into the session's folder."""

    source = PICTURES

    def __init__(self, recorder: Recorder, watchman: Watchman, dashboards: Dashboards) -> None:
        super().__init__(recorder, watchman)
        self._dashboards = dashboards
        self._shots = Shots()
        self._waiting: deque[tuple[Shot, Panel]] = deque()

    def take(self, event: Event, *, old: bool) -> None:
        shots = self._shots.take(event)
        if not old:
            self._queue(shots)

    def end(self, at: datetime, assessment: Assessment, reason: str) -> None:
        self._queue(self._shots.end(at))

    def _queue(self, shots: list[Shot]) -> None:
        for shot in shots:
            for panel in self.plan.grafana.panels:
                self._waiting.append((shot, panel))
                self._wake()

    async def _one(self) -> bool:
        if not self._waiting:
            return False
        shot, panel = self._waiting.popleft()
        name = f"{shot.moment}-{_slug(panel.title)}"
        try:
            saved = await self._tried(lambda: self._dashboards.picture(panel, shot.start, shot.end, name))
        except asyncio.CancelledError:
            self._waiting.appendleft((shot, panel))
            raise
        if saved is not None:
            body = PictureTaken(
                path=f"pictures/{saved}",
                title=panel.title,
                moment=shot.moment,
                start=shot.start,
                end=shot.end,
            )
            self.recorder.record(body, actor=HOST)
        return True

    def give_up(self) -> None:
        if self._waiting:
            count = len(self._waiting)
            error = SourceError(
                PICTURES,
                f"{count} picture{'s' if count > 1 else ''} could not be taken before the session ended",
                hint="Take them from Grafana by hand: the report has the times.",
            )
            self._watchman.failed(PICTURES, error)
        self._waiting.clear()


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "panel"
