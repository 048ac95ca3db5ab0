"""No key pressed twice, and no enter by reflex, does anything that cannot be taken back."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.tui.actions import ACTIONS, BY_ID, Action, possible, why_not
from controlroom.tui.keymap import Keys
from controlroom.tui.outcome import Settings
from tests.sessions import synthetic_events
from tests.tui.desk import Desk, desk

ASKING = [own for own in ACTIONS if own.dangerous and not own.id.startswith("halt")] + [BY_ID["quit"]]


async def _ready_for(room: Desk, action: Action) -> None:
    if action.id == "unlock":
        await room.feed(e.HaltRequested(), e.HaltFinished(seconds=1.0, proofs=()))
    elif action.id == "force":
        await room.feed(e.FaultObserved(run="network-latency#1", state="stuck", message="no daemon"))
    assert possible(action, room.app.now)


@pytest.mark.parametrize("action", ASKING, ids=lambda action: action.id)
async def test_a_key_pressed_twice_and_enter_decide_nothing(action: Action) -> None:
    async with desk(1872) as room:
        await _ready_for(room, action)
        key = action.key.split(",")[0]
        again = () if action.id == "incident" else (key,)  # whose key is text there; empty words are refused
        await room.press(key, *again, "enter", "enter", *again)
        await room.pilot.pause()
        assert [own for own in room.room.asked if not isinstance(own, i.Preview)] == []
        assert room.app.return_value is None


async def test_a_key_of_ones_own_that_a_question_uses_is_not_its_own_answer() -> None:
    keys = Keys({"phases": ("h",), "hold_clock": ("p",)})
    room = Desk(synthetic_events(1872.0), None, Settings(keys=keys))
    async with room.app.run_test(size=(120, 36)) as pilot:
        await room.ready(pilot)
        await room.press("h", "h")
        assert not room.room.asked
        assert "another key" in room.said[-1]
        await room.press("5")
        assert room.asked(i.ExtendPhase).seconds == 300.0


async def test_enter_chooses_once_the_cursor_was_moved() -> None:
    async with desk(1872) as room:
        await room.press("p", "enter")
        assert "up and down before enter" in room.said[-1]
        await room.press("down", "up", "enter")
        assert room.room.asked == [i.NextPhase()]


async def test_what_is_not_in_sight_is_asked_for_by_name() -> None:
    async with desk(1872, layout="scribe") as room:
        assert not room.app.shows("experiments")
        await room.press("space")
        assert "Pod Kill" in room.sheet()
        assert "planned" in room.sheet()
        assert not room.room.asked
        await room.press("3")
        assert room.asked(i.Preview).experiment == "memory-stress"


async def test_the_pane_behind_another_one_is_not_in_sight() -> None:
    async with desk(1872, size=(80, 24)) as room:
        assert room.app.shows("notes")
        assert not room.app.shows("feed")
        room.app.choose("feed")
        assert room.app.shows("feed")
        assert not room.app.shows("notes")


async def test_nothing_is_started_from_the_past() -> None:
    async with desk(1872) as room:
        await room.press("comma", "space")
        assert room.app.screen is room.app.room_screen
        assert not room.room.asked
        assert "not from the past: end goes back to now" in room.said[-1]
        assert "end" in why_not(BY_ID["start_stop"], room.app.now)
