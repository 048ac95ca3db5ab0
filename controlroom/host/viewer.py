"""One viewer in its seat: told what happens, at its own pace; asking what its seat may ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from controlroom import wire
from controlroom.core.clean import clean
from controlroom.core.events import Actor
from controlroom.core.info import Seat
from controlroom.core.intents import Answer, Refused
from controlroom.core.seats import refusal
from controlroom.core.values import Value
from controlroom.host.grumbles import Grumbles
from controlroom.host.outlet import Outlet
from controlroom.host.streams import Stream

BATCH = 64 * 1024
"""Bytes that are written before the viewer must have read most of them."""
AT_ONCE = 64
"""Intents of one viewer that may wait for their answers; more are not read before."""

CALM = 0.02
"""Real seconds for which news of a moment are gathered for those who do not act: with a room full of them, the
facilitators' answers are not behind theirs."""

Act = Callable[[wire.Submit, Actor], Awaitable[Answer]]


class TooLong(Exception):
    """A line was too long, and has been skipped."""


class Person(Value):
    """Who sits there."""

    viewer: str
    seat: Seat
    name: str

    @property
    def actor(self) -> Actor:
        return Actor(role=self.seat, name=self.name)

    def __str__(self) -> str:
        return f"{self.viewer} ({self.seat} {self.name})"


class Viewer:
    """The conversation with a viewer after its welcome."""

    def __init__(
        self,
        person: Person,
        reader: asyncio.StreamReader,
        outlet: Outlet,
        act: Act,
        grumbles: Grumbles,
        answering: set[asyncio.Task[None]],
    ) -> None:
        """`answering`: where what is being answered is kept, for it may outlast the viewer."""
        self.person = person
        self.outlet = outlet
        self._reader = reader
        self._act = act
        self._grumbles = grumbles
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._answering = answering
        self._dropped: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def stay(self, stream: Stream, since: int) -> str:
        """Until it leaves, is dropped, or there is nothing more to tell; says which.

        What it asked is done even if it does not wait for the answer.
        """
        works = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._tell(stream, since)),
        ]
        try:
            waiting: list[asyncio.Future[str]] = [self._dropped, *works]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        except ConnectionError as error:
            return f"the connection was lost: {error}"
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    def drop(self, reason: str) -> None:
        """Sends it away; it may come back."""
        if not self._dropped.done():
            self._dropped.set_result(reason)
            self.outlet.say(wire.Goodbye(reason=reason))

    async def _tell(self, stream: Stream, since: int) -> str:
        """Every line after `since` in order, never faster than it is read."""
        position = since
        while True:
            lines = stream.lines
            while position < len(lines):
                batch, size = [], 0
                while position < len(lines) and size < BATCH:
                    batch.append(wire.event_line(lines[position]))
                    size += len(batch[-1])
                    position += 1
                self.outlet.write(b"".join(batch))
                await self.outlet.room()
                await asyncio.sleep(0)
            if stream.over:
                self.outlet.say(wire.Goodbye(reason=stream.over))
                return stream.over
            await stream.changed()
            if self.person.seat != "facilitator":
                await asyncio.sleep(CALM)

    async def _listen(self) -> str:
        while True:
            try:
                line = await self._line()
            except TooLong:
                await self._complain(f"a line has at most {wire.LONGEST_UP} bytes; it was skipped")
            else:
                if not line:
                    return "left"
                await self._take(line)
            # A viewer that sends without a pause shares the time with all others.
            await asyncio.sleep(0)

    async def _line(self) -> bytes:
        """The next line; empty: there is none. Raises :class:`TooLong` once it has skipped one that is."""
        too_long = False
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                too_long = True
                await self._reader.readexactly(error.consumed)
                await asyncio.sleep(0)
                continue
            except asyncio.IncompleteReadError:
                return b""
            if too_long:
                raise TooLong
            return line

    async def _take(self, line: bytes) -> None:
        try:
            message = wire.decode_up(line)
        except wire.WireError as error:
            await self._complain(str(error), wire.number_in(line))
            return
        if not isinstance(message, wire.Submit):
            await self._complain("hello was said already")
            return
        await self._slots.acquire()
        task = asyncio.create_task(self._answer(message))
        self._answering.add(task)
        task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self._slots.release()

    async def _complain(self, reason: str, number: int | None = None) -> None:
        self._grumbles.say(f"{self.person} sent what is not a message: {reason}")
        self.outlet.say(wire.Complaint(reason=clean(reason), id=number))
        await self.outlet.room()

    async def _answer(self, message: wire.Submit) -> None:
        if why := refusal(self.person.seat, message.intent):
            self._grumbles.say(f"{self.person} was refused: {why}")
            self.outlet.say(wire.Answered(id=message.id, answer=Refused(reason=why)))
        else:
            try:
                answer = await self._act(message, self.person.actor)
            except Exception as error:
                self._grumbles.say(f"an intent of {self.person} failed: {error!r}", logging.ERROR, error)
                self.outlet.say(wire.Complaint(id=message.id, reason=f"internal error: {error!r}"))
            else:
                self.outlet.say(wire.Answered(id=message.id, answer=answer))
        try:
            await self.outlet.room()
        except ConnectionError:
            return  # it did not wait for the answer
