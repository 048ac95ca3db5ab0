"""Impact and recovery: episodes, what of them belongs to which run, and what missing samples do to them."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core.figures.impact import Stretch, stretches
from controlroom.core.plan import Sampling
from controlroom.core.values import changed
from tests.core.sessions import Story, a_plan, at, good_day

CODES = {"o": 2, "?": 1, ".": 0}


def coded(text: str) -> bytes:
    return bytes(CODES[letter] for letter in text)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ("........", []),
        ("..o.....", []),  # one sample alone is no impact
        ("..o?o...", []),  # an unknown sample between them starts none either
        ("..oo...", [Stretch(2, 4, 4)]),
        ("..oo..o...", [Stretch(2, 7, 7)]),  # two calm samples are less than the hold of three
        ("..oo..", [Stretch(2, None, None)]),
        ("..oo.?...", [Stretch(2, 6, 4)]),  # an unknown sample breaks the run, and might not have
        ("..oo.?.", [Stretch(2, None, 4)]),
        ("..oo...oo...", [Stretch(2, 4, 4), Stretch(7, 9, 9)]),
        ("??????", []),
    ],
)
def test_an_episode_begins_with_two_samples_and_ends_with_the_hold(
    samples: str, expected: list[Stretch]
) -> None:
    assert list(stretches(coded(samples), 3)) == expected


def faulty(until: float = 1140, **bad: float) -> Story:
    """One fault at 300 s whose effect lasts to 400 s; latency bad from `start` to `end`."""
    story = Story().begin().bad("latency", bad["start"], bad["end"], 200)
    story.sample(300).phase(300, "rest", "chaos").inject(300, "kill")
    story.sample(400).effect_over(400, "kill#1")
    return story.sample(until)


def test_impacted_and_recovered_are_the_moments_of_samples() -> None:
    run = faulty(start=311, end=361).assess().runs["kill#1"]
    assert run.impacted.at == at(312)
    assert run.recovered.at == at(362)
    assert (run.ttr.value, run.ttr.status) == (62, "known")
    assert [own.text for own in run.impacted.evidence] == ["latency", "availability"]
    assert run.impacted.evidence[0].value == 200
    assert run.ttr.uncertainty == 1.0 + 2.0  # the record's whole second and the sampling step


def test_any_two_metrics_make_two_samples_outside() -> None:
    story = Story().begin().bad("latency", 310, 312, 200).bad("availability", 312, 314, 50)
    story.sample(300).inject(300, "kill").sample(400)
    assert story.assess().runs["kill#1"].impacted.at == at(310)
    assert story.assess().episodes[0].metrics == ("latency", "availability")


def test_recovered_is_known_only_after_the_hold() -> None:
    story = Story().begin().bad("latency", 310, 362, 200).sample(300).inject(300, "kill").sample(371)
    assert story.assess().runs["kill#1"].recovered.status == "pending"
    story.sample(380)
    assert story.assess().runs["kill#1"].recovered.at == at(362)


def test_recovered_does_not_wait_for_the_object_but_the_day_is_provisional_until_all_clear() -> None:
    story = faulty(start=310, end=350)
    found = story.assess()
    assert found.runs["kill#1"].recovered.status == "known"
    assert (found.day.recovered.status, found.day.recovered.at) == ("provisional", at(350))
    assert found.day.all_clear.status == "pending"
    assert "PodChaos/test/kill-1" in found.day.all_clear.reason
    found = story.stop(1140, "kill#1").assess()
    assert found.day.recovered.status == "known"
    assert found.day.all_clear.at == at(1141)


def test_never_impacted_before_the_grace_is_no_impact_not_zero() -> None:
    story = Story().begin().sample(300).inject(300, "kill").sample(330).effect_over(330, "kill#1")
    assert story.assess().runs["kill#1"].ttr.status == "pending"
    run = story.sample(360).assess().runs["kill#1"]
    assert (run.ttr.status, run.ttr.reason, run.ttr.value) == ("absent", "no impact", None)
    late = story.bad("latency", 360, 400, 200).sample(420).assess()
    assert late.runs["kill#1"].impacted.reason == "no impact"
    assert late.episodes[0].start == at(360)  # an episode of the day nevertheless


def test_no_impact_takes_the_samples_that_would_have_shown_it() -> None:
    story = Story().begin().sample(300).inject(300, "kill").sample(330).effect_over(330, "kill#1")
    story.sample(400, gaps=[(336, 346)])
    run = story.assess().runs["kill#1"]
    assert run.ttr.status == "unknown"
    assert "samples that would show an impact" in run.ttr.reason


def test_not_recovered_at_load_stop_is_censored_there() -> None:
    story = faulty(640, start=310, end=2000).stop_load(641).sample(700)
    found = story.assess()
    assert found.day.recovered.status == "censored"
    assert found.day.recovered.at == at(641)
    assert found.day.recovered.reason == "not recovered when the load stopped"
    assert found.episodes[0].censored and found.episodes[0].end is None
    assert found.day.ttr.value is None


def test_samples_after_load_stop_recover_nothing() -> None:
    story = faulty(640, start=310, end=636).stop_load(640).sample(800)
    assert story.assess().day.recovered.status == "censored"


def test_missing_samples_at_the_end_leave_the_recovery_unknown() -> None:
    story = faulty(484, start=310, end=480).sample(640, gaps=[(484, 640)]).stop_load(640).sample(700)
    day = story.assess().day
    assert (day.recovered.status, day.recovered.reason) == (
        "unknown",
        "samples are missing where it may have recovered",
    )


def test_a_gap_breaks_the_run_of_the_hold() -> None:
    story = Story().begin().bad("latency", 310, 340, 200)
    story.sample(300).inject(300, "kill").sample(420, gaps=[(346, 348)])
    assert story.assess().runs["kill#1"].recovered.at == at(348)


def test_a_ttr_that_holds_another_injection_is_censored() -> None:
    story = Story().begin().bad("latency", 310, 500, 200)
    story.sample(300).inject(300, "kill").sample(400).inject(400, "slow").sample(600)
    runs = story.assess().runs
    assert (runs["kill#1"].ttr.status, runs["kill#1"].ttr.reason) == ("censored", "overlapped by Slow")
    assert (runs["slow#1"].ttr.status, runs["slow#1"].ttr.reason) == ("censored", "overlapped by Kill")
    assert runs["kill#1"].recovered.at == runs["slow#1"].recovered.at == at(500)
    assert story.assess().day.ttr.value == 200


def test_runs_apart_from_one_another_have_their_own_ttr() -> None:
    runs = good_day().assess().runs
    assert (runs["kill#1"].ttr.value, runs["slow#1"].ttr.value) == (50, 220)


def test_a_criterion_metric_without_a_limit_makes_the_recovery_unknown() -> None:
    plan = a_plan(sampling=changed(a_plan().sampling, least=1000))
    story = Story(plan).begin().bad("latency", 310, 350, 900)
    found = story.sample(300).inject(300, "kill").sample(600).stop_load(600).sample(610).assess()
    assert found.day.recovered.status == "unknown"
    assert "latency has no limit" in found.day.recovered.reason


def test_the_hold_is_in_seconds_whatever_the_step() -> None:
    plan = a_plan(sampling=Sampling(step=2, warm_up=20, least=30, hold=31, grace=20))
    story = Story(plan).begin().bad("latency", 310, 340, 200).bad("latency", 370, 380, 200)
    story.sample(300).inject(300, "kill").sample(500)
    assert story.assess().runs["kill#1"].recovered.at == at(380)


def test_a_clock_that_is_off_is_corrected_and_one_within_its_uncertainty_is_not() -> None:
    def day(offset: float) -> Story:
        story = Story().begin().bad("latency", 310, 350, 200)
        story.say(0, e.SourceMeasured(source="prometheus", offset=offset, uncertainty=0.5))
        return story.sample(300).inject(300, "kill").sample(500)

    assert day(0.4).assess().runs["kill#1"].recovered.at == at(350)
    ahead = day(4.0).assess().runs["kill#1"]
    assert ahead.recovered.at == at(346)
    assert ahead.recovered.evidence[0].at == at(350)
    assert ahead.recovered.uncertainty == 2.5
