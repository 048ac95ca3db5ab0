"""The room on screen: what it says at each moment, by pilot on a fake room."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.geometry import Region

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.room import RoomClosed, RoomInfo
from controlroom.tui.app import ControlRoomApp
from controlroom.tui.panes import Experiments, Timeline
from controlroom.tui.screens.simple import Prompt
from tests.sessions import DAY, HOST, LATENCY, OPENED, moment, synthetic_events
from tests.tui.desk import desk
from tests.tui.fake_room import TITLE, FakeRoom, recorded


async def test_one_glance_says_what_is_broken_where_we_are_and_what_is_next() -> None:
    async with desk(1872) as room:
        assert "Inventory Service Failure Scenario" in room.pane("status")
        clock = room.pane("clock")
        assert "INJECT CHAOS" in clock
        assert "2 FAULTS ACTIVE" in clock
        assert "[!] halt" in clock
        assert "NEXT 35:00 Memory Stress in 3:" in clock
        experiments = room.pane("experiments")
        assert "FIRED 2/2" in experiments
        assert "ACTIVE 3/3" in experiments
        assert "planned" in experiments


async def test_metrics_say_now_pre_during_ratio_and_that_a_limit_is_passed() -> None:
    async with desk(1872) as room:
        row = next(line for line in room.pane("metrics").splitlines() if "Order p95" in line)
        assert "▲" in row
        assert "138" in row
        assert "2.4×" in row
        assert "TTD 0:22" in room.pane("metrics")


async def test_nothing_but_the_title_is_known_before_the_room_is_entered() -> None:
    async with desk(events=()) as room:
        assert TITLE.removeprefix("Game Day: ") in room.pane("status")
        assert "will stand here" in room.pane("metrics")
        assert "n writes one" in room.pane("notes")


async def test_a_source_that_fails_is_visible_and_not_fatal() -> None:
    async with desk(1872) as room:
        await room.feed(
            e.SourceFailed(source="prometheus", error="connection refused", hint="is it running?"), t=1880
        )
        assert "prom ✗" in room.pane("status")
        assert "prometheus fails since 31:20: connection refused  is it running?" in room.pane("banner")
        await room.press("n")
        await room.type("it is down")
        await room.press("enter")
        assert room.asked(i.WriteNote).text == "it is down"


async def test_an_old_value_says_its_age() -> None:
    async with desk(1872) as room:
        await room.feed(e.MetricTroubled(metric="order_p95", reason="no data"), t=1920)
        await room.until(lambda: "!" in room.pane("metrics"), "the age is there")
        row = next(line for line in room.pane("metrics").splitlines() if "Order p95" in line)
        assert "s!" in row


async def test_halt_is_one_key_and_is_followed_to_its_proof() -> None:
    async with desk(1872) as room:
        await room.press("!")
        assert isinstance(room.asked(i.HaltAll), i.HaltAll)
        await room.feed(e.HaltRequested(runs=("pod-kill#1", "network-latency#1")))
        assert "HALTING  2 faults" in room.pane("banner")
        assert "LOCKED" in room.pane("clock")
        proofs = (e.HaltProof(run="network-latency#1", target="a", outcome="recovered", seconds=4.1),)
        await room.feed(e.HaltFinished(seconds=6.3, proofs=proofs))
        assert "HALTED in 6.3 s, proven" in room.pane("banner")
        await room.press("u")
        await room.type("unlock")
        await room.press("enter")
        assert room.asked(i.Unlock).word == "unlock"


async def test_the_halt_key_types_in_a_text_and_another_halts_there() -> None:
    async with desk(1872) as room:
        await room.press("n")
        await room.type("stop!")
        assert room.room.asked == []
        await room.press("ctrl+x")
        assert isinstance(room.asked(i.HaltAll), i.HaltAll)


async def test_the_halt_key_works_over_any_other_sheet() -> None:
    async with desk(1872) as room:
        await room.press("k", "!")
        assert isinstance(room.asked(i.HaltAll), i.HaltAll)


async def test_an_abort_counts_down_in_sight_and_can_be_held() -> None:
    async with desk(1872) as room:
        await room.feed(e.AbortBreached(rule="errors-out-of-hand", value=27.0, countdown=10.0), t=1872)
        assert "ABORT in 10 s  More than a quarter of all orders fail" in room.pane("banner")
        room.real += 4
        await room.show()
        assert "ABORT in 6 s" in room.pane("banner")
        await room.press("b")
        assert room.asked(i.HoldAbort).rule == "errors-out-of-hand"


async def test_a_lost_room_says_that_what_is_shown_is_old() -> None:
    async with desk(1872) as room:
        await room.room.cut("the host is gone")
        await room.until(lambda: room.app.now.trouble != "", "the loss is known")
        await room.show()
        assert "CUT OFF  the host is gone" in room.pane("banner")
        await room.press("a")
        assert room.room.asked == []


async def test_a_held_clock_says_so() -> None:
    async with desk(1872) as room:
        await room.press("h")
        assert isinstance(room.asked(i.HoldClock), i.HoldClock)
        await room.feed(e.ClockHeld(), t=1900)
        assert "HELD" in room.pane("clock")
        assert "faults, samples and alerts go on" in room.pane("banner")


async def test_an_over_run_is_said_in_the_clock_and_on_the_timeline() -> None:
    day = [own for own in synthetic_events(LATENCY + 600) if own.t < 2690]
    async with desk(events=day) as room:
        await room.feed(e.ClockHeld(), e.ClockResumed(), t=2760)
        assert "0:59 OVER" in room.pane("clock")
        assert "over by 00:59" in room.pane("timeline")


async def test_time_goes_on_between_events_at_the_rate_of_the_rehearsal() -> None:
    async with desk(1872) as room:
        await room.feed(e.RateChanged(rate=20.0), t=1880)
        room.real += 3
        await room.show()
        assert "T+32:20" in room.pane("clock")


async def test_a_seat_that_may_only_look_cannot_act() -> None:
    audience = RoomInfo(session="s", title=TITLE, seat="audience")
    async with desk(1872, info=audience) as room:
        await room.press("!", "a", "n")
        assert room.room.asked == []
        assert any("not possible for this seat" in said for said in room.said)


async def test_a_refusal_is_said_with_its_reason() -> None:
    async with desk(1872) as room:
        room.room.answer = i.Refused(reason="the day is locked", hint="unlock first")
        await room.press("a")
        await room.until(lambda: bool(room.said), "the refusal is said")
        assert "refused: the day is locked. unlock first" in room.said


async def test_leaving_asks_what_becomes_of_the_session() -> None:
    async with desk(1872) as room:
        await room.press("q")
        assert "2 faults are active" in room.sheet()
        assert "controlroom attach fake" in room.sheet()
        assert "No facilitator will be in the room: all goes on" in room.sheet()
        await room.press("e")
        assert room.asked(i.End).how == "wait"
        await room.press("q", "d")
    assert room.app.return_value is not None
    assert room.app.return_value.word == "left"
    assert room.app.return_value.farewell == "it goes on; to look at it again: controlroom attach fake"
    assert room.room.closed


async def test_hostile_text_is_shown_harmlessly() -> None:
    evil = "\x1b]0;owned\x07[bold red]x[/nope]\u202egnp\x9b2J\nnext\tline"
    async with desk(1872) as room:
        await room.feed(
            e.NoteWritten(note="evil", type="note", text=evil),
            e.SourceFailed(source="kubernetes", error=evil, hint=evil),
            e.AlertObserved(
                name=evil, labels={}, state="firing", active_at=moment(1800), firing_at=moment(1800)
            ),
            e.MarkMade(mark="evil", milestone="mark", text=evil),
        )
        painted = "".join(room.screen_lines())
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in painted)
        assert "[bold red]x[/nope]" in room.pane("notes")
        for key in ("M", "f", "d"):
            await room.press(key)
            assert "\x1b" not in "".join(room.screen_lines())
            await room.press("escape")


async def test_the_last_net_holds_where_text_was_not_cleaned() -> None:
    async with desk(1872) as room:
        room.app.open(Prompt(room.app.now, "\x1b]0;owned\x07 [/nope] \u202egnp \x9b2J end"))
        await room.until(lambda: any("end" in line for line in room.screen_lines()), "the heading is shown")
        painted = "".join(room.screen_lines())
        assert "[/nope]" in painted
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in painted)


async def test_resizing_to_almost_nothing_and_back_does_no_harm() -> None:
    async with desk(1872) as room:
        before = room.pane("metrics")
        for size in ((20, 5), (1, 1), (80, 24), (200, 50), (120, 36)):
            await room.pilot.resize_terminal(*size)
            await room.pilot.pause()
            assert all(len(line) <= size[0] for line in room.screen_lines())
        await room.show()
        assert room.pane("metrics") == before


async def test_only_changed_lines_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(1872) as room:
        pane = room.app.room_screen.query_one("#experiments", Experiments)
        painted: list[Region] = []
        monkeypatch.setattr(pane, "refresh", lambda *regions: painted.extend(regions))
        await room.show()
        assert painted == []
        room.real += 2
        await room.show()
        assert [region.height for region in painted] == [1, 1], "the two countdowns, and nothing else"


async def test_the_recording_says_that_nothing_is_live_and_is_left_at_once() -> None:
    async with desk(9999, info=recorded()) as room:
        assert "recorded 2026-11-22, nothing here is live" in room.pane("banner")
        assert "RECORDED" in room.pane("status")
        await room.press("!", "a", "q")
        assert room.room.asked == []
    assert room.app.return_value is not None


async def test_a_broken_layout_is_a_message_and_the_default(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nrows: 3\n")
    async with desk(1872, layouts=tmp_path) as room:
        assert room.app.room_screen.own.name == "facilitator"
        assert any("layout left out: bad.yaml:1" in said for said in room.said)


async def test_a_room_that_cannot_be_entered_ends_the_screen_with_its_reason() -> None:
    async def enter() -> FakeRoom:
        raise RoomClosed("no such session")

    app = ControlRoomApp(enter, TITLE)
    async with app.run_test() as pilot:
        for _ in range(50):
            if app.return_value is not None:
                break
            await pilot.pause()
    assert app.return_value is not None
    assert (app.return_value.word, app.return_value.message) == ("failed", "no such session")


def test_the_day_of_the_tests_begins_where_it_says() -> None:
    first = synthetic_events(0.0)[0]
    assert (first.at, first.actor, first.seq) == (OPENED, HOST, 1)


async def test_a_closed_day_says_its_verdict_and_is_left_without_a_question() -> None:
    async with desk(DAY) as room:
        assert "DAY CLOSED" in room.pane("clock")
        assert room.app.now.figures.verdict in room.pane("clock")
        assert "the day is closed: the day is over" in room.pane("banner")
        await room.press("q")
    assert room.app.return_value is not None
    assert room.app.return_value.word == "ended"


async def test_a_metric_is_not_there_before_its_first_sample_and_unknown_once_it_is_lost() -> None:
    async with desk(1.0) as room:
        assert "unknown" not in room.pane("metrics")
        await room.feed(e.MetricTroubled(metric="error_rate", reason="no data"))
        assert "unknown" in next(line for line in room.pane("metrics").splitlines() if "Error rate" in line)


async def test_a_room_that_is_covered_before_its_first_paint_is_entered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An early key opens a sheet; what waits for a paint of the room below would wait until it is closed."""
    room = FakeRoom(synthetic_events(1872))

    async def enter() -> FakeRoom:
        return room

    monkeypatch.setattr(ControlRoomApp, "call_after_refresh", lambda *_: True)
    app = ControlRoomApp(enter, TITLE)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("?")
        async with asyncio.timeout(10):
            while app.follower is None or len(app.follower.history) < room.count:
                await pilot.pause()
        assert len(app.screen_stack) == 2, "what was opened stays open"


async def test_the_first_paint_shows_the_plan_where_the_opening_is_at_hand() -> None:
    opening = synthetic_events(0.0)[0]

    async def enter() -> FakeRoom:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    app = ControlRoomApp(enter, TITLE, opening=opening)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        pane = app.room_screen.query_one("#timeline", Timeline)
        text = "\n".join(pane.render_line(y).text for y in range(pane.size.height))
        assert "Baseline" in text
        assert "network latency" in text
        await pilot.press("!", "n", "q")
    assert app.return_value is not None
    assert app.return_value.word == "left"
