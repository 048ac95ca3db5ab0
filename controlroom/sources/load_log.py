"""The output of a load, kept as a file of harmless lines."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import aiofiles

from controlroom.core.clean import clean

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
        """Writes the stream's lines, cleaned, until it ends."""
        async with aiofiles.open(self._path, "a", encoding="utf-8", opener=_private) as file:
            written = await file.tell()
            pending = b""
            while chunk := await stream.read(65_536):
                *lines, pending = (pending + chunk).split(b"\n")
                if len(pending) > MOST_LINE * 4:
                    lines, pending = [*lines, pending], b""
                text = "".join(_line(one) for one in lines)
                if written < self._most:
                    written += len(text.encode())
                    await file.write(text if written < self._most else text + _CUT)
                    await file.flush()
            if pending and written < self._most:
                await file.write(_line(pending))


def _line(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace").rstrip("\r"), MOST_LINE) + "\n"
