"""`show --at`: what was known at a moment, and what turned out later."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event, Samples
from controlroom.core.figures import assess
from controlroom.core.fold import apply, fold
from controlroom.core.state import State
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError
from controlroom.journal.showing import BadMoment, Shown, show, shown
from tests.journal.books import PLAN, chained, day, journals, written
from tests.sessions import FACILITATOR, moment


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "journal.jsonl").write_bytes(written(day()))
    return SessionFolder(tmp_path)


class Cut(msgspec.Struct):
    """The part of the JSON that the tests look at."""

    t: float
    hindsight: bool
    assessment: Assessment
    state: State


def test_json_holds_what_was_known_then(folder: SessionFolder) -> None:
    found = msgspec.json.decode(show(folder, "T+27:30", hindsight=False, as_json=True), type=Cut)
    known = [event for event in day() if event.t <= 1650.0]
    assert (found.t, found.state.seq) == (1650.0, len(known))
    assert found.state.runs["network-latency#1"].state == "active"
    assert "memory-stress#1" not in found.state.runs
    assert found.assessment.verdict == "pending"
    assert found.state.plan is None


def test_text_says_it_in_words(folder: SessionFolder) -> None:
    text = show(folder, "27:30", hindsight=False, as_json=False)
    assert text.splitlines()[1] == "2026-11-22-inventory-service-failure at T+27:30 (13:27:30)"
    assert "phase    Phase 2: Inject Chaos, " in text
    assert "alert    InventoryCircuitBreakerOpen firing since T+25:50 (13:25:50)" in text
    assert "network-latency#1  active  3/3 " in text
    assert "VERDICT" in text and "pending" in text


def test_without_a_moment_it_is_the_end(folder: SessionFolder) -> None:
    found = shown(day(), None, hindsight=False)
    assert (found.t, found.state.status) == (day()[-1].t, "closed")
    assert found == shown(day(), 1e9, hindsight=False)
    assert "status   closed: the day is over" in show(folder, None, hindsight=False, as_json=False)


def live_at(events: tuple[Event, ...], number: int) -> Assessment:
    """The figures that a live room had after so many events, from a fold that never saw the later ones."""
    state, columns = State(), Columns(len(PLAN.metrics), 2)
    for event in events[:number]:
        if isinstance(event.body, Samples):
            columns.absorb(event.body)
        state = apply(state, event)
    return assess(View(state, columns))


@given(journals(), st.data())
def test_at_any_event_it_is_what_the_room_showed_live(events: tuple[Event, ...], data: st.DataObject) -> None:
    t = data.draw(st.sampled_from([event.t for event in events]))
    number = sum(1 for event in events if event.t <= t)
    found = shown(events, t, hindsight=False)
    assert found.state == fold(events[:number])
    assert found.assessment == live_at(events, number)


def late_mark() -> tuple[Event, ...]:
    """The facilitator says at T+50:00 that the root cause was named at T+20:00."""
    body = e.MarkMade(mark="late", milestone="root-cause", text="the disk")
    late = Event(seq=0, t=3000.0, at=moment(1200.0), actor=FACILITATOR, body=body)
    return chained(sorted([*day(), late], key=lambda event: event.t))


def test_hindsight_knows_what_was_learnt_later() -> None:
    events = late_mark()
    then, now = shown(events, 1300.0, hindsight=False), shown(events, 1300.0, hindsight=True)
    assert "late" not in then.state.marks
    assert now.state.marks["late"].at == moment(1200.0)
    assert now.hindsight and not then.hindsight


def test_hindsight_does_not_know_the_future() -> None:
    found = shown(late_mark(), 1100.0, hindsight=True)
    assert "late" not in found.state.marks
    assert "network-latency#1" not in found.state.runs


@given(journals(), st.floats(0, 9000), st.booleans())
def test_every_moment_of_every_session_can_be_shown(
    events: tuple[Event, ...], t: float, hindsight: bool
) -> None:
    assert isinstance(shown(events, t, hindsight), Shown)


def test_a_bad_moment_and_an_empty_journal_are_said(folder: SessionFolder) -> None:
    with pytest.raises(BadMoment):
        show(folder, "noon", hindsight=False, as_json=False)
    folder.journal.write_bytes(b"")
    with pytest.raises(JournalError, match="empty"):
        show(folder, None, hindsight=False, as_json=False)
