"""How long nobody kept the record, by the last moment that a host wrote by its own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from controlroom.core import events as e
from controlroom.core.events import Actor, Body, Event
from controlroom.core.gap import gap_after

START = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def event(seq: int, t: float, body: Body, at: float | None = None, clock: str = "host") -> Event:
    moment = START + timedelta(seconds=t if at is None else at)
    return Event(seq=seq, t=t, at=moment, actor=Actor(role="host"), body=body, clock=clock)


def now(seconds: float) -> float:
    return START.timestamp() + seconds


OPENED = event(1, 0.0, e.PhaseStarted(phase="first"))


def test_it_counts_from_the_last_event_to_now() -> None:
    events = [OPENED, event(2, 60.0, e.StepDue(step="look"))]
    assert gap_after(events, now(100.0)).seconds == 40.0
    assert gap_after(events, now(100.0)).note == ""


def test_moments_of_others_clocks_and_those_that_people_set_are_no_measure() -> None:
    mark = e.MarkMade(mark="m", milestone="detected")
    events = [
        OPENED,
        event(2, 60.0, e.StepDue(step="look")),
        event(3, 70.0, mark, at=10.0),
        event(4, 80.0, e.StepDue(step="seen"), at=500.0, clock="apiserver"),
    ]
    assert gap_after(events, now(100.0)).seconds == 20.0


def test_a_clock_that_was_set_back_gives_no_gap_and_says_so() -> None:
    events = [OPENED, event(2, 60.0, e.StepDue(step="look"))]
    gap = gap_after(events, now(50.0))
    assert gap.seconds == 0.0
    assert gap.note == "the clock stands 10 s before the last event: how long the gap was is not known"


def test_session_time_that_ran_ahead_of_the_clock_is_not_taken_back() -> None:
    ahead = event(3, 90.0, e.Samples(start=0, step=1, columns=()), clock="prometheus")
    assert gap_after([OPENED, event(2, 60.0, e.StepDue(step="look")), ahead], now(80.0)).seconds == 0.0
