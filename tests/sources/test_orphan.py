"""A process that another one left behind, and a load that goes on without the host that started it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from controlroom.core.plan import Load
from controlroom.core.values import changed
from controlroom.sources.load import CommandLoad
from controlroom.sources.orphan import Orphan, identify

WAITS = (sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()")


@pytest.fixture
def left() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs, in a group of its own."""
    process = subprocess.Popen(WAITS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == b"up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()


async def test_it_is_found_waited_for_and_ended(left: subprocess.Popen[bytes]) -> None:
    identity = identify(left.pid)
    assert identity is not None
    found = Orphan.find(identity)
    assert found is not None
    waiting = asyncio.create_task(found.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    found.send(signal.SIGTERM)
    async with asyncio.timeout(10.0):
        await waiting
        await found.wait()
    found.send(signal.SIGTERM)
    found.close()
    # Its parent has not looked yet, and the number is still taken: it is gone all the same.
    assert Orphan.find(identity) is None
    assert identify(left.pid) is None


def test_another_process_of_that_number_is_not_it(left: subprocess.Popen[bytes]) -> None:
    identity = identify(left.pid)
    assert identity is not None
    assert Orphan.find(changed(identity, started=identity.started - 1)) is None
    assert Orphan.find(changed(identity, boot="another")) is None


async def test_a_load_is_followed_on_and_stopped_by_the_next_host(
    left: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    (tmp_path / "load.json").write_bytes(msgspec.json.encode(identify(left.pid)))
    load = CommandLoad(Load(command=WAITS), {}, tmp_path / "load.log", grace=5.0)
    assert await load.take_up()
    ended = asyncio.create_task(load.ended())
    await asyncio.sleep(0)
    assert not ended.done()
    async with asyncio.timeout(10.0):
        await load.stop()
        assert await ended == ""
    assert left.wait(5.0) == -signal.SIGTERM
    assert not await load.take_up()


async def test_a_load_that_ends_after_all_is_told(left: subprocess.Popen[bytes], tmp_path: Path) -> None:
    (tmp_path / "load.json").write_bytes(msgspec.json.encode(identify(left.pid)))
    load = CommandLoad(Load(command=WAITS), {}, tmp_path / "load.log")
    assert await load.take_up()
    left.terminate()
    async with asyncio.timeout(10.0):
        assert "only the host that started it" in await load.ended()


async def test_a_load_that_was_started_can_be_found(tmp_path: Path) -> None:
    load = CommandLoad(Load(command=("sleep", "60")), {}, tmp_path / "load.log")
    await load.start()
    next_one = CommandLoad(Load(command=("sleep", "60")), {}, tmp_path / "load.log")
    assert await next_one.take_up()
    assert (tmp_path / "load.json").stat().st_mode & 0o777 == 0o600
    await next_one.stop()
    async with asyncio.timeout(10.0):
        assert "ended by signal SIGTERM" in await load.ended()


async def test_nothing_known_is_nothing_running(tmp_path: Path) -> None:
    load = CommandLoad(Load(command=("sleep", "60")), {}, tmp_path / "load.log")
    assert not await load.take_up()
    (tmp_path / "load.json").write_bytes(b"{")
    assert not await load.take_up()
