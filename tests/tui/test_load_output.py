"""The load's output: its end, cleaned, as it is written; and why there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from controlroom.core import events as e
from controlroom.core.plan import Load
from controlroom.core.values import changed
from controlroom.host import means
from controlroom.host.beginning import Beginning
from controlroom.journal.folder import SessionFolder
from controlroom.room import RoomInfo
from controlroom.tui.actions import BY_ID, possible
from controlroom.tui.load_output import LOG, MOST_BYTES, MOST_LINES, Output, read_output
from controlroom.tui.screens.load_output import LoadSheet
from tests.sessions import seed_plan, synthetic_events
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import TITLE
from tests.tui.seats import AUDIENCE


def _info(folder: Path, live: bool = True) -> RoomInfo:
    return RoomInfo(
        session="day", title=TITLE, name="robin", viewer="viewer-1", folder=str(folder), live=live
    )


async def _opened(room: Desk) -> LoadSheet:
    """The sheet, once it has read the log for the first time."""
    await room.press("O")
    sheet = room.app.screen
    assert isinstance(sheet, LoadSheet)
    await room.until(lambda: "Reading its output" not in room.sheet(), "the log is read")
    return sheet


def test_the_end_of_a_long_log_is_read_from_a_whole_line_on(tmp_path: Path) -> None:
    lines = [f"request {n:06} took {n % 97} ms, and some more words about it" for n in range(5_000)]
    (tmp_path / LOG).write_text("\n".join(lines) + "\n")
    found = read_output(str(tmp_path))
    assert found.lines and not found.whole and not found.trouble
    assert list(found.lines) == lines[-len(found.lines) :]
    assert sum(len(line) + 1 for line in found.lines) <= MOST_BYTES


def test_no_more_lines_are_kept_than_can_be_shown_in_time(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("x\n" * (MOST_LINES + 1))
    found = read_output(str(tmp_path))
    assert len(found.lines) == MOST_LINES
    assert not found.whole


def test_what_steers_a_terminal_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / LOG).write_bytes(b"\x1b]0;owned\x07ok \x1b[31mred\x1b[0m \xff\r\nlast without an end")
    assert read_output(str(tmp_path)).lines == ("ok red \N{REPLACEMENT CHARACTER} ", "last without an end")


def test_a_folder_of_another_account_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / LOG).write_text("theirs\n")
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    found = read_output(str(tmp_path))
    assert not found.lines
    assert "is not this account's" in found.trouble


def _link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("make", [os.mkfifo, _link], ids=["pipe", "link"])
def test_only_a_file_is_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Opening a pipe would wait for somebody to write into it."""
    make(tmp_path / LOG)
    found = read_output(str(tmp_path))
    assert found.trouble
    assert not found.lines


async def test_what_a_host_keeps_of_a_load_is_what_is_read(tmp_path: Path) -> None:
    """The host's own driver with a real command: the two agree on the file."""
    loaded = seed_plan()
    load = Load(command=(sys.executable, "-c", "print('\\x1b[32m12 requests\\x1b[0m'); print('done')"))
    begun = Beginning(
        session="day",
        loaded=changed(loaded, plan=changed(loaded.plan, load=load)),
        path=tmp_path / "plan.yaml",
        directory=tmp_path,
        lab=None,
    )
    driver = means._load(begun, SessionFolder(tmp_path), None)
    await driver.start()
    assert await driver.ended() == "the load ended by itself"
    assert read_output(str(tmp_path)).lines == ("12 requests", "done")


def test_no_log_is_told_from_an_empty_one(tmp_path: Path) -> None:
    assert read_output(str(tmp_path)) == Output(missing=True)
    (tmp_path / LOG).touch()
    assert read_output(str(tmp_path)) == Output()


async def test_the_sheet_follows_what_the_load_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoadSheet, "EVERY", 0.01)
    log = tmp_path / LOG
    log.write_text("".join(f"line {n}\n" for n in range(100)))
    async with desk(1872, info=_info(tmp_path)) as room:
        await _opened(room)
        assert "running since T+00:01, for 31:07" in room.sheet()
        assert "line 99" in room.sheet()
        assert "line 5\n" not in room.sheet()
        with log.open("a") as file:
            file.write("one more\n")
        await room.until(lambda: "one more" in room.sheet(), "the new line is shown")


