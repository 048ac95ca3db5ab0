"""The moments worth going to: which events make one, when it happened, and what it is about."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.playhead import History
from controlroom.core.stops import Stop
from tests.sessions import FACILITATOR, LATENCY, MITIGATED, POD_KILL, moment, synthetic_events


@pytest.fixture(scope="module")
def stops() -> list[Stop]:
    history = History()
    for event in synthetic_events():
        history.append(event)
    return history.stops


def _of(stops: list[Stop], kind: str, text: str) -> Stop:
    return next(stop for stop in stops if stop.kind == kind and text in stop.text)


def test_a_stop_names_the_event_behind_it_and_what_it_is_about(stops: list[Stop]) -> None:
    found = _of(stops, "fault", "Network Latency active")
    assert found.about == "network-latency"
    event = synthetic_events()[found.seq - 1]
    assert isinstance(event.body, e.FaultObserved)
    assert event.body.state == "active"


def test_an_alert_stands_where_it_fired_and_not_where_that_was_learnt(stops: list[Stop]) -> None:
    found = _of(stops, "alert", "InventoryCircuitBreakerOpen firing")
    assert (found.happened, found.t) == (LATENCY + 48, LATENCY + 49)
    assert found.about == "InventoryCircuitBreakerOpen"


def test_a_note_is_worth_a_stop_and_bears_its_first_key(stops: list[Stop]) -> None:
    found = _of(stops, "note", "breaker opened")
    assert (found.happened, found.t, found.about) == (1604.0, 1613.0, "note-3")


def test_marks_and_phases_are_about_themselves(stops: list[Stop]) -> None:
    assert _of(stops, "mark", "detected").happened == POD_KILL + 30
    assert _of(stops, "mark", "mitigated").t == MITIGATED
    assert _of(stops, "phase", "Inject Chaos began").about == "inject"


def test_a_gap_of_the_record_is_one() -> None:
    history = History()
    for event in synthetic_events(100.0):
        history.append(event)
    seq = history.head.seq + 1
    resumed = e.SessionResumed(gap=240.0)
    history.append(Event(seq=seq, t=400.0, at=moment(400.0), actor=FACILITATOR, body=resumed))
    assert (history.stops[-1].kind, history.stops[-1].t) == ("gap", 400.0)
    assert "240 s" in history.stops[-1].text
