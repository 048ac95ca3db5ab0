"""Load commands as real processes: started without a shell, stopped with everything they started."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.core.plan import Load
from controlroom.sources.load import CommandLoad, NoLoad
from controlroom.sources.load_log import LoadLog
from controlroom.sources.ports import SourceError

CALL = """
import os, signal, socket, subprocess, sys, time
line = socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))
line.set_inheritable(True)
"""
"""Opens a connection that ends when the last process that holds it has ended."""

SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def python(code: str, directory: str | None = None) -> Load:
    return Load(command=(sys.executable, "-c", code), directory=directory)


class Caller:
    """The other end of the connection of :data:`CALL`."""

    def __init__(self) -> None:
        self.reader: asyncio.Future[asyncio.StreamReader] = asyncio.get_running_loop().create_future()
        self.port = ""

    async def says(self, word: bytes) -> None:
        """Waits until the load has said so."""
        async with asyncio.timeout(10):
            assert await (await self.reader).readline() == word + b"\n"

    async def is_gone(self) -> None:
        """Waits until no process holds the connection."""
        async with asyncio.timeout(10):
            assert await (await self.reader).read() == b""


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    found = Caller()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.reader.set_result(reader)
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    found.port = str(server.sockets[0].getsockname()[1])
    yield found
    for writer in writers:
        writer.close()
    server.close()


async def test_output_is_kept_harmless_and_private(tmp_path: Path) -> None:
    log = tmp_path / "load.log"
    code = (
        "import os, sys; print('\\x1b[31mred\\x1b[0m', os.environ['TARGET']); print('oops', file=sys.stderr)"
    )
    load = CommandLoad(python(code), {"TARGET": "http://shop"}, log)
    await load.start()
    assert await load.ended() == "the load ended by itself"
    assert sorted(log.read_text().splitlines()) == ["oops", "red http://shop"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_it_runs_in_the_plans_directory(tmp_path: Path) -> None:
    (tmp_path / "perf").mkdir()
    load = CommandLoad(
        python("import os; print(os.getcwd())", directory="perf"), {}, tmp_path / "log", base=tmp_path
    )
    await load.start()
    await load.ended()
    assert (tmp_path / "log").read_text().strip() == str(tmp_path / "perf")


async def test_stop_is_sigterm_and_is_not_a_failure(tmp_path: Path, caller: Caller) -> None:
    code = f"{CALL}\nsignal.signal(15, lambda *_: line.sendall(b'term\\n') or sys.exit(9))\n"
    code += "line.sendall(b'up\\n')\ntime.sleep(60)"
    load = CommandLoad(python(code), {"PORT": caller.port}, tmp_path / "log")
    await load.start()
    ended = asyncio.create_task(load.ended())
    await caller.says(b"up")
    await load.stop()
    await caller.says(b"term")
    assert await ended == ""
    await load.stop()


async def test_a_stubborn_load_and_its_children_are_killed_after_the_grace(
    tmp_path: Path, caller: Caller
) -> None:
    code = f"{CALL}\nsignal.signal(15, signal.SIG_IGN)\n"
    code += f"subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], close_fds=False)\n"
    code += "line.sendall(b'up\\n')\ntime.sleep(60)"
    load = CommandLoad(python(code), {"PORT": caller.port}, tmp_path / "log", grace=0.1)
    await load.start()
    await caller.says(b"up")
    await load.stop()
    await caller.is_gone()


async def test_children_left_behind_end_with_the_command(tmp_path: Path, caller: Caller) -> None:
    code = f"{CALL}\nsubprocess.Popen([sys.executable, '-c', {SLEEPER!r}], close_fds=False)"
    load = CommandLoad(python(code), {"PORT": caller.port}, tmp_path / "log")
    await load.start()
    assert await load.ended() == "the load ended by itself"
    await caller.is_gone()


async def test_how_it_ended_is_said(tmp_path: Path) -> None:
    failing = CommandLoad(python("raise SystemExit(3)"), {}, tmp_path / "a")
    await failing.start()
    assert await failing.ended() == "the load failed with exit status 3"
    killed = CommandLoad(python("import os; os.kill(os.getpid(), 9)"), {}, tmp_path / "b")
    await killed.start()
    assert await killed.ended() == "the load was ended by signal SIGKILL"


async def test_it_can_run_again_and_appends(tmp_path: Path) -> None:
    load = CommandLoad(python("print('run')"), {}, tmp_path / "log")
    for _ in range(2):
        await load.start()
        assert await load.ended() == "the load ended by itself"
    assert (tmp_path / "log").read_text() == "run\nrun\n"


async def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no program no-such-program here"):
        await CommandLoad(Load(command=("no-such-program",)), {}, tmp_path / "log").start()
    with pytest.raises(SourceError, match=r"directory .*gone is not there"):
        await CommandLoad(python("", directory="gone"), {}, tmp_path / "log", base=tmp_path).start()
    plain = tmp_path / "plain.txt"
    plain.write_text("no program")
    with pytest.raises(SourceError, match="may not be executed"):
        await CommandLoad(Load(command=(str(plain),)), {}, tmp_path / "log").start()
    running = CommandLoad(python("import time; time.sleep(60)"), {}, tmp_path / "log")
    await running.start()
    with pytest.raises(SourceError, match="running already"):
        await running.start()
    await running.stop()


async def test_a_full_log_is_cut_once_and_the_load_never_waits(tmp_path: Path) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"0123456789\n" * 30)
    stream.feed_eof()
    await LoadLog(tmp_path / "log", most=100).follow(stream)
    assert "the log is full" in (tmp_path / "log").read_text()
    again = asyncio.StreamReader()
    again.feed_data(b"more\n")
    again.feed_eof()
    size = (tmp_path / "log").stat().st_size
    await LoadLog(tmp_path / "log", most=100).follow(again)
    assert (tmp_path / "log").stat().st_size == size


async def test_a_disk_that_fails_ends_the_log_and_not_the_load(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loud = python("import sys; sys.stdout.write('x' * 1_000_000)")
    load = CommandLoad(loud, {}, tmp_path / "no" / "folder" / "log")
    await load.start()
    async with asyncio.timeout(10):
        assert await load.ended() == "the load ended by itself"
    assert "is not kept" in caplog.text


async def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"x" * 100_000)
    stream.feed_eof()
    await LoadLog(tmp_path / "log").follow(stream)
    assert max(len(line) for line in (tmp_path / "log").read_text().splitlines()) == 2_000


async def test_no_load_never_ends() -> None:
    load = NoLoad()
    await load.start()
    await load.stop()
    waiting = asyncio.create_task(load.ended())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
