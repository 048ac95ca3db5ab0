"""A host killed with SIGKILL and the next one on its journal: nothing acknowledged is lost, all is accounted for."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.fold import fold
from controlroom.core.values import changed
from controlroom.host.launch import HostFailed, await_host, launch
from controlroom.journal.listing import listed
from controlroom.journal.reader import read_events
from controlroom.room.attached import attach
from tests.cli.calling import spawn
from tests.host.killing import MOMENTS, Moment, Ordeal, lab_pid, ordeal, stop_lab
from tests.host.live import Viewer, fresh_folder, order_for

FEW = [pytest.param(moment, number, id=moment.__name__) for number, moment in enumerate(MOMENTS)]
MANY = [
    pytest.param(MOMENTS[seed % len(MOMENTS)], seed, id=f"{MOMENTS[seed % len(MOMENTS)].__name__}-{seed}")
    for seed in range(100, 150)
]


async def lived_through(place: Path, moment: Moment, seed: int) -> None:
    """One session, killed at a moment, taken up, brought to its end."""
    async with ordeal(place, seed) as own:
        await moment(own)
        await own.kill()
        stray = own.chance.random() < 0.5
        if stray:
            await own.plant_stray()
        await own.resume()
        await own.lab.put("kubernetes")
        await own.until_accounted()
        found = [event.body for event in own.viewer.events if isinstance(event.body, e.FaultFound)]
        assert stray == any(body.object.name == "stray" and not body.known for body in found)
        assert all(body.known or body.object.name == "stray" for body in found)
        gap = own.state.gaps[0]
        assert gap.end is not None and gap.end > gap.start
        await own.end()


@pytest.mark.parametrize(("moment", "seed"), FEW)
async def test_killed_and_taken_up(tmp_path: Path, moment: Moment, seed: int) -> None:
    await lived_through(tmp_path, moment, seed)


@pytest.mark.soak
@pytest.mark.parametrize(("moment", "seed"), MANY)
async def test_killed_and_taken_up_often(
    tmp_path: Path, moment: Moment, seed: int, record_property: pytest.RecordProperty
) -> None:
    await lived_through(tmp_path, moment, seed)
    record_property("kills", 1)


async def test_twice_killed(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 3) as own:
        await own.do(i.Start(experiment="network-latency"))
        await own.kill()
        await own.resume()
        await own.do(i.WriteNote(type="observation", text="between two deaths"))
        await own.kill()
        await asyncio.sleep(0)
        await own.resume()
        await own.viewer.until(lambda: len(own.state.gaps) == 2)
        await own.until_accounted()
        await own.end()


async def test_a_second_host_is_refused(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 5) as own:
        process = launch(changed(own.order, resume=True))
        with pytest.raises(HostFailed, match="another host has"):
            await asyncio.to_thread(await_host, process, own.folder)
        assert process.wait(10.0) == 1
        await own.do(i.WriteNote(type="observation", text="undisturbed"))


async def test_a_torn_end_is_cut_off_and_the_gap_is_filled(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 6) as own:
        await own.viewer.until(lambda: any(own.state.lengths))
        await own.kill()
        with own.folder.journal.open("ab") as journal:
            journal.write(b'{"v":1,"seq":99' + b"\0" * 500)
        await own.resume()
        marked = next(event.body for event in own.viewer.events if isinstance(event.body, e.SessionResumed))
        assert "515 bytes of an unfinished line were cut off" in marked.note
        assert (own.folder.path / "journal.torn").read_bytes().startswith(b'{"v":1,"seq":99\0')
        await filled(own)
        await own.end()


async def filled(own: Ordeal) -> None:
    """Waits for samples from after the gap, and looks at those of the gap: Prometheus had them all the time."""
    gap, opened = own.state.gaps[0], own.state.opened_at
    assert gap.end is not None and opened is not None
    started, ended = opened.timestamp() + gap.start, opened.timestamp() + gap.end

    def until() -> float:
        return max(
            first + length * 5
            for first, length in zip(own.state.first_step, own.state.lengths, strict=True)
            if first
        )

    await own.viewer.until(lambda: any(own.state.first_step) and until() > ended + 10)
    complete = 0
    for index in range(len(own.state.lengths)):
        series = own.viewer.view.series(index)
        if series.last is None:
            continue
        values = series.values(series.span(started, ended))
        complete += bool(values) and all(value == value for value in values)
    assert complete >= 8


async def test_a_halt_may_be_asked_for_with_the_resumption(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 7) as own:
        await own.do(i.Start(experiment="network-latency"))
        await own.kill()
        await own.resume(halt=True)
        await own.viewer.until(lambda: bool(own.state.halts) and own.state.halts[-1].finished is not None)
        assert own.state.halts[-1].reason == "asked for on resuming"
        assert await own.objects() == {}
        await own.end()


async def test_a_rehearsal_whose_lab_is_gone_is_closed_in_good_order(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 8) as own:
        await own.do(i.WriteNote(type="observation", text="the last word"))
        await own.kill()
        os.kill(lab_pid(own.folder), signal.SIGKILL)
        name = own.folder.name
        assert listed(own.folder).status == "unfinished"
        called = await asyncio.to_thread(spawn, "resume", name, "--sessions", tmp_path)
        assert called.code == 4
        assert called.err == (
            "controlroom: its lab has ended, so the rehearsal cannot go on; its record is closed: "
            f"{own.folder.report}\n"
        )
        state = fold(read_events(own.folder.journal))
        assert (state.status, state.closed_reason) == ("closed", "the lab was lost")
        assert "the last word" in own.folder.report.read_text()
        assert listed(own.folder).status == "closed"
        own.check_record()
        again = await asyncio.to_thread(spawn, "resume", name, "--sessions", tmp_path)
        assert (again.code, again.err.startswith(f"controlroom: {name} is closed")) == (2, True)


async def test_without_a_terminal_the_host_is_started_all_the_same(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 9) as own:
        await own.kill()
        called = await asyncio.to_thread(spawn, "resume", "--sessions", tmp_path)
        assert (called.code, called.err) == (0, "")
        assert called.out == (
            f"{own.folder.name} goes on; to look at it: controlroom attach {own.folder.name}\n{own.folder.path}\n"
        )
        found = own.folder.host()
        assert found is not None
        live = await asyncio.to_thread(spawn, "resume", own.folder.name, "--sessions", tmp_path)
        assert (live.code, f"controlroom attach {own.folder.name}" in live.err) == (2, True)
        room = Viewer(await attach(Path(found.socket)))
        room.follow()
        await room.until(lambda: bool(room.state.gaps))
        await room.do(i.End())
        await room.over()
        await room.leave()


@pytest.mark.soak
async def test_a_headless_day_goes_on_to_its_verdict(tmp_path: Path) -> None:
    """Killed while the second fault acts, and taken up by `resume --headless`."""
    folder = fresh_folder(tmp_path)
    order = order_for(folder, rate=120.0, headless=True)
    process = launch(order)
    try:
        found = await asyncio.to_thread(await_host, process, folder)
        viewer = Viewer(await attach(Path(found.socket)))
        viewer.follow()
        await viewer.until(lambda: len(viewer.state.runs) == 2 and bool(viewer.state.running), within=120.0)
        process.kill()
        process.wait()
        await viewer.leave()
        called = await asyncio.to_thread(spawn, "resume", folder.name, "--headless", "--sessions", tmp_path)
        assert called.code in (0, 1, 3), called
        state = fold(read_events(folder.journal))
        assert (state.closed_reason, state.left) == ("ended", ())
        assert {run.experiment for run in state.runs.values()} >= {"pod-kill", "network-latency"}
        assert all(phase.status in ("done", "skipped") for phase in state.phases)
    finally:
        process.kill()
        await stop_lab(folder)