async def test_who_has_scrolled_up_is_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoadSheet, "EVERY", 0.01)
    log = tmp_path / LOG
    log.write_text("".join(f"line {n}\n" for n in range(100)))
    async with desk(1872, info=_info(tmp_path)) as room:
        sheet = await _opened(room)
        await room.press("pageup", "pageup")
        shown = room.sheet()
        assert "line 99" not in shown
        log.write_text(log.read_text() + "one more\n")
        await room.until(lambda: "one more" in (sheet.read.lines if sheet.read else ()), "it is read")
        await room.show()
        assert room.sheet() == shown
        await room.press("end")
        assert "one more" in room.sheet()


async def test_how_it_ended_is_said(tmp_path: Path) -> None:
    async with desk(1872, info=_info(tmp_path)) as room:
        await room.feed(e.LoadFailed(error="the load failed with exit status 3"))
        await _opened(room)
        assert "failed T+31:08, after 31:07: the load failed with exit status 3" in room.sheet()
        assert "The lab's own load stands in for the plan's command" in room.sheet()


async def test_on_a_cluster_a_log_that_is_missing_is_a_trouble(tmp_path: Path) -> None:
    first, *rest = synthetic_events(1872)
    assert isinstance(first.body, e.SessionOpened)
    real = changed(first, body=changed(first.body, lab=False))
    async with desk(events=(real, *rest), info=_info(tmp_path)) as room:
        await _opened(room)
        assert "There is no load.log in" in room.sheet()


async def test_a_start_that_failed_is_said(tmp_path: Path) -> None:
    async with desk(0.5, info=_info(tmp_path)) as room:
        await room.feed(e.LoadFailed(error="there is no program gatling here"))
        await _opened(room)
        assert "not started" in room.sheet()
        assert "The last start failed: there is no program gatling here" in room.sheet()


async def test_output_from_before_a_host_died_is_not_taken_for_news(tmp_path: Path) -> None:
    async with desk(1872, info=_info(tmp_path)) as room:
        await room.feed(e.SessionResumed(gap=20), t=1900)
        await _opened(room)
        assert "Its output is lost since the host was taken up again (T+31:40)" in room.sheet()


async def test_in_a_recording_the_output_is_not_that_of_the_moment(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("done\n")
    async with desk(5400, info=_info(tmp_path, live=False)) as room:
        await _opened(room)
        assert "not that of the moment shown" in room.sheet()


async def test_a_disk_that_hangs_is_said(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("old\n")
    async with desk(1872, info=_info(tmp_path)) as room:
        sheet = await _opened(room)
        sheet.reading = True  # as while a read does not come back
        for _ in range(LoadSheet.LATE):
            sheet.look()
        assert "The disk does not answer" in room.sheet()


async def test_an_audience_does_not_see_it() -> None:
    async with desk(1872, info=AUDIENCE) as room:
        assert not possible(BY_ID["load_output"], room.app.now)
        await room.press("O")
        assert room.app.screen is room.app.room_screen


async def test_a_load_of_objects_says_how_far_it_is_and_that_it_is_going(tmp_path: Path) -> None:
    async with desk(1872, info=_info(tmp_path)) as room:
        plan = seed_plan().plan
        job = e.ObjectRef(api_version="batch/v1", kind="Job", namespace="bookstore", name="orders", uid="u")
        amended = changed(plan, load=Load(manifest="orders-load.yaml"))
        await room.feed(
            e.PlanAmended(plan=amended, plan_text="", reason=""),
            e.LoadStopped(reason="for the other"),
            e.LoadRequested(objects=(job,), manifest="kind: Job"),
            e.LoadStarted(objects=(job,)),
            e.LoadObserved(message="Job 2 active, 0 succeeded, 0 failed", pods=2),
        )
        await _opened(room)
        assert "Job 2 active, 0 succeeded, 0 failed, 2 pods running" in room.sheet()
        assert "the objects of orders-load.yaml" in room.sheet()
        assert "The lab's own load stands in for the plan's manifest" in room.sheet()
        await room.feed(e.LoadStopRequested(objects=(job,), why="stopped"))
        assert "it counts as running until its pods are gone" in room.sheet()
        await room.press("escape", "L")
        assert "the load is being deleted" in room.said[-1]
