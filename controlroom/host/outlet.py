"""The way down to one viewer: bounded in memory, and watched for one that takes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from controlroom import wire

SLOW = 10.0
"""Real seconds in which a viewer must have taken something of what waits for it."""
GRACE = 2.0
"""Real seconds that a viewer who is sent away has for the last words."""

_PIECE = 64 * 1024


class Outlet:
    """Writes messages. Who writes much waits with :meth:`room` for the viewer to read."""

    def __init__(self, writer: asyncio.StreamWriter, real: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._real = real
        self._written = 0
        self._taken = 0
        self._moved = real()

    def say(self, message: wire.Down) -> None:
        self.write(wire.encode(message))

    def write(self, data: bytes) -> None:
        """Waits for nothing; what is written to a connection that is lost is lost."""
        if not self._writer.is_closing():
            self._written += len(data)
            self._writer.write(data)

    async def room(self) -> None:
        """Returns when there is little left to be read, or raises ConnectionError."""
        await self._writer.drain()

    def stuck(self) -> bool:
        """Whether something waits, and nothing of it has been taken for :data:`SLOW` real seconds."""
        waiting, now = self._writer.transport.get_write_buffer_size(), self._real()
        taken = self._written - waiting
        if waiting == 0 or taken > self._taken:
            self._taken, self._moved = taken, now
        return now - self._moved >= SLOW

    async def close(self, reader: asyncio.StreamReader) -> None:
        """The viewer has :data:`GRACE` to read what is left.

        What it still sends is taken off first: a socket that is closed with something unread loses its last words.
        """
        try:
            async with asyncio.timeout(GRACE):
                self._writer.write_eof()
                while await reader.read(_PIECE):
                    pass
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self.abort()

    def abort(self) -> None:
        """Ends the connection at once, whatever is left to be read."""
        with contextlib.suppress(ConnectionError):
            self._writer.transport.abort()
