"""A room behind a Unix socket: the host has the session, this process looks at it.

A connection that is lost while the host lives is made again, from the last event that arrived: nothing is missed,
nothing comes twice, and `trouble` says so meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from controlroom import wire
from controlroom.core.events import Event, SessionClosed
from controlroom.core.info import Seat
from controlroom.core.intents import Answer, HaltAll, Intent, Refused
from controlroom.core.playhead import History
from controlroom.core.values import changed
from controlroom.room.link import HostGone, Link, Lost, NoAnswer, connect
from controlroom.room.protocol import RoomClosed

SOONEST, LATEST = 0.05, 5.0
"""Real seconds before a lost connection is tried again: at first, and at most."""
UNKNOWN = "the connection to the host was lost: it is not known whether it was done; look at the record"

TURN = 25
"""Events of a long history that are read before others have their turn: a key press is among them."""


class AttachedRoom:
    """The Room protocol over a connection. Made by :func:`attach`."""

    def __init__(self, socket: Path, hello: wire.Hello, link: Link) -> None:
        self.info = link.info
        self.trouble = ""
        self._socket = socket
        self._hello = hello
        self._link: Link | None = link
        self._settled = asyncio.Event()
        """Set while there is a connection, and when there will be none any more."""
        self._settled.set()
        self._last = hello.since
        self._delay = SOONEST
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._arrived: asyncio.Queue[Event | None] = asyncio.Queue()
        self._closed = False
        """The record's last event has arrived: whatever the connection does now, the session is over."""
        self._over = False
        self._why = ""
        self._listening = asyncio.create_task(self._listen())

    def past(self) -> History:
        """Nothing is known before it arrives."""
        return History()

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        """`since` was said on attaching; here it only skips."""
        while (event := await self._arrived.get()) is not None:
            if event.seq > since:
                yield event
        if self._why:
            raise RoomClosed(self._why)

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        """A halt that was not answered is sent again, for asking twice does no harm; nothing else is."""
        while True:
            if self._over:
                raise RoomClosed(self._why or "the session is closed")
            if self._link is None and not isinstance(intent, HaltAll):
                return Refused(reason=f"nothing was sent: {self.trouble}", hint="wait until the host is back")
            await self._settled.wait()
            if self._link is None:
                continue
            try:
                return await self._ask(self._link, intent, seen)
            except Lost:
                if not isinstance(intent, HaltAll):
                    raise RoomClosed(UNKNOWN) from None

    async def _ask(self, link: Link, intent: Intent, seen: int) -> Answer:
        number = next(self._numbers)
        line = wire.encode(wire.Submit(id=number, intent=intent, seen=seen))
        if len(line) > wire.LONGEST_UP:
            return Refused(reason=f"that is too long: a message has at most {wire.LONGEST_UP // 1024} KiB")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await link.send(line)
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._end()  # a task that never began has not done so

    async def _listen(self) -> None:
        """Until the session is closed or the host is gone; what comes of it is for who waits."""
        try:
            while not await self._read_to_end():
                await self._attach_again()
        except RoomClosed as closed:
            self._why = str(closed)
        finally:
            await self._end()

    async def _end(self) -> None:
        """Nothing more will come, and nothing can be asked."""
        self._over, self.trouble = True, ""
        self._arrived.put_nowait(None)
        self._fail_waiting(RoomClosed(self._why or "the session is closed"))
        link, self._link = self._link, None
        self._settled.set()
        if link is not None:
            await link.close()

    async def _read_to_end(self) -> bool:
        """True: the session is closed. False: the connection is lost, and `trouble` says why."""
        assert self._link is not None
        try:
            while True:
                message = await self._link.next()
                if isinstance(message, wire.Goodbye):
                    if message.reason == "closed":
                        return True
                    self._lose(message.reason)
                    return False
                self._take(message)
                if self._last % TURN == 0:
                    await asyncio.sleep(0)
        except Lost as lost:
            if self._closed:
                return True
            self._lose(str(lost))
            return False
        except wire.WireError as error:
            # To hear it again would not make sense of it.
            raise RoomClosed(f"the connection to the host is lost: {error}") from error

    def _take(self, message: wire.Down) -> None:
        match message:
            case wire.EventLine():
                self._take_event(message.decoded())
            case wire.Answered(id=number, answer=answer):
                if (waiting := self._waiting.get(number)) is not None and not waiting.done():
                    waiting.set_result(answer)
            case wire.Complaint(id=int(number), reason=reason):
                if (waiting := self._waiting.get(number)) is not None and not waiting.done():
                    waiting.set_exception(RoomClosed(reason))
            case _:
                pass

    def _take_event(self, event: Event) -> None:
        if event.seq != self._last + 1:
            raise wire.WireError(f"event {event.seq} came after event {self._last}")
        self._last, self._delay = event.seq, SOONEST
        self._closed = isinstance(event.body, SessionClosed)
        self._arrived.put_nowait(event)

    def _lose(self, why: str) -> None:
        self.trouble = f"the connection to the host is lost ({why}); trying again"
        self._settled.clear()
        self._fail_waiting(Lost(why))

    def _fail_waiting(self, error: Exception) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)

    async def _attach_again(self) -> None:
        """Returns with a new connection; raises :class:`RoomClosed` where there is no hope of one."""
        if self._link is not None:
            link, self._link = self._link, None
            await link.close()
        while self._link is None:
            await asyncio.sleep(self._delay)
            self._delay = min(self._delay * 2, LATEST)
            try:
                link = await connect(self._socket, changed(self._hello, since=self._last))
            except HostGone as gone:
                raise RoomClosed("the host is gone; its journal is kept") from gone
            except NoAnswer as silent:
                self.trouble = f"{silent}; trying again"
                continue
            if link.info.session != self.info.session:
                await link.close()
                raise RoomClosed(f"another session is at {self._socket} now: {link.info.session}")
            self._link, self.info = link, link.info
        self.trouble = ""
        self._settled.set()


async def attach(socket: Path, *, seat: Seat = "facilitator", name: str = "", since: int = 0) -> AttachedRoom:
    """Takes a seat; raises :class:`RoomClosed` where nobody answers or the seat is refused.

    `name`: as one wants to be called in the record; empty: by the account's user name.
    """
    hello = wire.Hello(version=wire.VERSION, seat=seat, name=name, since=since)
    return AttachedRoom(socket, hello, await connect(socket, hello))
