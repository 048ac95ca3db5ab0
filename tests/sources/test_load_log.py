"""The output of a load is read whatever the disk does: a load must never wait for our log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controlroom.sources import load_log
from controlroom.sources.load_log import CHUNK, MOST_WAITING, LoadLog


class HangingFile:
    """Takes no write until it is told to."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.written: list[str] = []

    async def __aenter__(self) -> HangingFile:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def tell(self) -> int:
        return 0

    async def write(self, text: str) -> None:
        await self.answers.wait()
        self.written.append(text)

    async def flush(self) -> None:
        """At once."""


async def test_a_disk_that_hangs_does_not_hold_up_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_log, "GRACE", 0.01)
    file = HangingFile()
    monkeypatch.setattr(load_log.aiofiles, "open", lambda *how, **more: file)
    stream = asyncio.StreamReader()
    following = asyncio.create_task(LoadLog(tmp_path / "log").follow(stream))
    for _ in range(3 * MOST_WAITING):
        stream.feed_data(b"x" * 100 + b"\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    stream.feed_data(b"y" * CHUNK + b"\n")
    stream.feed_eof()
    async with asyncio.timeout(10.0):
        await following
    assert stream.at_eof()
    file.answers.set()
    for _ in range(4 * MOST_WAITING):
        await asyncio.sleep(0)
    assert 1 < len(file.written) <= MOST_WAITING
