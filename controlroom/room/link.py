"""One connection to a host, from the hello to its loss."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from controlroom import wire
from controlroom.core.info import RoomInfo
from controlroom.room.protocol import RoomClosed

GREETING = 10.0
"""Real seconds in which a host must answer the hello."""

PARTING = 1.0


class HostGone(RoomClosed):
    """Nobody listens there any more."""


class NoAnswer(RoomClosed):
    """Somebody listens, but does not answer as a host does: it may be busy, or about to end."""


class Lost(Exception):
    """The connection ended in the middle; it may be made again."""


class Link:
    """A greeted connection. Made by :func:`connect`."""

    def __init__(self, info: RoomInfo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.info = info
        self._reader = reader
        self._writer = writer

    async def next(self) -> wire.Down:
        """The next message. Raises :class:`Lost`, or `wire.WireError` for what is none."""
        try:
            line = await self._reader.readline()
        except ConnectionError as error:
            raise Lost(str(error)) from error
        except ValueError as error:  # longer than any message may be
            raise wire.WireError(str(error)) from error
        if not line.endswith(b"\n"):
            raise Lost("it ended")
        return wire.decode_down(line)

    async def send(self, line: bytes) -> None:
        """Where the connection is lost :meth:`next` tells."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(line)
            await self._writer.drain()

    async def close(self) -> None:
        """What was sent has :data:`PARTING` to go out."""
        self._writer.close()
        try:
            async with asyncio.timeout(PARTING):
                await self._writer.wait_closed()
        except (TimeoutError, ConnectionError):
            self._writer.transport.abort()


async def connect(socket: Path, hello: wire.Hello) -> Link:
    """Takes a seat. Raises :class:`RoomClosed`: `HostGone`, `NoAnswer`, or the host's own reason."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket, limit=wire.LONGEST_DOWN)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise HostGone(f"no host answers at {socket}: {error}") from error
    except PermissionError as error:
        raise RoomClosed(f"{socket} is not open to this account: {error}") from error
    except OSError as error:
        raise NoAnswer(f"no host answers at {socket}: {error}") from error
    try:
        return Link(await _greeted(hello, reader, writer), reader, writer)
    except BaseException:
        writer.close()
        raise


async def _greeted(hello: wire.Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RoomInfo:
    """Says hello, and gives what the host's welcome tells of the room."""
    try:
        async with asyncio.timeout(GREETING):
            writer.write(wire.encode(hello))
            await writer.drain()
            first = wire.decode_down(await reader.readline())
    except TimeoutError as error:
        raise NoAnswer(f"the host did not answer within {GREETING:g} s") from error
    except (OSError, ValueError) as error:
        raise NoAnswer(f"the host did not answer as it should: {error}") from error
    if isinstance(first, wire.Goodbye):
        raise RoomClosed(first.reason)
    if not isinstance(first, wire.Welcome):
        raise RoomClosed("the host does not speak as it should")
    return first.info
