"""A connection that is lost and found, a host that is gone, and what others decided meanwhile."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor
from tests.sessions import HOST
from tests.tui.desk import Desk, desk

ANN = Actor(role="facilitator", name="ann")
ROBIN = Actor(role="facilitator", name="robin")


def head(room: Desk) -> int:
    return room.app.now.seen


async def lose(room: Desk, seconds: float) -> None:
    room.room.trouble = "the connection to the host is lost"
    await room.show()
    room.real += seconds
    await room.show()


async def test_a_lost_connection_is_said_with_its_seconds_and_stops_the_clock() -> None:
    async with desk(1872) as room:
        await room.feed(e.ClockResumed(), t=1872)
        await lose(room, 12)
        assert "CONNECTION to the host lost, trying again (12 s)" in room.pane("banner")
        assert "shown is what was at T+31:12" in room.pane("banner")
        assert "T+31:12" in room.pane("clock")
        assert "NO RECORD SEEN" in room.pane("status")
        room.room.trouble = ""
        await room.feed(e.ClockHeld(), t=1890)
        assert "CONNECTION" not in room.pane("banner")
        assert "T+31:30" in room.pane("clock")


async def test_keys_that_act_are_refused_with_the_reason_while_the_line_is_down() -> None:
    async with desk(1872) as room:
        room.room.trouble = "the connection to the host is lost"
        await room.press("a")
        assert room.room.asked == [], "known at the key, not only at the next paint"
        assert "acknowledged: not sent: the connection to the host is lost, trying again (0 s)" in room.said


async def test_a_halt_goes_out_as_soon_as_the_line_is_back() -> None:
    async with desk(1872) as room:
        await lose(room, 3)
        await room.press("!")
        assert "the line is lost: the halt goes out as soon as it is back" in room.said
        assert [type(intent) for intent in room.room.asked] == [i.HaltAll], "the room holds it until then"


async def test_a_sheet_that_was_open_does_not_send_either() -> None:
    async with desk(1872) as room:
        await room.press("p")
        await lose(room, 3)
        await room.press("n")
        assert room.room.asked == []
        assert any("not sent" in said for said in room.said)


async def test_looking_around_works_without_a_line_and_quit_leaves_at_once() -> None:
    async with desk(1872) as room:
        await room.room.cut("the host is gone; its journal is kept")
        await room.until(lambda: room.app.now.trouble != "", "the loss is known")
        await room.show()
        assert "CUT OFF  the host is gone; its journal is kept" in room.pane("banner")
        await room.press("[", "[")
        assert "looking back at" in room.pane("banner")
        await room.press("f")
        assert "criteria" in room.sheet()
        await room.press("escape", "!")
        assert room.room.asked == []
        await room.press("q")
    assert room.app.return_value is not None
    assert "controlroom resume fake" in room.app.return_value.farewell


async def test_the_command_that_takes_it_up_again_is_in_the_banner() -> None:
    async with desk(1872, size=(200, 50)) as room:
        await room.room.cut("the host is gone")
        await room.until(lambda: room.app.now.trouble != "", "the loss is known")
        await room.show()
        assert "controlroom resume fake" in room.pane("banner")


async def test_a_decision_rests_on_what_was_shown_when_the_question_opened() -> None:
    async with desk(1872) as room:
        opened = head(room)
        await room.press("p")
        await room.feed(e.MarkMade(mark="m", milestone="mark"), t=1873, by=ANN)
        assert head(room) > opened
        await room.press("5")
        await room.press("h")
        await room.until(lambda: len(room.room.asked) == 2, "both are asked")
        assert room.room.asked == [i.ExtendPhase(seconds=300.0), i.HoldClock()]
        assert room.room.seen == [opened, head(room)], "a key rests on what is shown now"


async def test_a_start_that_another_one_made_is_said_on_the_open_question() -> None:
    async with desk(1872) as room:
        await room.press("x", "down", "down", "space")
        ref = e.ObjectRef(api_version="v1", kind="StressChaos", namespace="n", name="m")
        requested = e.FaultRequested(
            experiment="memory-stress",
            run="memory-stress#1",
            object=ref,
            manifest="",
            one_shot=False,
            duration=None,
        )
        checked = e.ExperimentChecked(
            experiment="memory-stress",
            targets=("n/a",),
            mode="one",
            guards=(),
            manifest="kind: StressChaos\n",
        )
        await room.feed(checked, t=1873)
        await room.feed(requested, t=1874, by=ANN)
        room.real += 2
        await room.show()
        assert "ann started Memory Stress 2 s ago" in room.sheet()
        await room.press("y")
        assert not any(isinstance(own, i.Start) for own in room.room.asked)
        await room.press("escape")
        assert room.app.screen is room.app.room_screen


async def test_a_phase_that_another_one_closed_is_not_closed_again() -> None:
    async with desk(1872) as room:
        await room.press("p")
        await room.feed(e.PhaseEnded(phase="inject"), e.PhaseStarted(phase="respond"), t=1875, by=ANN)
        assert "ann opened" in room.sheet()
        await room.press("n")
        assert room.room.asked == []
        assert any("ann opened" in said for said in room.said)


async def test_ones_own_acts_overtake_nothing() -> None:
    async with desk(1872) as room:
        await room.press("p")
        await room.feed(e.PhaseExtended(phase="inject", by=60.0), t=1875, by=ROBIN)
        await room.press("5")
        assert room.asked(i.ExtendPhase).seconds == 300.0


async def test_a_note_that_another_one_edited_keeps_what_was_typed() -> None:
    async with desk(1872) as room:
        room.app.choose("notes")
        await room.press("enter")
        await room.until(lambda: room.app.screen is not room.app.room_screen, "the sheet opens")
        await room.type(" now")
        await room.feed(e.NoteEdited(note="note-4", type="todo", text="mended"), t=1880, by=ANN)
        assert "ann edited that note" in room.sheet()
        await room.press("enter")
        assert room.room.asked == []
        assert room.app.screen is not room.app.room_screen, "what was typed is still there"


async def test_an_answer_to_a_question_that_was_just_answered_is_looked_at_first() -> None:
    async with desk(4850) as room:
        await room.press("o", "down", "down")
        await room.type("4 good")
        answered = e.Answered(section="observations", question="runbooks", text="fair", score=3)
        await room.feed(answered, t=4851, by=ANN)
        await room.press("enter")
        assert room.room.asked == []
        assert any("ann answered that question" in said for said in room.said)
        await room.press("enter")
        assert room.asked(i.GiveAnswer).score == 4


async def test_the_hosts_own_steps_do_not_close_a_question() -> None:
    async with desk(1872) as room:
        await room.press("q")
        await room.feed(e.StepDue(step="inject-memory-stress"), t=1873, by=HOST)
        await room.press("e")
        assert room.asked(i.End).how == "wait"


async def test_a_banner_that_went_and_comes_again_is_there() -> None:
    """Textual does not tell a pane that gets back the size it had before it was hidden."""
    async with desk(1872) as room:
        await room.feed(e.UnattendedBegan(policy="keep", after=0.0), t=1873)
        assert "NO FACILITATOR" in room.pane("banner")
        await room.feed(e.UnattendedEnded(seconds=1.0), t=1874)
        assert room.pane("banner") == ""
        await room.room.cut("the host is gone")
        await room.until(lambda: room.app.now.trouble != "", "the loss is known")
        await room.pilot.pause()
        assert "CUT OFF" in room.pane("banner")
