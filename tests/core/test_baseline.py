"""Baseline and limit, each by a table of hand-made numbers."""

from __future__ import annotations

import math
import random
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.assessment import Baseline
from controlroom.core.figures import assess
from controlroom.core.figures.baseline import limit_of
from controlroom.core.figures.statistics import deviation, median, quantile
from controlroom.core.plan import Metric
from controlroom.core.values import changed
from tests.core.sessions import METRICS, STEP, Story, a_plan


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.05, 1.2), (0.5, 3), (0.95, 4.8), (1.0, 5), (0.25, 2)]
)
def test_a_quantile_lies_on_the_line_between_its_neighbours(share: float, expected: float) -> None:
    assert quantile([1, 2, 3, 4, 5], share) == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_quantiles_are_those_of_the_standard_library(values: list[float]) -> None:
    ordered = sorted(values)
    expected = quantiles(ordered, n=20, method="inclusive")
    assert quantile(ordered, 0.05) == pytest.approx(expected[0], abs=1e-6)
    assert quantile(ordered, 0.95) == pytest.approx(expected[-1], abs=1e-6)


def test_no_numbers_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        quantile([], 0.5)


def test_the_deviation_is_the_unscaled_median_of_distances() -> None:
    assert deviation([1, 1, 2, 2, 4, 6, 9]) == 1
    assert median([1, 3]) == 2


REST = Baseline(metric="m", known=True, n=100, median=100, mad=5, p5=90, p95=110)


@pytest.mark.parametrize(
    ("worse", "tolerance", "k", "floor", "expected"),
    [
        ("higher", 0.5, 1, 1, 165),  # p95 × 1.5
        ("higher", 0.0, 8, 1, 140),  # median + 8 MAD
        ("higher", 0.0, 1, 70, 170),  # median + floor
        ("lower", 0.5, 1, 1, 45),  # p5 × 0.5
        ("lower", 0.0, 8, 1, 60),
        ("lower", 0.0, 1, 70, 30),
    ],
)
def test_the_widest_of_three_is_the_limit(
    worse: str, tolerance: float, k: float, floor: float, expected: float
) -> None:
    metric = changed(METRICS[0], worse=worse, tolerance=tolerance, k=k, floor=floor)
    limit = limit_of(metric, REST)
    assert limit.value == pytest.approx(expected)
    assert not limit.outside(expected)
    assert limit.outside(expected + (0.1 if worse == "higher" else -0.1))


def test_no_direction_or_no_baseline_means_no_limit() -> None:
    neither = limit_of(changed(METRICS[0], worse="neither"), REST)
    unknown = limit_of(METRICS[0], Baseline(metric="latency", known=False, reason="too few"))
    assert (neither.value, neither.reason) == (None, "neither direction is worse")
    assert (unknown.value, unknown.reason) == (None, "too few")
    assert not unknown.outside(1e9)


def test_the_warm_up_and_what_follows_the_phase_do_not_count() -> None:
    story = Story(wobble=0).begin().bad("latency", 0, 20, 999).bad("latency", 302, 400, 999)
    found = story.sample(300).phase(300, "rest", "chaos").sample(400).assess().baselines["latency"]
    assert found.known and (found.p5, found.median, found.p95) == (100, 100, 100)
    assert found.n == (300 - 20) // STEP + 1


def test_a_fault_ends_the_baseline_even_where_the_phase_goes_on() -> None:
    story = Story(wobble=0).begin().bad("latency", 202, 400, 999)
    found = story.sample(200).inject(200, "kill").sample(300).assess().baselines["latency"]
    assert found.p95 == 100


def test_too_few_known_samples_are_no_baseline() -> None:
    story = Story().begin().sample(300, gaps=[(40, 300)])
    found = story.assess()
    assert not found.baselines["latency"].known
    assert found.baselines["latency"].n == 10
    assert found.baselines["latency"].reason == "10 baseline samples of the 30 it takes"
    assert found.rows[0].pre.value is None
    assert found.rows[0].pre.reason == "10 baseline samples of the 30 it takes"


def test_before_the_phase_and_without_one_there_is_no_baseline() -> None:
    waiting = Story().sample(100).assess().baselines["latency"]
    assert waiting.reason == "the baseline phase has not begun"
    plan = a_plan(phases=tuple(changed(phase, kind="other") for phase in a_plan().phases))
    assert not Story(plan).begin().sample(300).assess().baselines["latency"].known


def stationary(seed: int, seconds: int) -> dict[float, float]:
    """An AR(1) process at rest: coefficient 0.8, mean 100, standard deviation 5."""
    noise = random.Random(seed)
    own, found = 0.0, {}
    for t in range(0, seconds, STEP):
        own = 0.8 * own + noise.gauss(0, 5 * math.sqrt(1 - 0.8**2))
        found[float(t)] = 100 + own
    return found


def undisturbed(seed: int) -> None:
    """An injection that does nothing: no impact, no cascade, and calm from any moment on within the hold."""
    metric = Metric(
        id="noisy", title="N", query="n", worse="higher", tolerance=0.25, k=6, floor=0, criterion=True
    )
    bystander = changed(metric, id="other", criterion=False, uninvolved=True)
    story = Story(a_plan(metrics=(metric, bystander), criteria=()))
    noise, other = stationary(seed, 3600), stationary(seed + 1_000_000, 3600)
    story.curves = {"noisy": noise.get, "other": other.get}
    story.begin().sample(300).phase(300, "rest", "chaos").inject(300, "kill").effect_over(330, "kill#1")
    story.sample(3600)
    found = assess(story.view())
    assert found.episodes == () and found.cascades == ()
    limit = found.limits["noisy"].value
    assert limit is not None
    inside = [noise[float(t)] <= limit for t in range(300, 3600, STEP)]
    calm = 10 // STEP + 1
    for start in range(len(inside) - calm - 2):
        assert any(all(inside[at : at + calm]) for at in range(start, start + 3)), f"seed {seed}"


def test_limits_hold_on_undisturbed_series() -> None:
    for seed in range(50):
        undisturbed(seed)


@pytest.mark.soak
def test_limits_hold_on_a_thousand_undisturbed_series() -> None:
    for seed in range(1000):
        undisturbed(seed)


def test_an_amended_plan_counts_from_then_on() -> None:
    story = Story(wobble=0).begin().sample(300)
    before = story.assess().limits["latency"].value
    plan = changed(story.plan, metrics=(changed(METRICS[0], floor=400), *METRICS[1:]))
    story.say(300, e.PlanAmended(plan=plan, plan_text="", reason="wider"))
    assert (before, story.assess().limits["latency"].value) == (125, 500)
