"""What an audience sees: nothing that its kind does not declare, and no trace of what is missing."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Body, Event, Show, encode_event
from controlroom.core.events.envelope import kinds
from controlroom.core.figures import assess
from controlroom.core.fold import fold
from controlroom.core.projection import BARE, hide, project
from tests.core.sessions import PERSON, STEP, Story, at, good_day

SECRET = "swordfish"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind())
def test_every_field_of_every_kind_declares_what_an_audience_sees(kind: type[Body]) -> None:
    assert set(kind.audience) == set(kind.__struct_fields__)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind())
def test_what_waits_for_a_revelation_names_its_experiment(kind: type[Body]) -> None:
    if Show.REVEALED in kind.audience.values():
        assert {"run", "experiment"} & set(kind.__struct_fields__)


def test_facilitator_and_scribe_have_the_log_as_it_is() -> None:
    events = good_day().events
    assert list(project(events, "facilitator")) == events
    assert list(project(events, "scribe")) == events


def test_an_audience_has_dense_numbers_and_no_hash_of_the_line_before() -> None:
    seen = list(project(good_day().events, "audience"))
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert {event.prev for event in seen} == {""}
    assert len(seen) < len(good_day().events)


def test_unrevealed_experiments_are_absent_even_from_the_plan() -> None:
    lines = b"\n".join(encode_event(event) for event in project(good_day().events, "audience"))
    for word in (b"kill", b"slow.yaml", b"slow#1", b"fault."):
        assert word not in lines, word
    opened = next(project(good_day().events, "audience")).body
    assert isinstance(opened, e.SessionOpened)
    assert [phase.title for phase in opened.plan.phases] == ["Baseline", "Chaos", "Recovery"]
    assert [metric.title for metric in opened.plan.metrics] == ["Latency", "Availability", "Lag", "Payment"]
    assert opened.plan.experiments == ()
    assert opened.bindings.prometheus == ""


def revealed_day() -> list[Event]:
    """The good day, its first experiment revealed at 700 s, long before its object is deleted."""
    events = good_day().events
    place = next(index for index, event in enumerate(events) if event.t > 700)
    told = Event(seq=0, t=700, at=at(700), actor=PERSON, body=e.Revealed(experiment="kill"))
    return [*events[:place], told, *events[place:]]


def test_a_revelation_brings_the_withheld_history_in_order() -> None:
    seen = list(project(revealed_day(), "audience"))
    runs = [event for event in seen if getattr(event.body, "run", "") == "kill#1"]
    assert [(event.body.kind(), event.t) for event in runs] == [
        ("fault.requested", 700),
        ("fault.observed", 700),
        ("fault.observed", 700),
        ("fault.stop-requested", 900),
        ("fault.observed", 901),
    ]
    assert [event.at for event in runs] == [at(300), at(300), at(340), at(900), at(901)]
    assert [event.t for event in seen] == sorted(event.t for event in seen)
    state = fold(seen)
    assert set(state.runs) == {"kill#1"}
    assert state.plan is not None
    assert [own.id for own in state.plan.experiments] == ["kill"]


def test_hidden_fields_of_shown_events_are_empty() -> None:
    story = Story().begin()
    story.say(1, e.SourceFailed(source="prometheus", error=SECRET, hint=SECRET))
    story.say(2, e.IncidentDeclared(text=SECRET))
    story.say(3, e.ClockHeld(reason=SECRET)).say(4, e.MetricTroubled(metric="lag", reason=SECRET))
    story.say(5, e.Ticked(list="checklist", item=SECRET, ticked=True))
    story.mark(6, "mitigated", experiments=(SECRET,))
    seen = list(project(story.events, "audience"))
    assert [event.body.kind() for event in seen[3:]] == [
        "source.failed",
        "incident.declared",
        "clock.held",
        "metric.troubled",
        "mark.made",
    ]
    assert SECRET.encode() not in b"".join(encode_event(event) for event in seen)


def test_private_notes_are_absent_until_an_edit_makes_them_public() -> None:
    story = Story()
    story.say(1, e.NoteWritten(note="n", type="note", text=SECRET, private=True))
    story.say(2, e.NoteEdited(note="n", type="note", text="fit for all"))
    story.say(3, e.NoteEdited(note="n", type="note", text=SECRET, private=True))
    state = fold(project(story.events, "audience"))
    assert [note.text for note in state.notes.values()] == ["fit for all"]


def test_every_shown_kind_can_be_hidden_without_a_value_left_over() -> None:
    for kind in kinds():
        if kind in (e.SessionOpened, e.PlanAmended):
            continue
        shown = {Show.ALWAYS, Show.REVEALED} & set(kind.audience.values())
        if shown or kind in BARE:
            hidden = [name for name, show in kind.audience.items() if show is Show.NEVER]
            sample = kind(**dict.fromkeys(kind.__struct_fields__, SECRET))
            result = hide(sample, frozenset({Show.ALWAYS, Show.REVEALED}))
            assert all(not getattr(result, name) for name in hidden)


def test_an_audience_can_fold_and_assess_what_it_sees() -> None:
    seen = list(project(revealed_day(), "audience"))
    columns = Columns(4, STEP)
    for event in seen:
        if isinstance(event.body, e.Samples):
            columns.absorb(event.body)
    found = assess(View(fold(seen), columns))
    assert found.runs["kill#1"].ttd.value == 16
    assert found.rows[0].metric == "latency"
