"""What people write is on record before it is answered, cleaned, and kept when corrected."""

from datetime import timedelta

import pytest

from controlroom.clock import utc
from controlroom.conductor.people import People, split_owner
from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted, Refused
from tests.conductor.fakes import Bench

ME = Actor(role="scribe", name="jo")


@pytest.fixture
def people(bench: Bench) -> People:
    return People(bench.recorder)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fix it @bo", ("fix it", "bo")),
        ("fix it", ("fix it", "")),
        ("mail a@b.example", ("mail a@b.example", "")),
        ("@bo fix it", ("fix it", "bo")),
    ],
)
def test_owner_of_a_todo(text: str, expected: tuple[str, str]) -> None:
    assert split_owner(text) == expected
