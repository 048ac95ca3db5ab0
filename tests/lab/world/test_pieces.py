"""What the world model is made of: distributions, the breaker, noise."""

from __future__ import annotations

import math

import pytest

from controlroom.lab.world.breaker import BreakerState, CircuitBreaker
from controlroom.lab.world.latency import EDGES, Histogram, Part, after, shares
from controlroom.lab.world.noise import Carry, Noise


def test_histograms_are_consistent() -> None:
    histogram = Histogram()
    part = Part(1.0, 0.0, 0.12, 0.8)
    for count in (1, 7, 60, 0, 13):
        histogram.add(count, (part,))
        buckets = [*histogram.buckets(), histogram.count]
        assert buckets == sorted(buckets)
    assert histogram.count == 81
    assert histogram.sum == pytest.approx(81 * part.mean())


def test_shares_are_those_of_the_mixture() -> None:
    half_at_200_ms = Part(0.5, 0.2, 0.05, 0.3)
    half_at_20_ms = Part(0.5, 0.0, 0.02, 0.3)
    found = dict(zip(EDGES, shares((half_at_200_ms, half_at_20_ms)), strict=True))
    assert found[0.2] == pytest.approx(0.5, abs=1e-6)
    assert found[0.4] == pytest.approx(1.0, abs=1e-3)
    assert found[0.01] == pytest.approx(0.5 * (1 - Part(1, 0, 0.02, 0.3).beyond(0.01)))


def test_two_steps_in_a_row_have_the_sum_of_their_means() -> None:
    first, second = Part(1.0, 0.05, 0.1, 0.5), Part(1.0, 0.0, 0.02, 0.7)
    assert after(first, second, 1.0).mean() == pytest.approx(first.mean() + second.mean())


def test_a_breaker_waits_for_its_minimum_of_calls() -> None:
    breaker = CircuitBreaker()
    breaker.record(49, slow_share=1.0, failed_share=1.0)
    assert (breaker.state, breaker.slow_rate) == (BreakerState.CLOSED, -1.0)
    breaker.record(1, slow_share=1.0, failed_share=1.0)
    assert breaker.state is BreakerState.OPEN
    assert breaker.permitted(30) == 0
    for _ in range(30):
        breaker.record(0, 0.0, 0.0)
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.permitted(30) == 10
    breaker.record(10, slow_share=0.2, failed_share=0.0)
    assert breaker.state is BreakerState.CLOSED


def test_noise_neither_drifts_nor_jumps() -> None:
    noise = Noise(3, "test", sigma=0.02)
    values = [noise.step() for _ in range(20_000)]
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    assert abs(mean) < 0.002
    assert deviation == pytest.approx(0.02, rel=0.1)
    assert max(map(abs, values)) < 5 * 0.02


def test_a_carry_loses_nothing() -> None:
    carry = Carry()
    assert sum(carry.take(0.3) for _ in range(1000)) in (299, 300, 301)
