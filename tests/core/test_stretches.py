"""What a run did and when: the bars of the timeline."""

from __future__ import annotations

from itertools import pairwise

import pytest

from controlroom.core.fold import fold
from controlroom.core.state import State
from controlroom.core.timeline import stretches
from tests.sessions import DAY, LATENCY, MITIGATED, POD_KILL, synthetic_events


def _state(t: float) -> State:
    return fold(event for event in synthetic_events(t))


def _parts(t: float, run: str) -> list[tuple[str, float, float]]:
    state = _state(t)
    return [(own.what, own.start, own.end) for own in stretches(state, state.runs[run], t)]


def test_before_it_is_injected_it_is_being_injected() -> None:
    assert _parts(LATENCY + 0.5, "network-latency#1") == [("injecting", LATENCY - 1, LATENCY + 0.5)]


def test_a_fault_is_active_from_its_injection_on() -> None:
    assert _parts(1800.0, "network-latency#1") == [
        ("injecting", LATENCY - 1, LATENCY),
        ("active", LATENCY, 1800.0),
    ]


def test_a_one_shot_recovers_from_its_first_moment_until_what_it_hit_is_back() -> None:
    assert _parts(2000.0, "pod-kill#1") == [
        ("injecting", POD_KILL - 1, POD_KILL),
        ("active", POD_KILL, POD_KILL),
        ("recovering", POD_KILL, POD_KILL + 37),
        ("object", POD_KILL + 37, 2000.0),
    ]


def test_an_ended_one_ends_with_its_object() -> None:
    found = _parts(DAY, "network-latency#1")
    assert found[-1] == ("object", MITIGATED + 38, MITIGATED + 39)
    assert _parts(DAY, "pod-kill#1")[-1][2] == MITIGATED + 1321


@pytest.mark.parametrize("t", [950.0, 1600.0, 2500.0, MITIGATED + 41, DAY])
def test_the_parts_follow_each_other_without_a_hole(t: float) -> None:
    state = _state(t)
    for run in state.runs.values():
        parts = stretches(state, run, t)
        assert all(one.end == following.start for one, following in pairwise(parts))
        assert all(part.start <= part.end <= t for part in parts)
