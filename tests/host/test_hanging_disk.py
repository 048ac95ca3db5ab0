"""A disk that does not answer: halt goes out, everything else says what it waits for, nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.core import intents as i
from controlroom.core.events import Event, RecordTroubled
from controlroom.core.intents import Accepted, Refused
from controlroom.host.order import kept
from controlroom.journal.lock import held
from controlroom.journal.reader import read_events, verify
from controlroom.journal.report import view_of
from tests.host.hanging import HangingGate, deleted, host_on_hanging_disk, server_of
from tests.host.live import LiveHost

AT_ONCE = 0.3
"""Real seconds from the key to the deletion on the wire: 0.1 s for the disk, and the rest for a busy machine."""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[tuple[LiveHost, HangingGate]]:
    async with host_on_hanging_disk(tmp_path) as found:
        yield found


def troubles(events: list[Event]) -> list[RecordTroubled]:
    return [own.body for own in events if isinstance(own.body, RecordTroubled)]


async def test_halt_goes_out_while_the_disk_hangs_and_the_rest_says_what_it_waits_for(
    room: tuple[LiveHost, HangingGate],
) -> None:
    host, disk = room
    viewer = await host.viewer()
    await viewer.do(i.NextPhase())
    await viewer.do(i.Start(experiment="network-latency"))
    run = viewer.state.latest_run("network-latency")
    assert run is not None and run.object is not None
    server = server_of(host.folder.path)
    disk.hang()

    noted = await viewer.do(i.WriteNote(type="observation", text="the disk hangs"))
    assert noted.note == "not yet on disk"
    await viewer.until(lambda: viewer.state.record_trouble is not None)
    trouble = viewer.state.record_trouble
    assert trouble is not None and "does not answer" in trouble.error
    assert str(host.folder.journal) in trouble.error
    assert trouble.hint
    assert trouble.kept < noted.seq

    began = time.monotonic()
    refused = await viewer.ask(i.Start(experiment="memory-stress"))
    assert isinstance(refused, Refused) and "not on disk" in refused.reason
    assert refused.hint == trouble.hint
    again = await viewer.do(i.WriteNote(type="observation", text="known by now"))
    assert again.note == "not yet on disk"
    assert time.monotonic() - began < 1.5
    lengths = sum(viewer.state.lengths)
    await viewer.until(lambda: sum(viewer.state.lengths) > lengths)

    seen = asyncio.create_task(deleted(server, run.object))
    began = time.monotonic()
    halted = await viewer.do(i.HaltAll(reason="whatever the disk does"))
    async with asyncio.timeout(10.0):
        took = await seen - began
    print(f"key to deletion with a hanging disk: {took:.3f} s")
    assert took < AT_ONCE
    assert isinstance(halted, Accepted) and halted.note == "not yet on disk"
    await viewer.until(lambda: viewer.state.halts[-1].finished is not None)

    disk.answer()
    await viewer.until(lambda: viewer.state.record_trouble is None)
    assert troubles(viewer.events)[-1].seconds > 2
    await viewer.do(i.Unlock(word="unlock"))
    await viewer.do(i.End())
    await viewer.over()
    assert await host.ended() == 0
    events = read_events(host.folder.journal)
    assert [own.seq for own in events] == list(range(1, len(events) + 1))
    assert verify(host.folder.journal) == []
    assert view_of(events).state == viewer.state


async def test_a_folder_that_vanished_is_made_again_with_all_that_happened(
    room: tuple[LiveHost, HangingGate], tmp_path: Path
) -> None:
    host, _ = room
    viewer = await host.viewer()
    await viewer.do(i.WriteNote(type="observation", text="before"))
    away = tmp_path / "away"
    host.folder.path.rename(away)
    await viewer.until(lambda: bool(troubles(viewer.events)))
    assert "gone" in troubles(viewer.events)[0].error
    await viewer.until(lambda: viewer.state.record_trouble is None)
    answer = await viewer.do(i.WriteNote(type="observation", text="after"))
    assert answer.note == ""
    async with asyncio.timeout(10.0):
        while host.folder.host() is None:  # noqa: ASYNC110 - a file tells no event
            await asyncio.sleep(0.01)
    assert held(host.folder.path)
    late = await host.viewer(since=viewer.state.seq)
    await late.until(lambda: bool(late.events))
    await viewer.do(i.End())
    await viewer.over()
    assert await host.ended() == 0
    events = read_events(host.folder.journal)
    assert view_of(events).state == viewer.state
    assert kept(host.folder) is not None
    assert host.folder.path.stat().st_mode & 0o777 == 0o700
    assert host.folder.record.is_file()
