"""The limit of a metric: undisturbed days stay inside it, whatever the seed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controlroom.core.figures.samples import OUTSIDE
from controlroom.core.values import changed
from tests.properties.undisturbed import LATE, Undisturbed
from tests.reference.lived_day import seed_plan

PLAN = seed_plan()

Record = Callable[[str, object], None]


def troubles(day: Undisturbed) -> list[str]:
    """What is wrong with an undisturbed day; empty: nothing was taken for trouble from any moment on."""
    found = day.assessment
    limits = [
        f"{own.metric} has no limit: {own.reason}" for own in found.limits.values() if own.value is None
    ]
    impacts = [f"impact from {own.start:%H:%M:%S} on {own.metrics}" for own in found.episodes]
    cascades = [f"cascade of {name}" for name in found.cascades]
    late = [
        f"recovery found {wait} samples late at step {at}"
        for at, wait in enumerate(day.waits())
        if wait > LATE
    ]
    alerts = [f"{name} fired at minute {at:.1f}" for name, at in day.alerts]
    return [*limits, *impacts, *cascades, *late, *alerts]


def look(seeds: range, minutes: float, record: Record) -> dict[int, list[str]]:
    """The troubles of each seed that has any."""
    found, outside, longest = {}, 0, 0
    for seed in seeds:
        day = Undisturbed(PLAN, seed, minutes)
        longest = max([longest, *day.waits()])
        outside += sum(day.codes(metric).count(OUTSIDE) for metric in PLAN.metrics)
        if wrong := troubles(day):
            found[seed] = wrong
    record("seeds", len(seeds))
    record("samples outside a limit", outside)
    record("most samples waited for the hold", longest)
    return found


def chunks(count: int, size: int) -> list[range]:
    return [range(first, first + size) for first in range(0, count, size)]


def named(seeds: range) -> str:
    return f"seeds {seeds.start}-{seeds.stop - 1}"


@pytest.mark.parametrize("seeds", chunks(50, 10), ids=named)
def test_fifty_undisturbed_seeds_are_never_taken_for_trouble(seeds: range, record_property: Record) -> None:
    assert look(seeds, 25, record_property) == {}


@pytest.mark.soak
@pytest.mark.parametrize("seeds", chunks(1000, 25), ids=named)
def test_a_thousand_undisturbed_seeds_are_never_taken_for_trouble(
    seeds: range, record_property: Record
) -> None:
    assert look(seeds, 30, record_property) == {}


@pytest.mark.soak
@pytest.mark.parametrize("seeds", chunks(50, 10), ids=named)
def test_a_whole_undisturbed_day_is_never_taken_for_trouble(seeds: range, record_property: Record) -> None:
    assert look(seeds, PLAN.duration / 60, record_property) == {}


def test_limits_without_room_are_seen_to_fail() -> None:
    tight = {"tolerance": 0.0, "k": 0.0, "floor": 0.0}
    metrics = tuple(
        # Below its own median: nearly every sample is outside.
        changed(own, tolerance=-0.9, k=-9.0, floor=-9.0) if own.uninvolved else changed(own, **tight)
        for own in PLAN.metrics
    )
    found = " ".join(troubles(Undisturbed(changed(PLAN, metrics=metrics), 3, 25)))
    assert "impact from" in found
    assert "cascade of payment_p95" in found
    assert "samples late" in found
