"""What people write is on record before it is answered, cleaned, and kept when corrected."""

from datetime import UTC, datetime, timedelta

import pytest

from controlroom.clock import HeldClock, utc
from controlroom.conductor.people import People
from controlroom.core import intents as i
from controlroom.core.action_items import action_items
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted, Refused
from controlroom.core.people import said_key
from tests.conductor.fakes import Bench

ME = Actor(role="scribe", name="jo")


@pytest.fixture
def people(bench: Bench) -> People:
    tuesday = datetime(2026, 11, 24, 9, 0, tzinfo=UTC).timestamp()
    return People(bench.recorder, HeldClock(tuesday))


async def test_a_note_is_stamped_at_its_first_key_stroke(bench: Bench, people: People) -> None:
    began = utc(bench.clock.time() - 42)
    answer = await people.write_note(i.WriteNote(type="note", text="dashboard is slow", began_at=began), ME)
    assert isinstance(answer, Accepted)
    (note,) = bench.state.notes.values()
    assert note.at == began
    assert note.by == "jo"


async def test_escape_sequences_do_not_get_into_the_record(bench: Bench, people: People) -> None:
    await people.write_note(i.WriteNote(type="note", text="a\x1b]52;c;UFdO\x07b\x9b31m"), ME)
    assert not any(byte in bench.writer.lines[-1] for byte in (0x1B, 0x07))
    assert b"\\u001b" not in bench.writer.lines[-1]


async def test_a_todo_becomes_an_action_with_its_owner(bench: Bench, people: People) -> None:
    await people.write_note(i.WriteNote(type="todo", text="runbook link is dead → @maria"), ME)
    (action,) = bench.state.actions.values()
    assert (action.title, action.owner) == ("runbook link is dead", "maria")


async def test_the_disk_that_refuses_is_told_of(bench: Bench, people: People) -> None:
    bench.writer.refusing = True
    answer = await people.write_note(i.WriteNote(type="note", text="still here"), ME)
    assert answer == Accepted(seq=bench.state.seq, note="not yet on disk")


async def test_a_mark_is_amended_and_undone_and_both_are_kept(bench: Bench, people: People) -> None:
    await people.make_mark(i.MakeMark(milestone="acknowledged"), ME)
    (name,) = bench.state.marks
    earlier = bench.state.marks[name].at - timedelta(seconds=150)
    await people.amend_mark(i.AmendMark(mark=name, at=earlier), ME)
    assert bench.state.marks[name].at == earlier
    await people.undo_mark(i.UndoMark(mark=name), ME)
    assert bench.state.marks[name].undone
    assert bench.kinds()[-3:] == ["mark.made", "mark.amended", "mark.undone"]


@pytest.mark.parametrize(
    "intent",
    [
        i.MakeMark(milestone="mark", experiments=("nothing-like-it",)),
        i.AmendMark(mark="mark-99"),
        i.WriteNote(type="note", text="  \n "),
        i.SetTick(list="checklist", item="no-such", ticked=True),
        i.GiveAnswer(section="debrief", question="no-such"),
        i.GiveInject(inject="no-such"),
        i.Reveal(experiment="no-such"),
        i.SetAction(title=" "),
    ],
    ids=lambda intent: type(intent).__name__,
)
async def test_what_makes_no_sense_is_refused_and_not_recorded(bench: Bench, people: People, intent) -> None:
    before = len(bench.recorder.events)
    answer = await people.handlers()[type(intent)](intent, ME)
    assert isinstance(answer, Refused)
    assert len(bench.recorder.events) == before


async def test_a_todo_carries_its_owner_and_its_date_written_out(bench: Bench, people: People) -> None:
    await people.write_note(i.WriteNote(type="todo", text="mend the link @maria due friday"), ME)
    (action,), (note,) = bench.state.actions.values(), bench.state.notes.values()
    assert (action.title, action.owner, action.due) == ("mend the link", "maria", "2026-11-27")
    assert note.text == "mend the link @maria due 2026-11-27", "a Friday means nothing a month later"


async def test_an_edited_todo_takes_its_action_along_but_not_what_the_form_has_set(
    bench: Bench, people: People
) -> None:
    await people.write_note(i.WriteNote(type="todo", text="mend the link @maria"), ME)
    (own,) = bench.state.actions.values()
    form = i.SetAction(action=own.action, title=own.title, owner="jo", due="+7d", status="done")
    await people.set_action(form, ME)
    edit = i.EditNote(note=own.note, type="todo", text="mend both links @maria")
    await people.edit_note(edit, ME)
    (own,) = bench.state.actions.values()
    assert (own.title, own.owner, own.due, own.status) == ("mend both links", "jo", "2026-12-01", "done")
    assert own.note


async def test_a_note_that_becomes_a_todo_becomes_an_action_and_the_other_way_round(
    bench: Bench, people: People
) -> None:
    await people.write_note(i.WriteNote(type="note", text="the page came late"), ME)
    (note,) = bench.state.notes
    await people.edit_note(i.EditNote(note=note, type="todo", text="the page came late @bo"), ME)
    (own,) = bench.state.actions.values()
    assert (own.owner, own.status) == ("bo", "open")
    await people.edit_note(i.EditNote(note=note, type="note", text="the page came late"), ME)
    assert bench.state.actions[own.action].status == "dropped"
    await people.edit_note(i.EditNote(note=note, type="todo", text="the page came late @bo"), ME)
    assert bench.state.actions[own.action].status == "open"


async def test_what_a_note_said_before_is_kept(bench: Bench, people: People) -> None:
    await people.write_note(i.WriteNote(type="note", text="first"), ME)
    (name,) = bench.state.notes
    await people.edit_note(
        i.EditNote(note=name, type="decision", text="second"), Actor(role="scribe", name="bo")
    )
    own = bench.state.notes[name]
    assert [(old.type, old.text, old.by) for old in own.before] == [("note", "first", "jo")]
    assert (own.text, own.edited_by, own.by) == ("second", "bo", "jo")


async def test_an_after_action_of_the_plan_gets_an_owner_a_date_and_its_tick(
    bench: Bench, people: People
) -> None:
    item = bench.state.plan.after_actions[0]  # type: ignore[union-attr]
    intent = i.SetAction(title="", after_action=item.id, owner="bo", due="2026-12-01", status="done")
    assert isinstance(await people.set_action(intent, ME), Accepted)
    (own,) = [found for found in action_items(bench.state) if found.after_action == item.id]
    assert (own.title, own.owner, own.due, own.status) == (item.text, "bo", "2026-12-01", "done")
    assert bench.state.after_actions[item.id].ticked
    await people.tick(i.SetTick(list="after-action", item=item.id, ticked=False), ME)
    (own,) = [found for found in action_items(bench.state) if found.after_action == item.id]
    assert own.status == "open", "the tick says whether it is done, wherever it was made"


async def test_what_is_no_date_is_not_kept_as_one(bench: Bench, people: People) -> None:
    answer = await people.set_action(i.SetAction(title="mend it", due="soon"), ME)
    assert isinstance(answer, Refused)
    assert "friday, tomorrow, 2026-12-01 or +7d" in answer.reason


async def test_each_role_has_its_say_for_each_experiment(bench: Bench, people: People) -> None:
    await people.poll(i.Poll(role="dba", go=True, experiment="pod-kill"), ME)
    await people.poll(i.Poll(role="dba", go=False, experiment="other", reason="a backup runs"), ME)
    said = bench.state.polls
    assert said[said_key("dba", "pod-kill")].go
    assert not said[said_key("dba", "other")].go
    assert said[said_key("dba", "other")].reason == "a backup runs"
