"""Notes, questions, action items, go and no-go: what is typed is on record, and what is on record is shown."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.tui.screens import notes, questions
from controlroom.tui.screens.notes import NoteList
from tests.tui.desk import Desk, desk

JO = Actor(role="scribe", name="jo")


class Tuesday:
    def time(self) -> float:
        return 1_795_510_800.0  # 2026-11-24


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "REAL", Tuesday())


def asked(room: Desk, kind: type[i.IntentBase]) -> list[i.IntentBase]:
    return [own for own in room.room.asked if isinstance(own, kind)]


async def test_a_todo_is_read_back_before_it_is_sent_and_its_date_is_written_out() -> None:
    async with desk(1872) as room:
        await room.press("n")
        await room.type("todo: mend it @maria due soon")
        assert "`soon` is no date: friday, tomorrow, 2026-12-01 or +7d" in room.sheet()
        await room.press(*["backspace"] * 4)
        await room.type("friday")
        assert "todo, shared   owner maria   due Fri 2026-11-27" in room.sheet()
        await room.press("enter")
        assert room.asked(i.WriteNote).text == "mend it @maria due 2026-11-27"


async def test_a_note_is_written_from_within_a_sheet_and_from_a_text_field() -> None:
    async with desk(4850) as room:
        await room.press("f", "n")
        await room.type("obs: seen")
        await room.press("enter")
        assert room.asked(i.WriteNote).text == "seen"
        assert "verdict" in room.sheet(), "the sheet is still there"
        await room.press("escape", "o")
        await room.type("half an ans")
        await room.press("ctrl+n", "ctrl+n")
        await room.type("park: later")
        await room.press("enter")
        assert [own.text for own in asked(room, i.WriteNote)] == ["seen", "later"]  # type: ignore[attr-defined]
        await room.type("wer")
        await room.press("enter")
        assert asked(room, i.GiveAnswer)[-1].text == "half an answer"  # type: ignore[attr-defined]


async def test_notes_are_searched_and_filtered_and_keep_what_they_said() -> None:
    async with desk(3300) as room:
        edited = e.NoteEdited(note="note-4", type="todo", text="mended by now")
        await room.feed(edited, e.NoteWritten(note="x", type="note", text="late page"), by=JO)
        await room.press("N")
        everything = room.sheet()
        await room.press("t", "t")
        assert "type note" in room.sheet()
        await room.press("t", "t", "t", "b")
        assert "by jo" in room.sheet()
        assert "1 of" in room.sheet()
        await room.press("b", "b", "slash")
        await room.type("now mended")
        assert "1 of" in room.sheet()
        assert "before: T+" in room.sheet()
        assert "runbook link in the alert is dead" in room.sheet()
        await room.press("enter", "enter")
        assert "edit note" in str(room.app.screen.query_one("#box").border_title)
        await room.press("escape", "escape")
        assert room.sheet().splitlines()[0] == everything.splitlines()[0], (
            "escape takes the search away first"
        )
        await room.press("escape")
        assert room.app.screen is room.app.room_screen


async def test_the_cursor_stays_on_its_note_when_another_one_comes() -> None:
    async with desk(3500.0) as room:
        await room.press("N", "down")
        chosen = room.app.screen.query_one(NoteList).chosen()
        assert chosen is not None
        await room.feed(e.NoteWritten(note="late", type="note", text="came meanwhile"), t=3500.0)
        await room.show()
        assert "came meanwhile" in room.sheet()
        assert room.app.screen.query_one(NoteList).chosen() == chosen


async def test_an_answer_is_on_record_when_the_typing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PAUSE", 0.001)
    async with desk(4850) as room:
        await room.press("g")
        await room.type("the pager")
        await room.until(
            lambda: any(own.text == "the pager" for own in asked(room, i.GiveAnswer)),  # type: ignore[attr-defined]
            "it is sent without enter",
        )
        assert room.app.screen is not room.app.room_screen


async def test_an_answer_is_on_record_when_its_question_is_left_and_comes_back_to_be_edited() -> None:
    async with desk(4850) as room:
        await room.press("g")
        await room.type("the pager")
        await room.press("down", "up")
        assert room.asked(i.GiveAnswer).text == "the pager"
        await room.type(" worked")
        await room.press("escape")
        assert asked(room, i.GiveAnswer)[-1].text == "the pager worked"  # type: ignore[attr-defined]


async def test_an_answer_of_somebody_else_is_not_written_over_and_says_whose_it_is() -> None:
    async with desk(4850) as room:
        plan = room.app.now.plan
        assert plan is not None
        first = plan.debrief[0].id
        await room.press("g")
        await room.feed(e.Answered(section="debrief", question=first, text="the drill"), by=JO)
        assert "by jo, T+" in room.sheet()
        await room.press("down", "up")
        assert asked(room, i.GiveAnswer) == [], "what nobody typed is no answer"
        await room.press("escape", "g", "up", "up")  # to the list of all
        assert "the drill · jo" in room.sheet()


async def test_the_time_box_is_told_and_not_enforced() -> None:
    async with desk(4850) as room:
        await room.press("g")
        assert "3:00 left" in room.sheet()
        room.real += 200
        await room.show()
        assert "0:20 OVER, go on" in room.sheet()
        await room.type("still")
        await room.press("enter")
        assert room.asked(i.GiveAnswer).text == "still"


async def test_an_action_item_gets_owner_date_and_state_in_a_form() -> None:
    async with desk(3300) as room:
        await room.press("A")
        assert "[ ] mend the runbook link" in room.sheet()
        await room.press("enter", "down")
        await room.type("+7d")
        assert "Tue 2026-12-01" in room.sheet()
        await room.press("down", "right", "pagedown")
        intent = room.asked(i.SetAction)
        assert (intent.action, intent.owner, intent.due, intent.status) == (
            "action-1", "maria", "2026-12-01", "done",
        )  # fmt: skip
        assert "after-action of the plan" in room.sheet()
        await room.type("bo")
        await room.press("escape")
        last = asked(room, i.SetAction)[-1]
        assert isinstance(last, i.SetAction)
        assert (last.after_action, last.owner) == (room.app.now.plan.after_actions[0].id, "bo")  # type: ignore[union-attr]


async def test_what_is_no_date_stays_in_the_form_until_a_second_escape() -> None:
    async with desk(3300) as room:
        await room.press("A", "enter", "down")
        await room.type("soon")
        await room.press("escape")
        assert room.said[-1].startswith("`soon` is no date")
        assert "of the day" in room.sheet()
        await room.press("escape")
        assert asked(room, i.SetAction) == []
        assert "1 without an owner" not in room.sheet()


async def test_space_ticks_an_action_item() -> None:
    async with desk(3300) as room:
        await room.press("A", "space")
        assert room.asked(i.SetAction).status == "done"


async def test_each_role_is_asked_before_the_next_experiment() -> None:
    async with desk(1872) as room:
        await room.press("G")
        assert "Memory Stress   0 go, 2 not asked" in room.sheet()
        await room.press("g")
        go = room.asked(i.Poll)
        assert (go.role, go.go, go.experiment) == ("responder", True, "memory-stress")
        await room.press("x")
        await room.type("a backup runs")
        await room.press("enter")
        no = asked(room, i.Poll)[-1]
        assert (no.role, no.go, no.reason) == ("on-call", False, "a backup runs")  # type: ignore[attr-defined]
        await room.feed(
            e.Polled(role="on-call", go=False, experiment="memory-stress", reason="a backup runs")
        )
        assert "1 NO-GO" in room.sheet()
        assert "✗ NO-GO" in room.sheet()
