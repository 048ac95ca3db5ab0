"""A saved session in the same room: play, pause, seek, marks, phases."""

from __future__ import annotations

from controlroom.core import events as e
from tests.sessions import DAY
from tests.tui.desk import desk
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
        await room.type("10")
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
