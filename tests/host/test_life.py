"""A host from its start to its end: what it needs, what signals do, what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from controlroom.core import intents as i
from controlroom.core.events import Event, NoteWritten, RecordTroubled
from controlroom.core.values import changed
from controlroom.host.launch import HostFailed, await_host, launch
from controlroom.host.order import LabOrder, Order
from controlroom.host.runtime import LONGEST, NoRuntimeFolder, runtime_folder, socket_path
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import read_events
from controlroom.journal.report import view_of
from tests.host.live import LiveHost, fresh_folder, gone, live_host, order_for


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[LiveHost]:
    async with live_host(tmp_path) as found:
        yield found


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_session_in_good_order(host: LiveHost, name: signal.Signals) -> None:
    viewer = await host.viewer()
    lab = host.lab_pid()
    await viewer.do(i.WriteNote(type="observation", text="before the end"))
    host.process.send_signal(name)
    host.process.send_signal(name)
    await viewer.over()
    assert await host.ended() == 0
    assert viewer.state.status == "closed"
    assert viewer.state.closed_reason == "interrupted"
    assert gone(lab)
    assert not host.socket.exists()
    assert host.folder.host() is None
    assert not (host.folder.path / "host.json").exists()
    assert host.folder.record.is_file()
    assert "before the end" in host.folder.report.read_text()


async def test_a_signal_while_the_lab_starts_leaves_no_lab_behind(tmp_path: Path) -> None:
    folder = fresh_folder(tmp_path)
    process = launch(order_for(folder))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    async with asyncio.timeout(30.0):
        while not (found := children.read_text().split()):  # noqa: ASYNC110 - a process tells no event
            await asyncio.sleep(0.01)
    process.terminate()
    assert await asyncio.to_thread(process.wait, 20.0) == 0
    assert gone(int(found[0]))
    assert not folder.journal.exists()
    assert folder.host() is None


async def test_a_vanished_terminal_changes_nothing(host: LiveHost) -> None:
    viewer = await host.viewer()
    host.process.send_signal(signal.SIGHUP)
    await viewer.do(i.WriteNote(type="observation", text="still here"))
    assert host.process.poll() is None


VIEWER = """
import asyncio, sys
from pathlib import Path
from controlroom.room.attached import attach

async def look():
    room = await attach(Path(sys.argv[1]))
    async for event in room.events():
        print(event.seq, flush=True)

asyncio.run(look())
"""


async def test_a_killed_viewer_leaves_the_session_running(host: LiveHost) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VIEWER, str(host.socket), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"1\n"
    process.kill()
    await process.wait()
    viewer = await host.viewer()
    t = viewer.state.t
    await viewer.until(lambda: viewer.state.t > t + 60)
    head = viewer.state.seq
    late = await host.viewer(since=head)
    await late.until(lambda: bool(late.events))
    assert late.events[0].seq == head + 1


def refused(order: Order) -> str:
    """Why a host did not start."""
    process = launch(order)
    with pytest.raises(HostFailed) as raised:
        await_host(process, SessionFolder(Path(order.folder)))
    assert process.wait(10.0) == 1
    return str(raised.value)


def test_a_lab_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    folder = fresh_folder(tmp_path)
    order = changed(order_for(folder), lab=LabOrder(defects=("earthquake",)))
    said = refused(order)
    assert "the lab did not start" in said
    assert "invalid choice: 'earthquake'" in said
    assert str(folder.path / "lab.log") in said
    assert "Traceback" not in folder.log.read_text()
    assert not folder.journal.exists()


def test_a_plan_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = fresh_folder(tmp_path)
    order = changed(order_for(folder), plan=str(tmp_path / "gone.yaml"))
    assert f"{tmp_path / 'gone.yaml'}" in refused(order)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="cr-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def test_the_runtime_folder_is_private(short: Path) -> None:
    (short / "controlroom").mkdir(mode=0o755)
    assert runtime_folder() == short / "controlroom"
    assert runtime_folder().stat().st_mode & 0o777 == 0o700


def test_somebody_elses_runtime_folder_is_not_used(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime_folder() == short / "controlroom"
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    with pytest.raises(NoRuntimeFolder, match="belongs to somebody else"):
        socket_path("day")


def test_a_link_is_no_runtime_folder(short: Path) -> None:
    (short / "elsewhere").mkdir()
    (short / "controlroom").symlink_to(short / "elsewhere")
    with pytest.raises(NoRuntimeFolder, match="belongs to somebody else"):
        socket_path("day")


def test_a_path_that_is_too_long_for_a_socket_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert len(os.fsencode(socket_path("day" * 30))) <= LONGEST
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(deep))
    with pytest.raises(NoRuntimeFolder, match="too long for a socket"):
        socket_path("day")


async def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    """The kernel's limit of a file's size stands for the disk; it is lifted while the host runs."""
    async with live_host(tmp_path) as host:
        viewer = await host.viewer()
        size = host.folder.journal.stat().st_size
        hard = resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (size + 2000, hard))
        text = "x" * 3000
        answer = await viewer.do(i.WriteNote(type="observation", text=text))
        assert answer.note == "not yet on disk"
        await viewer.until(lambda: bool(_troubles(viewer.events)))
        trouble = _troubles(viewer.events)[0]
        assert "File too large" in trouble.error
        assert str(host.folder.journal) in trouble.error
        began = asyncio.get_running_loop().time()
        halted = await viewer.do(i.HaltAll(reason="whatever the disk does"))
        assert asyncio.get_running_loop().time() - began < 1.0
        assert halted.note == "not yet on disk"
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        await viewer.until(lambda: _troubles(viewer.events)[-1].seconds > 0)
        await viewer.do(i.End())
        await viewer.over()
        assert await host.ended() == 0
    events = read_events(host.folder.journal)
    assert [own.seq for own in events] == list(range(1, len(events) + 1))
    assert any(isinstance(own.body, NoteWritten) and own.body.text == text for own in events)
    assert view_of(events).state == viewer.state


def _troubles(events: list[Event]) -> list[RecordTroubled]:
    return [own.body for own in events if isinstance(own.body, RecordTroubled)]
