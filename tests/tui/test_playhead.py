"""The playhead, and the past it stands in."""

from __future__ import annotations

import pytest

from controlroom.core import playhead as p
from controlroom.core.fold import fold
from controlroom.core.playhead import History, LiveClock, Playhead
from controlroom.core.state import Span
from controlroom.core.values import changed
from tests.sessions import DAY, LATENCY, POD_KILL, synthetic_events


@pytest.fixture(scope="module")
def history() -> History:
    found = History()
    for event in synthetic_events():
        found.append(event)
    return found


@pytest.mark.parametrize("t", [0.0, 0.3, 899.0, POD_KILL, 2400.5, DAY - 0.1, DAY, DAY + 100])
def test_the_state_at_any_moment_is_the_fold_of_what_was_known(history: History, t: float) -> None:
    assert history.at(t) == fold(event for event in synthetic_events() if event.t <= t)


def test_seeking_to_and_fro_is_as_going_there_at_once(history: History) -> None:
    for t in (5000.0, 100.0, 101.0, 2500.0, 2499.0, DAY):
        assert history.at(t).seq == fold(event for event in synthetic_events() if event.t <= t).seq


def test_a_view_knows_no_sample_that_came_later(history: History) -> None:
    series = history.view(600.0).series(0)
    opened = history.head.opened_at
    assert opened is not None
    assert series.last is not None
    assert 590 < series.last - opened.timestamp() <= 600


def test_phases_lead_from_one_to_the_next(history: History) -> None:
    assert history.phase_after(0.7) == pytest.approx(900.6)
    assert history.phase_before(LATENCY) == pytest.approx(900.6)


def test_a_lost_event_is_not_taken_for_the_next(history: History) -> None:
    with pytest.raises(ValueError, match="after event"):
        history.append(synthetic_events()[3])


def test_playing_stops_at_the_end_and_begins_again_from_the_start() -> None:
    head = p.toggled(Playhead(t=50.0, pinned=False), end=100.0)
    assert head.playing
    head = p.moved(p.at_speed(p.at_speed(head, 1), 1), 5.0, end=100.0)
    assert (head.speed, head.t, head.playing) == (4, 70.0, True)
    head = p.moved(head, 60.0, end=100.0)
    assert (head.t, head.playing) == (100.0, False)
    assert p.toggled(head, end=100.0).t == 0.0


def test_a_pinned_playhead_follows_and_a_sought_one_stays() -> None:
    head = p.moved(Playhead(), 1.0, end=42.0)
    assert head.t == 42.0
    head = p.moved(p.sought(head, 500.0, end=42.0), 1.0, end=60.0)
    assert (head.t, head.pinned) == (42.0, False)
    assert p.pinned(head, 60.0).t == 60.0


def test_speeds_end_at_64() -> None:
    head = Playhead()
    for _ in range(10):
        head = p.at_speed(head, 1)
    assert head.speed == 64
    assert p.at_speed(Playhead(), -1).speed == 0.5
    assert p.at_speed(p.at_speed(Playhead(), -1), -1).speed == 0.5


def test_a_gap_of_the_record_is_passed_over() -> None:
    head = Playhead(t=95.0, pinned=False, playing=True)
    gaps = (Span(start=100.0, end=700.0), Span(start=900.0, end=950.0))
    assert p.moved(head, 4.0, 1000.0, gaps).t == 99.0
    assert p.moved(head, 6.0, 1000.0, gaps).t == 700.0
    assert p.moved(changed(head, t=700.0), 5.0, 1000.0, gaps).t == 705.0
    assert p.moved(changed(head, t=300.0), 1.0, 1000.0, gaps).t == 700.0
    assert p.moved(head, 6.0, 1000.0, (Span(start=100.0),)).t == 101.0


def test_a_loop_begins_again_and_can_be_left() -> None:
    head = p.loop_from(Playhead(t=100.0, pinned=False))
    assert p.loop_to(changed(head, t=100.5)) is None
    assert p.loop_to(Playhead(t=5.0)) is None
    looping = p.loop_to(changed(head, t=130.0))
    assert looping is not None
    assert (looping.loop, looping.t, looping.playing) == ((100.0, 130.0), 100.0, True)
    assert p.moved(looping, 29.0, 1000.0).t == 129.0
    assert p.moved(changed(looping, t=129.0), 3.0, 1000.0).t == 102.0
    assert p.moved(changed(looping, t=129.0), 63.0, 1000.0).t == 102.0
    beyond = changed(looping, t=500.0)
    assert p.moved(beyond, 3.0, 1000.0).t == 503.0


def test_the_clock_between_two_events_waits_rather_than_goes_back() -> None:
    clock = LiveClock()
    clock.heard(100.0, real=10.0)
    assert clock.t(12.0, rate=10.0) == 120.0
    clock.heard(115.0, real=12.0)
    assert clock.t(12.0, rate=10.0) == 120.0
    assert clock.t(13.0, rate=10.0) == 125.0


def test_nobody_stands_before_the_session_is_open() -> None:
    history = History()
    for event in synthetic_events(100.0):
        history.append(changed(event, t=event.t + 0.4))
    assert history.at(0.0).plan is not None
