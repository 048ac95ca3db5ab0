"""A saved session in the same room: play, pause, seek, marks, phases."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.geometry import Offset
from textual.widgets import Input

from controlroom.core import events as e
from controlroom.core.values import changed
from controlroom.journal.bookmarks import FileBookmarks
from controlroom.tui.outcome import Settings
from tests.sessions import DAY, synthetic_events
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded


async def test_it_opens_at_the_end_with_the_whole_day_in_sight() -> None:
    async with desk(DAY, info=recorded()) as room:
        assert "T+90:00" in room.pane("clock")
        assert "DAY CLOSED" in room.pane("clock")
        assert "paused ×1" in room.pane("keys")
        assert "should the breaker page" in room.pane("notes")


async def test_it_plays_at_its_speed_and_pauses() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("home", ">", ">", ">", "space")
        assert "playing ×8" in room.pane("keys")
        room.real += 60
        await room.show()
        assert "T+08:00" in room.pane("clock")
        await room.press("space")
        room.real += 60
        await room.show()
        assert "T+08:00" in room.pane("clock")


async def test_played_from_the_end_it_begins_again() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("space")
        assert "T+00:00" in room.pane("clock")


async def test_seeking_by_time_mark_and_phase() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("home", "}", "}")
        assert "T+15:00" in room.pane("clock")
        await room.press("]")
        assert "fault: Pod Kill requested" in room.pane("keys")
        await room.press(".", ".")
        assert "T+16:02" in room.pane("clock")
        await room.press(",")
        assert "T+15:32" in room.pane("clock")
        await room.press(":")
        await room.type("53:30")
        await room.press("enter")
        assert "T+53:30" in room.pane("clock")
        assert "mitigated" in room.pane("feed")


async def test_what_came_later_is_not_known_at_an_earlier_moment() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press(":")
        await room.type("10:00")
        await room.press("enter")
        assert "InventoryReplicasLow" not in room.pane("feed")
        assert "planned" in room.pane("experiments")
        assert "no fault active" in room.pane("clock")
        assert "TTD –" in room.pane("metrics")


async def test_a_live_session_is_looked_back_upon_while_it_goes_on() -> None:
    async with desk(1872) as room:
        await room.press("[")
        assert "looking back at" in room.pane("banner")
        await room.feed(e.NoteWritten(note="later", type="note", text="while looking back"), t=1880)
        assert "while looking back" not in room.pane("notes")
        await room.press("a")
        assert room.room.asked == [], "no mark is made for a moment that is not now"
        await room.press("end")
        assert "while looking back" in room.pane("notes")


async def test_a_tick_of_the_timeline_says_what_happened_and_is_gone_to() -> None:
    async with desk(DAY, info=recorded()) as room:
        room.app.choose("timeline")
        await room.press("up", "enter")
        assert "phase.ended" in room.sheet() or "phase.started" in room.sheet()
        await room.press("left", "enter")
        assert "T+89:" not in room.pane("clock")


async def test_the_keys_go_to_the_moments_of_one_kind() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("J")
        assert "alerts" in room.sheet()
        await room.press("n", "home", "]")
        assert "note:" in room.pane("keys")
        assert "notes" in room.pane("keys")
        first = room.app.now.t
        await room.press("]")
        assert room.app.now.t > first
        await room.press("[")
        assert room.app.now.t == first
        await room.press("J", "g", "]")
        assert any("no gap after this" in said for said in room.said)
        await room.press("J", "e", "]")
        assert room.app.now.t > first


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("alert:InventoryReplicasLow", "T+15:"),
        ("phase:inject", "T+15:0"),
        ("@13:20", "T+20:00"),
        ("start", "T+00:00"),
        ("-2:30", "T+87:30"),
    ],
)
async def test_a_moment_is_typed_by_time_or_by_name(typed: str, shown: str) -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press(":")
        await room.type(typed)
        await room.press("enter")
        assert shown in room.pane("clock")


async def test_what_is_typed_is_completed_and_what_is_wrong_says_why() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press(":")
        await room.type("al")
        assert "alert:" in room.sheet()
        await room.press("tab")
        await room.type("repl")
        assert "alert:InventoryReplicasLow" in room.sheet()
        await room.press("tab", "enter")
        assert "T+15:" in room.pane("clock")
        await room.press(":")
        await room.type("alert:nothing")
        await room.press("enter")
        assert any("no alert 'nothing'" in said for said in room.said)


async def test_a_stretch_is_played_again_and_again() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("home", ".", ")")
        assert any("begins first" in said for said in room.said)
        await room.press("(", ".", ")")
        assert "↻ 00:30–01:00" in room.pane("keys")
        room.real += 45
        await room.show()
        assert "T+00:45" in room.pane("clock")
        await room.press("backslash")
        room.real += 45
        await room.show()
        assert "T+01:30" in room.pane("clock")


async def test_a_slow_motion() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.press("home", "<", "space")
        assert "playing ×0.5" in room.pane("keys")
        room.real += 60
        await room.show()
        assert "T+00:30" in room.pane("clock")


async def test_bookmarks_lie_beside_the_recording(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"as it was")
    info = recorded(folder=str(tmp_path))
    for again in (False, True):
        own = Desk(synthetic_events(DAY), info, Settings(notebook=lambda folder: FileBookmarks(Path(folder))))
        async with own.app.run_test(size=(120, 36)) as pilot:
            await own.ready(pilot)
            if again:
                await own.press("apostrophe", "enter")
                assert "T+20:00" in own.pane("clock")
                await own.press("B")
                assert "the pager" in own.app.screen.query_one(Input).value
                for _ in "the pager":
                    await own.press("backspace")
                await own.press("enter")
                assert own.app.follower is not None
                assert own.app.follower.bookmarks == ()
                continue
            await own.press(":")
            await own.type("20:00")
            await own.press("enter", "B")
            await own.type("the pager")
            await own.press("enter", "home", ":")
            await own.type("bookmark:pager")
            await own.press("enter")
            assert "T+20:00" in own.pane("clock")
            assert "bookmark: the pager" in own.pane("keys")
    assert (tmp_path / "bookmarks.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "journal.jsonl").read_bytes() == b"as it was"


async def test_dragged_along_the_timeline() -> None:
    async with desk(DAY, info=recorded()) as room:
        await room.pilot.mouse_down("#timeline", offset=Offset(40, 3))
        seen = []
        for column in (50, 60, 70, 200):
            pane = room.app.screen.query_one("#timeline")
            event = events.MouseMove(
                pane, 0, 0, 1, 0, 1, False, False, False, pane.region.x + column, pane.region.y + 3
            )
            pane.post_message(event)
            await room.show()
            seen.append(room.app.now.t)
        await room.pilot.mouse_up("#timeline")
        assert seen == sorted(seen)
        assert 0 < seen[0] < seen[2] < seen[3] <= DAY + 30


async def test_a_live_room_is_not_left_by_a_slip_of_the_hand() -> None:
    async with desk(1872.0) as room:
        await room.pilot.click("#timeline", offset=Offset(40, 3))
        assert room.app.now.live


async def test_a_key_that_is_held_down_is_shown_once_for_all_that_came_together() -> None:
    async with desk(info=recorded()) as room:
        app, shown = room.app, []
        follower = app.follower
        assert follower is not None
        moment, end = follower.moment, follower.head
        follower.moment = lambda: shown.append(follower.playhead.t) or moment()  # type: ignore[func-returns-value, method-assign]
        for _ in range(10):
            app.post_message(events.Key("comma", ","))
        await room.until(lambda: app.now.t == end - 300, "all of them count")
        assert len(shown) < 10
        await room.press("full_stop")
        assert app.now.t == end - 270
        assert not room.said


async def test_a_session_that_is_still_recorded_is_followed_scrubbed_back_and_seen_to_end() -> None:
    async with desk(1872.0, info=changed(recorded(), followed=True)) as room:
        assert "still being recorded, since 2026-11-22" in room.pane("banner")
        await room.feed(e.NoteWritten(note="more", type="note", text="it goes on"), t=1880)
        assert "it goes on" in room.pane("notes")
        await room.press(",")
        await room.feed(e.NoteWritten(note="later", type="note", text="while looking back"), t=1890)
        assert "T+30:50" in room.pane("clock")
        assert "while looking back" not in room.pane("notes")
        await room.press("end")
        assert "while looking back" in room.pane("notes")
        await room.feed(e.SessionClosed(reason="ended", left=()), t=1900)
        follower = room.app.follower
        assert follower is not None
        await room.until(lambda: follower.ended, "its end is seen")
        await room.show()
        assert "the record has ended by now" in room.pane("banner")
        assert room.room.asked == []


async def test_a_record_whose_host_went_says_that_it_stopped() -> None:
    async with desk(1872.0, info=changed(recorded(), followed=True)) as room:
        await room.room.cut("the journal is gone")
        follower = room.app.follower
        assert follower is not None
        await room.until(lambda: follower.ended, "that is seen")
        await room.show()
        assert "stopped without an end" in room.pane("banner")
