"""The socket of a host: viewers come and go, the session does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from pathlib import Path

from controlroom import wire
from controlroom.conductor.conductor import Conductor
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import Actor
from controlroom.core.info import RoomInfo
from controlroom.core.values import changed

_log = logging.getLogger(__name__)

SLOW = 8 * 1024 * 1024
"""Bytes waiting for a viewer beyond which it is dropped; it may attach again and loses nothing."""
CATCHING_UP = 1024 * 1024
"""Bytes of history waiting for a viewer beyond which it is given time to read."""
GREETING = 10.0
"""Real seconds in which a viewer must say hello, or read some of the history."""


class Server:
    """Serves one session to its viewers."""

    def __init__(self, path: Path, info: RoomInfo, recorder: Recorder) -> None:
        self._path = path
        self._info = info
        self._recorder = recorder
        self._conductor: Conductor | None = None
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._welcome, self._path, limit=wire.LONGEST_UP)
        self._path.chmod(0o600)

    def conduct(self, conductor: Conductor) -> None:
        """From now on intents are taken."""
        self._conductor = conductor

    async def close(self) -> None:
        """Every viewer has had every event; the socket is gone."""
        if self._server is not None:
            self._server.close()
        if self._viewers:
            await asyncio.wait(self._viewers, timeout=2.0)
        for viewer in self._viewers:
            viewer.cancel()
        self._path.unlink(missing_ok=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._viewers.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            _log.info("a viewer left: %s", error)
        except asyncio.CancelledError:
            _log.info("a viewer was sent away at the end")
        finally:
            self._viewers.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _same_account(writer):
            writer.write(wire.encode(wire.Goodbye(reason="this session belongs to another account")))
            return
        try:
            async with asyncio.timeout(GREETING):
                hello = wire.decode_up(await reader.readline())
        except (TimeoutError, ValueError) as error:
            writer.write(wire.encode(wire.Goodbye(reason=f"say hello first: {error}")))
            return
        if not isinstance(hello, wire.Hello) or hello.version != wire.VERSION:
            writer.write(wire.encode(wire.Goodbye(reason=f"this host speaks version {wire.VERSION}")))
            return
        if hello.seat != "facilitator":
            writer.write(
                wire.encode(wire.Goodbye(reason=f"the seat {hello.seat} is not open in this session"))
            )
            return
        await self._seat(hello, reader, writer)

    async def _seat(
        self, hello: wire.Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        info = changed(self._info, seat=hello.seat)
        writer.write(
            wire.encode(wire.Welcome(version=wire.VERSION, info=info, head=len(self._recorder.events)))
        )
        listening = asyncio.create_task(self._listen(hello, reader, writer))
        telling = asyncio.create_task(self._tell(hello.since, writer))
        await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        telling.cancel()
        for outcome in await asyncio.gather(listening, telling, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _tell(self, since: int, writer: asyncio.StreamWriter) -> None:
        """Every event after `since`, in order; a viewer that does not read is dropped, never waited for."""
        head = len(self._recorder.events)
        async for event in self._recorder.follow(since):
            writer.write(wire.event_line(self._recorder.lines[event.seq - 1]))
            if event.seq <= head and writer.transport.get_write_buffer_size() > CATCHING_UP:
                await self._let_read(writer)
            if writer.transport.get_write_buffer_size() > SLOW:
                _log.warning("a viewer was too slow and was dropped at event %d", event.seq)
                writer.transport.abort()
                return
            if event.seq % 200 == 0:
                await asyncio.sleep(0)
        writer.write(wire.encode(wire.Goodbye(reason="closed")))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await writer.drain()

    async def _let_read(self, writer: asyncio.StreamWriter) -> None:
        """A long history is sent no faster than it is read; a viewer that does not read at all is left to
        :data:`SLOW`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GREETING):
                await writer.drain()

    async def _listen(
        self, hello: wire.Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        actor = Actor(role=hello.seat, name=hello.name)
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    line = await reader.readuntil(b"\n")
                except asyncio.LimitOverrunError:
                    _log.warning("a viewer sent a line of more than %d bytes", wire.LONGEST_UP)
                    writer.write(wire.encode(wire.Goodbye(reason="a line was too long")))
                    return
                except asyncio.IncompleteReadError:
                    return
                try:
                    message = wire.decode_up(line)
                except wire.WireError as error:
                    _log.warning("a viewer sent what is not a message: %s", error)
                    writer.write(wire.encode(wire.Complaint(reason=str(error)[:500])))
                    continue
                if isinstance(message, wire.Submit):
                    task = asyncio.create_task(self._answer(message, actor, writer))
                    answering.add(task)
                    task.add_done_callback(answering.discard)
        finally:
            # What was asked is done even if nobody waits for the answer any more.
            if answering:
                await asyncio.wait(answering, timeout=5.0)

    async def _answer(self, message: wire.Submit, actor: Actor, writer: asyncio.StreamWriter) -> None:
        if self._conductor is None:
            complaint = wire.Complaint(id=message.id, reason="the session is not open yet")
            writer.write(wire.encode(complaint))
            return
        try:
            answer = await self._conductor.submit(message.intent, actor, message.seen)
        except Exception as error:
            _log.exception("an intent failed")
            writer.write(wire.encode(wire.Complaint(id=message.id, reason=f"internal error: {error!r}")))
            return
        writer.write(wire.encode(wire.Answered(id=message.id, answer=answer)))


def _same_account(writer: asyncio.StreamWriter) -> bool:
    """By the kernel's word (SO_PEERCRED), not the viewer's."""
    connection: socket.socket = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    return bool(uid == os.getuid())
