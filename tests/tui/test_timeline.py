"""The timeline: readable in three lines and rich on a large screen; what is on it is chosen, opened and pointed at."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.tui.draw.lanes import MARKS
from controlroom.tui.draw.timeline import LEGEND, stop_at, time_at, timeline_rows
from controlroom.tui.spine import Timeline
from controlroom.tui.text import row_width
from tests.sessions import DAY, LATENCY, POD_KILL
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded


def _lines(own: Desk, cells: int, height: int) -> list[str]:
    return ["".join(text for text, _ in row) for row in timeline_rows(own.app.now, cells, height)]


async def test_three_lines_say_where_we_are_what_acts_and_what_fires() -> None:
    async with desk(2900.0, (80, 24)) as room:
        phases, faults, signs = room.pane("timeline").split("\n")
    assert "◆Incident Response" in phases
    assert "┃1" in faults and "2█" in faults and "3█" in faults
    assert "┄" in faults, "when they will end by themselves"
    assert signs.count("▲") >= 2 and "d" in signs and "!" in signs


@pytest.mark.parametrize("t", [0.4, 1872.0, 3250.0, DAY])
async def test_every_line_is_as_wide_as_the_pane(t: float) -> None:
    async with desk(t) as room:
        for cells, height in ((12, 3), (40, 3), (80, 3), (80, 5), (116, 8), (196, 8), (196, 14)):
            rows = timeline_rows(room.app.now, cells, height)
            assert len(rows) <= height
            assert {row_width(row) for row in rows} == {cells}


async def test_on_a_large_screen_every_alert_and_every_step_has_its_place() -> None:
    async with desk(3600.0, (200, 50)) as room:
        shown = room.pane("timeline")
    for name in ("InventoryReplicasLow", "fired 0:30", "13:30", "Clean up", "steps"):
        assert name in shown


async def test_a_gap_of_the_record_goes_through_every_line() -> None:
    async with desk(1000.0) as room:
        await room.feed(e.SessionResumed(gap=600.0), t=1700.0)
        lines = _lines(room, 116, 9)
    assert "???" in lines[2]
    assert sum("╱╱" in line for line in lines) >= 5


async def test_what_recovers_is_told_from_what_acts_by_its_shape() -> None:
    async with desk(POD_KILL + 30, (200, 50)) as room:
        shown = room.pane("timeline")
        assert "◁" in shown
        await room.feed(e.StopRequested(run="pod-kill#1", why="stop"))
    async with desk(LATENCY + 0.4, (200, 50)) as room:
        assert "▷" in room.pane("timeline")


async def test_a_tick_is_chosen_by_keys_and_opened() -> None:
    async with desk(2900.0) as room:
        room.app.choose("timeline")
        await room.press("left", "left", "up", "enter")
        page = room.sheet()
        assert "what went on then" in page
        assert "Network Latency" in page
        await room.press("left")
        assert room.sheet() != page
        await room.press("escape")
        assert room.app.screen is room.app.room_screen


async def test_an_opened_alert_says_its_labels_and_what_became_of_it() -> None:
    async with desk(DAY, info=recorded()) as room:
        stop = next(own for own in room.app.now.stops if own.text == "InventoryReplicasLow firing")
        pane = room.app.room_screen.query_one("#timeline", Timeline)
        room.app.choose("timeline")
        pane.choose(stop)
        await room.press("enter")
        page = room.sheet()
        for fact in ("15:25", "13:15:25 UTC", "service=inventory-service", "resolved", "by          source"):
            assert fact in page
        await room.press("enter")
        assert room.app.now.t == stop.t, "the room is shown as it was then"


async def test_a_silence_says_what_it_keeps_quiet() -> None:
    async with desk(2900.0) as room:
        stop = next(own for own in room.app.now.stops if "silenced" in own.text)
        room.app.choose("timeline")
        room.app.room_screen.query_one("#timeline", Timeline).choose(stop)
        await room.press("enter")
        assert 'alertname="InventoryReplicasLow"' in room.sheet()


async def test_a_click_means_the_tick_under_it_or_else_the_moment() -> None:
    async with desk(2900.0, (120, 36)) as room:
        pane = room.app.room_screen.query_one("#timeline", Timeline)
        width, height = pane.size
        moment = room.app.now
        x = room.pane("timeline").split("\n")[6].index("▲")
        found = stop_at(moment, moment.stops, x, 6, width, height)
        assert found is not None and found.kind == "alert"
        assert stop_at(moment, moment.stops, x, 1, width, height) is None, "nothing happened on the plan"
        t = time_at(moment, x, width, height)
        assert t is not None and abs(t - found.happened) < 60
        assert time_at(moment, 3, width, height) is None, "a label is no moment"
        assert await room.pilot.click("#timeline", offset=(x + 2, 7))
        await room.until(lambda: room.app.screen is not room.app.room_screen, "it opens")
        assert "alert" in room.sheet()


def test_every_sign_is_explained() -> None:
    text = " ".join(LEGEND)
    for letter in MARKS.values():
        assert f"{letter} " in text
    for sign in "━┄▒‖?╱◆▷█◁▓┃░▲△'▾▿•◦!":
        assert sign in text


async def test_what_a_phase_ran_over_stays_in_sight() -> None:
    async with desk(895.0) as room:
        await room.feed(e.PhaseEnded(phase="baseline"), e.PhaseStarted(phase="inject"), t=1500.0)
        await room.feed(e.Ticked(list="step", item="pod-kill", ticked=True), t=1800.0)
        assert _lines(room, 116, 8)[2].count("▒") >= 8
        assert "▒▒" in _lines(room, 80, 3)[0]


async def test_what_comes_later_is_not_told_from_what_is_known_before_it() -> None:
    async with desk(DAY, info=recorded()) as room:
        stop = next(own for own in room.app.now.stops if own.text == "InventoryReplicasLow firing")
        room.app.follower.seek(300.0)  # type: ignore[union-attr]
        room.app.moved()
        pane = room.app.room_screen.query_one("#timeline", Timeline)
        room.app.choose("timeline")
        pane.choose(stop)
        await room.press("enter")
        assert "later than the moment on screen" in room.sheet()
        assert "what went on then" not in room.sheet()
        await room.press("enter")
        assert room.app.now.t == stop.t
