"""A room behind a Unix socket: the host has the session, this process looks at it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from controlroom import wire
from controlroom.core.events import Event
from controlroom.core.info import RoomInfo, Seat
from controlroom.core.intents import Answer, Intent
from controlroom.room.protocol import RoomClosed

GREETING = 10.0
"""Real seconds in which a host must answer the hello."""


class AttachedRoom:
    """The Room protocol over a connection. Made by :func:`attach`."""

    def __init__(
        self,
        info: RoomInfo,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.info = info
        self.trouble = ""
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._arrived: asyncio.Queue[Event | None] = asyncio.Queue()
        self._why = ""
        self._listening = asyncio.create_task(self._listen())

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        """`since` was said on attaching; here it only skips."""
        while (event := await self._arrived.get()) is not None:
            if event.seq > since:
                yield event
        if self._why:
            raise RoomClosed(self._why)

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        if self._why or self._listening.done():
            raise RoomClosed(self._why or "the session is closed")
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(wire.encode(wire.Submit(id=number, intent=intent, seen=seen)))
            await self._writer.drain()
            return await answer
        except ConnectionError as error:
            raise RoomClosed("the connection to the host is lost") from error
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._listening
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                if not self._take(wire.decode_down(line)):
                    return
            self._why = self._why or "the host is gone; its journal is kept"
        except (ConnectionError, ValueError) as error:
            self._why = f"the connection to the host is lost: {error}"
        finally:
            self._arrived.put_nowait(None)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(RoomClosed(self._why or "the session is closed"))

    def _take(self, message: wire.Down) -> bool:
        """Whether there is more to come."""
        match message:
            case wire.EventLine():
                self._arrived.put_nowait(message.decoded())
            case wire.Answered(id=number, answer=answer):
                if (waiting := self._waiting.get(number)) is not None and not waiting.done():
                    waiting.set_result(answer)
            case wire.Complaint(id=int(number), reason=reason):
                if (waiting := self._waiting.get(number)) is not None and not waiting.done():
                    waiting.set_exception(RoomClosed(reason))
            case wire.Goodbye(reason=reason):
                self._why = "" if reason == "closed" else reason
                return False
            case _:
                pass
        return True


async def attach(socket: Path, *, seat: Seat = "facilitator", name: str = "", since: int = 0) -> AttachedRoom:
    """Takes a seat; raises :class:`RoomClosed` where nobody answers or the seat is refused."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket, limit=wire.LONGEST_DOWN)
    except OSError as error:
        raise RoomClosed(f"no host answers at {socket}: {error}") from error
    hello = wire.Hello(version=wire.VERSION, seat=seat, name=name, since=since)
    try:
        info = await _greeted(hello, reader, writer)
    except BaseException:
        writer.close()
        raise
    return AttachedRoom(info, reader, writer)


async def _greeted(hello: wire.Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RoomInfo:
    """Says hello, and gives what the host's welcome tells of the room."""
    try:
        async with asyncio.timeout(GREETING):
            writer.write(wire.encode(hello))
            await writer.drain()
            first = wire.decode_down(await reader.readline())
    except TimeoutError as error:
        raise RoomClosed(f"the host did not answer within {GREETING:g} s") from error
    except (OSError, ValueError) as error:
        raise RoomClosed(f"the host did not answer as it should: {error}") from error
    if isinstance(first, wire.Goodbye):
        raise RoomClosed(first.reason)
    if not isinstance(first, wire.Welcome):
        raise RoomClosed("the host does not speak as it should")
    return first.info
