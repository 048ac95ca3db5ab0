"""The output of a load, kept as a file of harmless lines."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles

from controlroom.core.clean import clean

if TYPE_CHECKING:
    from aiofiles.threadpool.text import AsyncTextIOWrapper

_log = logging.getLogger(__name__)

CHUNK = 65_536

MOST_BYTES = 5_000_000
"""What a log may grow to; a load that says more is still read, so that it never waits for us."""

MOST_LINE = 2_000

_CUT = "… (the log is full: what the load says from here on is not kept)\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class LoadLog:
    """Appends to `path` (mode 0600), over several runs, until it is full."""

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Writes the stream's lines, cleaned, until it ends; a disk that fails ends the log, not the load."""
        try:
            async with aiofiles.open(self._path, "a", encoding="utf-8", opener=_private) as file:
                await self._keep(stream, file)
        except OSError as error:
            _log.warning("the output of the load is not kept in %s: %s", self._path, error)
        while await stream.read(CHUNK):
            continue

    async def _keep(self, stream: asyncio.StreamReader, file: AsyncTextIOWrapper) -> None:
        """Until the stream ends or the log is full."""
        written = await file.tell()
        pending = b""
        while written < self._most and (chunk := await stream.read(CHUNK)):
            *lines, pending = (pending + chunk).split(b"\n")
            if len(pending) > MOST_LINE * 4:
                lines, pending = [*lines, pending], b""
            text = "".join(_line(one) for one in lines)
            written += len(text.encode())
            await file.write(text if written < self._most else text + _CUT)
            await file.flush()
        if pending and written < self._most:
            await file.write(_line(pending))


def _line(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace").rstrip("\r"), MOST_LINE) + "\n"
