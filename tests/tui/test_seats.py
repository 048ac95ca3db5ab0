"""Each seat's own screen: what an audience, a scribe and a second facilitator see and may do."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Event
from controlroom.core.plan import Vanished
from controlroom.core.projection import project
from controlroom.core.seats import MAY
from controlroom.core.values import changed
from controlroom.journal.reader import read_events
from controlroom.room import RoomInfo
from controlroom.shipped import shipped
from controlroom.tui.actions import ACTIONS, Action, possible
from controlroom.tui.moment import before_entering
from controlroom.tui.outcome import farewell
from controlroom.tui.palette import everything
from controlroom.tui.screens.help import room_rows
from tests.sessions import DAY, synthetic_events
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import TITLE
from tests.tui.seats import AUDIENCE, SCRIBE, told

SIZES = ((80, 24), (120, 36), (200, 50))
SECRETS = ("Pod Kill", "Network Latency", "Memory Stress", "staging", "PodChaos", "pod-kill")


@lru_cache
def example() -> tuple[Event, ...]:
    """What an audience is told of the shipped example."""
    return tuple(project(read_events(shipped("sessions") / "example" / "journal.jsonl"), "audience"))


def whole(room: Desk) -> str:
    return "\n".join(room.screen_lines())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("t", [0.4, 60.0, 941.0, 1800.0, 3200.0, 4700.0, 9999.0])
async def test_the_shipped_day_on_a_shared_screen(t: float, size: tuple[int, int]) -> None:
    """Every moment shows without an error, and names only what was revealed by then."""
    events = [event for event in example() if event.t <= t]
    async with desk(size=size, info=AUDIENCE, events=events) as room:
        assert room.app.room_screen.own.name == "audience"
        shown = whole(room)
        assert "Inventory Service Failure Scenario" in shown
        assert "no fault" not in shown, "it knows of none, which is not the same"
        assert "[!]" not in shown
        if t < 3188:
            assert not [secret for secret in SECRETS if secret in shown]
        elif t < 9000:
            assert "REVEALED  Memory Stress: began T+35:03; expected: Cache evictions" in shown
        assert room.said == []


async def test_a_shared_screen_says_in_words_how_the_system_stands() -> None:
    async with desk(1872, info=AUDIENCE, events=told(1872)) as room:
        lines = room.pane("vitals").splitlines()
        assert "▲ high: 2.2 × usual" in next(line for line in lines if "Order creation p95" in line)
        assert "as usual" in next(line for line in lines if "Cache hit" in line)
        assert len([line for line in lines if line.strip()]) == 7
        assert "InventoryCircuitBreakerOpen  firing for 5:" in room.pane("alerts")
        assert "INJECT CHAOS" in room.pane("stage")
        assert "left in this phase" in room.pane("stage")


async def test_a_value_that_is_missing_is_unknown_on_a_shared_screen() -> None:
    late = (1871.0, e.NoteWritten(note="late", type="note", text="no samples for a while"))
    before = [event for event in told(1872, late) if not isinstance(event.body, e.Samples) or event.t < 1800]
    async with desk(info=AUDIENCE, events=before) as room:
        line = next(line for line in room.pane("vitals").splitlines() if "Error rate" in line)
        assert "unknown: no value for" in line
        assert "–" in line


async def test_alerts_are_unknown_while_their_source_does_not_answer() -> None:
    async with desk(
        info=AUDIENCE, events=told(1872, (1871.0, e.SourceFailed(source="alertmanager", error="x")))
    ) as room:
        assert "alerts: unknown, alertmanager does not answer" in room.pane("alerts")


async def test_a_revelation_stays_for_some_minutes() -> None:
    revealed = (1900.0, e.Revealed(experiment="pod-kill"))
    said = "REVEALED  Pod Kill: began T+15:03; expected:"
    async with desk(info=AUDIENCE, events=told(1960, revealed)) as room:
        assert said in whole(room)
    async with desk(info=AUDIENCE, events=told(2200, revealed)) as room:
        assert said not in whole(room)


async def test_who_reveals_sees_a_small_banner_too() -> None:
    async with desk(1872) as room:
        await room.feed(e.Revealed(experiment="pod-kill"), t=1873)
        assert "revealed to the audience: Pod Kill (began T+15:03)" in room.pane("banner")
        await room.feed(
            e.PodObserved(namespace="n", name="p", uid="u", app="a", node="", phase="Running", ready=True),
            t=1990,
        )
        assert "revealed to the audience" not in room.pane("banner")


async def test_revealing_says_what_the_audience_will_see_and_wants_a_yes() -> None:
    async with desk(1872) as room:
        await room.press("v", "3")
        sheet = room.sheet()
        assert "The audience will read: Memory Stress: has not begun" in sheet
        assert "they will know before it does" in sheet
        await room.press("enter")
        assert room.room.asked == []
        await room.press("v", "1")
        assert "Pod Kill: began T+15:03; expected:" in room.sheet()
        await room.press("y")
        assert room.asked(i.Reveal).experiment == "pod-kill"


@pytest.mark.parametrize("seat", ["scribe", "audience"])
async def test_a_seat_that_does_not_run_the_day_just_leaves(seat: str) -> None:
    info = SCRIBE if seat == "scribe" else AUDIENCE
    events = synthetic_events(1872) if seat == "scribe" else told(1872)
    async with desk(info=info, events=events) as room:
        await room.press("q")
    assert room.app.return_value is not None
    assert room.app.return_value.word == "left"
    assert f"controlroom attach day --seat {seat}" in room.app.return_value.farewell


def test_another_accounts_session_is_come_back_to_by_its_socket() -> None:
    moment = before_entering(TITLE, synthetic_events(0.0)[0], "scribe")
    moment = replace(moment, info=SCRIBE, entered=True)
    said = farewell(moment, Path("/tmp/cr 7/s"))
    assert said == "it goes on; to look at it again: controlroom attach --socket '/tmp/cr 7/s' --seat scribe"


async def test_the_scribe_writes_and_halts_and_does_not_run_the_day() -> None:
    async with desk(1872, info=SCRIBE) as room:
        assert room.app.room_screen.own.name == "scribe"
        assert "breaker opened" in room.pane("notes")
        await room.press("x", "space", "p", "v", "C", "I", "u")
        assert room.room.asked == []
        assert "phases: not possible for this seat (scribe)" in room.said
        await room.press("a", "!")
        assert [type(own) for own in room.room.asked] == [i.MakeMark, i.HaltAll]
        keys = room.pane("keys")
        assert "n note" in keys
        assert "k checklist" in keys
        assert "phases" not in keys


async def test_layouts_turn_only_among_those_of_the_seat() -> None:
    for info, names in ((SCRIBE, {"facilitator", "compact", "scribe", "debrief"}), (AUDIENCE, {"audience"})):
        events = synthetic_events(1872) if info is SCRIBE else told(1872)
        async with desk(info=info, events=events) as room:
            seen = set()
            for _ in range(5):
                await room.press("l")
                seen.add(room.app.room_screen.own.name)
            assert seen == names


@pytest.mark.parametrize("action", [own for own in ACTIONS if own.asks], ids=lambda action: action.id)
def test_a_key_and_the_right_to_what_it_asks_go_together(action: Action) -> None:
    """The registry and the one table of rights name the same seats."""
    entitled = {seat for seat, allowed in MAY.items() if set(action.asks) <= allowed}
    assert set(action.seats) == entitled


WITHOUT_A_KEY = {"amend-plan", "check-plan", "end"}
"""What files and scripts ask so far; `end` is asked on leaving."""


def test_what_a_facilitator_may_ask_has_a_key() -> None:
    keyed = {kind for action in ACTIONS for kind in action.asks}
    rest = {str(kind.__struct_config__.tag) for kind in MAY["facilitator"] - keyed}
    assert rest <= WITHOUT_A_KEY


@pytest.mark.parametrize("info", [SCRIBE, AUDIENCE], ids=lambda info: info.seat)
async def test_help_palette_and_key_line_offer_what_the_seat_has(info: RoomInfo) -> None:
    async with desk(info=info, events=synthetic_events(1872) if info is SCRIBE else told(1872)) as room:
        page = "\n".join("".join(text for text, _ in row) for row in room_rows(room.app.now, 100))
        names = [own.name for own in everything(room.app)]
        for action in ACTIONS:
            if info.seat not in action.seats:
                assert not possible(action, room.app.now)
                assert action.help not in page
                assert f"{action.label} [{action.shown}]" not in names


def here(*viewers: tuple[str, str, str]) -> tuple[e.SeatTaken, ...]:
    return tuple(e.SeatTaken(viewer=viewer, seat=seat, name=name) for viewer, seat, name in viewers)  # type: ignore[arg-type]


EVERYBODY = here(
    ("viewer-1", "facilitator", "robin"),
    ("viewer-2", "scribe", "jo"),
    ("viewer-3", "audience", "wall"),
    ("viewer-4", "audience", "wall-2"),
)


async def test_who_is_here_is_in_the_status_line_and_on_a_sheet() -> None:
    async with desk(1872) as room:
        await room.feed(*EVERYBODY)
        assert "facilitator robin +1 scribe +2 audience" in room.pane("status")
        await room.press("w")
        sheet = room.sheet()
        assert "robin" in next(line for line in sheet.splitlines() if "you" in line)
        assert "jo" in sheet
        assert "faults end by their duration" in sheet
        assert "controlroom attach fake --seat audience" in sheet
        await room.press("escape")
        await room.feed(e.SeatLeft(viewer="viewer-3", reason="closed its window"))
        assert "+1 scribe +1 audience" in room.pane("status")
        assert "wall (audience) left: closed its window" in room.pane("feed")


async def test_a_narrow_terminal_counts_who_is_here() -> None:
    async with desk(1872, size=(80, 24)) as room:
        await room.feed(*EVERYBODY)
        assert "facilitator +3" in room.pane("status")


async def test_leaving_says_who_stays() -> None:
    async with desk(1872) as room:
        await room.feed(*EVERYBODY)
        await room.press("q")
        assert "No facilitator will be in the room" in room.sheet()
        await room.feed(*here(("viewer-5", "facilitator", "ann")))
        await room.press("escape", "q")
        assert "ann stays as facilitator." in room.sheet()


async def test_a_plan_that_halts_an_empty_room_says_so_on_leaving() -> None:
    first, *rest = synthetic_events(1872)
    assert isinstance(first.body, e.SessionOpened)
    plan = changed(first.body.plan, vanished=Vanished(policy="halt", after=120.0))
    async with desk(events=[changed(first, body=changed(first.body, plan=plan)), *rest]) as room:
        await room.press("q")
        assert "everything is halted after 2:00, unless one comes back" in room.sheet()


async def test_a_room_without_a_facilitator_counts_down_in_sight() -> None:
    async with desk(1872, info=SCRIBE) as room:
        await room.feed(*EVERYBODY[1:], e.UnattendedBegan(policy="halt", after=120.0), t=1872)
        room.real += 20
        await room.show()
        assert "NO FACILITATOR in the room: halt in 1:40" in room.pane("banner")
        assert "controlroom attach day" in room.pane("banner")
        await room.feed(e.UnattendedEnded(seconds=25.0), t=1897)
        assert "NO FACILITATOR" not in room.pane("banner")
        assert "a facilitator is here again" in room.pane("feed")


async def test_without_halt_the_banner_says_that_faults_end_by_themselves() -> None:
    async with desk(1872, info=SCRIBE) as room:
        await room.feed(e.UnattendedBegan(policy="keep", after=120.0), t=1872)
        assert "faults end by themselves" in room.pane("banner")


async def test_the_day_closes_on_a_shared_screen_without_a_verdict() -> None:
    async with desk(info=AUDIENCE, events=told(DAY)) as room:
        assert "THE DAY IS OVER" in room.pane("stage")
        assert room.app.now.figures.verdict not in whole(room)
