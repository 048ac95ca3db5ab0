"""The output of a load, kept as a file of harmless lines."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import aiofiles

from controlroom.core.clean import clean
from controlroom.core.hiding import Net

_log = logging.getLogger(__name__)

CHUNK = 65_536

MOST_BYTES = 5_000_000
"""What a log may grow to; a load that says more is still read, so that it never waits for us."""

MOST_LINE = 2_000

MOST_WAITING = 64
"""Pieces of output that wait for the disk; what comes on top of them is left out."""

GRACE = 1.0
"""Real seconds that the end waits for the disk."""

_CUT = "… (the log is full: what the load says from here on is not kept)\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class LoadLog:
    """Appends to `path` (mode 0600), over several runs, until it is full; `net` takes secrets out of it."""

    def __init__(self, path: Path, most: int = MOST_BYTES, net: Net | None = None) -> None:
        self._path = path
        self._most = most
        self._net = net or Net()

    async def append(self, lines: list[bytes]) -> None:
        """Adds lines, cleaned, while there is room; a disk that fails or hangs ends only that."""
        waiting: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        _hand_over(waiting, lines)
        waiting.put_nowait(None)
        keeping = asyncio.create_task(self._keep(waiting))
        done, _ = await asyncio.wait({keeping}, timeout=GRACE)
        if not done:
            keeping.cancel()

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Writes the stream's lines, cleaned, until it ends.

        The stream is read whatever the disk does: one that fails or hangs ends the log, not the load.
        """
        lines: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        keeping = asyncio.create_task(self._keep(lines))
        try:
            await self._read(stream, lines)
            lines.put_nowait(None)
            await asyncio.wait({keeping}, timeout=GRACE)
        except BaseException:
            keeping.cancel()
            raise

    @staticmethod
    async def _read(stream: asyncio.StreamReader, lines: asyncio.Queue[str | None]) -> None:
        pending = b""
        while chunk := await stream.read(CHUNK):
            *whole, pending = (pending + chunk).split(b"\n")
            if len(pending) > MOST_LINE * 4:
                whole, pending = [*whole, pending], b""
            _hand_over(lines, whole)
        _hand_over(lines, [pending] if pending else [])

    async def _keep(self, lines: asyncio.Queue[str | None]) -> None:
        """Until the stream has ended or the log is full."""
        try:
            async with aiofiles.open(self._path, "a", encoding="utf-8", opener=_private) as file:
                written = await file.tell()
                while written < self._most and (text := await lines.get()) is not None:
                    text = self._net.text(text)
                    written += len(text.encode())
                    await file.write(text if written < self._most else text + _CUT)
                    await file.flush()
        except OSError as error:
            _log.warning("the output of the load is not kept in %s: %s", self._path, error)


def _hand_over(lines: asyncio.Queue[str | None], whole: list[bytes]) -> None:
    """What the disk is too slow for is left out; the last place is for the end."""
    if whole and lines.qsize() < MOST_WAITING - 1:
        lines.put_nowait("".join(_line(one) for one in whole))


def _line(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace").rstrip("\r"), MOST_LINE) + "\n"
