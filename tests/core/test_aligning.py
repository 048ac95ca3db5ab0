"""Two recordings on one clock."""

from __future__ import annotations

from controlroom.core.aligning import alignments, injections
from controlroom.core.fold import fold
from controlroom.core.state import State
from tests.sessions import LATENCY, POD_KILL, synthetic_events


def test_by_the_first_injection_by_each_that_both_have_and_by_their_start() -> None:
    day, early = fold(synthetic_events()), fold(synthetic_events(2000.0))
    own = injections(day)
    assert set(own) == {"pod-kill", "network-latency", "memory-stress"}
    assert abs(own["pod-kill"] - POD_KILL) < 5
    assert abs(own["network-latency"] - LATENCY) < 5
    found = alignments(day, early)
    assert [one.title for one in found] == [
        "the first injection",
        "Pod Kill injected",
        "Network Latency injected",
        "their start",
    ]
    assert all(one.shift == 0.0 for one in found)


def test_where_nothing_was_injected_only_the_start_is_common() -> None:
    calm = fold(synthetic_events(600.0))
    assert [one.title for one in alignments(calm, fold(synthetic_events()))] == ["their start"]
    assert [one.title for one in alignments(State(), calm)] == ["their start"]
