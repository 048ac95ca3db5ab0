"""Detection, acknowledgement and the other milestones: whose they are, and why one is not there."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core.figures.detection import silences
from controlroom.core.plan import AlertRef
from controlroom.core.values import changed
from tests.core.sessions import OPENED, Story, a_plan, at, good_day


def injected() -> Story:
    """A fault at 300 s whose effect ends at 340 s; the grace is 20 s."""
    story = Story().begin().sample(300).phase(300, "rest", "chaos").inject(300, "kill")
    return story.sample(340).effect_over(340, "kill#1")


@pytest.mark.parametrize(
    ("fired", "ttd"),
    [(316, 16), (299, -1), (359, 59)],  # 299: the record and the alert are uncertain by 1.5 s together
)
def test_the_first_start_of_firing_in_the_window_detects(fired: float, ttd: float) -> None:
    story = injected()
    story.sample(360).alert("Other", 310).alert("KillSeen", fired).sample(400)
    run = story.assess().runs["kill#1"]
    assert (run.ttd.value, run.detected_by, run.ttd.uncertainty) == (ttd, "alert", 1.5)
    assert run.ttd.evidence[1].source == "prometheus"


@pytest.mark.parametrize("fired", [360, 380])
def test_after_the_effect_and_its_grace_an_alert_belongs_to_nobody(fired: float) -> None:
    run = injected().sample(380).alert("KillSeen", fired).sample(400).assess().runs["kill#1"]
    assert (run.detected.status, run.ttd.value) == ("absent", None)
    assert run.ttd.reason == "KillSeen did not fire while it acted"


def test_pending_is_not_firing_and_waiting_is_not_absent() -> None:
    story = injected()
    pending = e.AlertObserved(name="KillSeen", labels={}, state="pending", active_at=at(310))
    story.say(340, pending)
    assert story.assess().runs["kill#1"].detected.status == "pending"
    assert story.sample(400).assess().runs["kill#1"].detected.status == "absent"


def test_an_alert_that_fired_already_is_masked() -> None:
    story = Story().begin().sample(250).alert("KillSeen", 250).sample(300)
    story.inject(300, "kill").sample(330).alert("KillSeen", 320, 330).sample(400)
    run = story.assess().runs["kill#1"]
    assert (run.detected.status, run.ttd.status, run.ttd.value) == ("masked", "masked", None)
    human = story.mark(410, "detected", when=333).assess().runs["kill#1"]
    assert (human.alert.status, human.detected_by, human.ttd.value) == ("masked", "person", 33)


def test_an_alert_that_had_resolved_masks_nothing() -> None:
    story = Story().begin().sample(250).alert("KillSeen", 250, 280).sample(300)
    story.inject(300, "kill").sample(330).alert("KillSeen", 320)
    assert story.assess().runs["kill#1"].ttd.value == 20


def test_an_earlier_mark_wins_and_both_are_kept() -> None:
    story = injected().alert("KillSeen", 316).mark(341, "detected", when=308)
    run = story.assess().runs["kill#1"]
    assert (run.detected.at, run.detected_by) == (at(308), "person")
    assert (run.alert.at, run.human.at) == (at(316), at(308))
    later = injected().alert("KillSeen", 316).mark(341, "detected").assess().runs["kill#1"]
    assert (later.ttd.value, later.detected_by, later.human.at) == (16, "alert", at(341))


def test_no_samples_no_rules_so_an_absent_alert_is_unknown() -> None:
    story = Story().begin().sample(300).inject(300, "kill").effect_over(340, "kill#1")
    story.sample(400, gaps=[(310, 360)])
    run = story.assess().runs["kill#1"]
    assert (run.detected.status, run.detected.reason) == (
        "unknown",
        "Prometheus has no samples for part of the time",
    )


def test_labels_tell_alerts_of_one_name_apart() -> None:
    kill, slow = a_plan().experiments
    plan = a_plan(experiments=(changed(kill, alert=AlertRef(name="Seen", labels={"team": "a"})), slow))
    story = Story(plan).begin().sample(300).inject(300, "kill").sample(340)
    story.alert("Seen", 310, labels={"team": "b"}).alert("Seen", 330, labels={"team": "a"})
    assert story.assess().runs["kill#1"].ttd.value == 30


MATCH = e.AlertObserved(name="KillSeen", labels={"team": "inventory"}, state="firing", active_at=OPENED)


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ([("alertname", "KillSeen", False, True)], True),
        ([("alertname", "SlowSeen", False, True)], False),
        ([("alertname", "Kill", True, True)], False),  # patterns are anchored
        ([("alertname", "Kill.*", True, True)], True),
        ([("alertname", "Kill.*", True, False)], False),
        ([("team", "orders", False, False)], True),
        ([("severity", "", False, True)], True),  # a missing label is empty
        ([("severity", "page", False, True)], False),
        ([("cluster", "staging", False, True)], True),  # external: no alert of the session carries it
        ([("alertname", "Kill(", True, True)], False),
    ],
)
def test_a_silence_matches_as_in_alertmanager(
    matchers: list[tuple[str, str, bool, bool]], expected: bool
) -> None:
    silence = e.SilenceObserved(
        silence="s",
        matchers=tuple(matchers),
        by="x",
        comment="",
        starts_at=at(0),
        ends_at=at(60),
        state="active",
    )
    assert silences(silence, MATCH, {"team", "severity"}) is expected


def test_an_acknowledgement_belongs_to_the_alert_its_silence_matches() -> None:
    run = good_day().assess().runs
    assert (run["kill#1"].tta.value, run["slow#1"].tta.value) == (60, 50)


@pytest.mark.parametrize("silenced", [200, 315])
def test_a_silence_from_before_the_firing_acknowledges_nothing(silenced: float) -> None:
    story = Story().begin().sample(300 if silenced > 300 else 200)
    if silenced < 300:
        story.silence(silenced, ("alertname", "KillSeen", False, True)).sample(300)
    story.inject(300, "kill").sample(315)
    if silenced > 300:
        story.silence(silenced, ("alertname", "KillSeen", False, True))
    run = story.sample(340).alert("KillSeen", 316).assess().runs["kill#1"]
    assert (run.tta.status, run.tta.reason) == ("pending", "nobody acknowledged its alert")


def test_a_silence_that_was_withdrawn_before_it_began_acknowledges_nothing() -> None:
    story = injected().alert("KillSeen", 316)
    withdrawn = e.SilenceObserved(
        silence="s",
        matchers=(("alertname", "KillSeen", False, True),),
        by="x",
        comment="",
        starts_at=at(345),
        ends_at=at(345),
        state="expired",
    )
    assert story.say(346, withdrawn).assess().runs["kill#1"].acknowledged.status == "pending"


def test_a_mark_belongs_to_all_injected_and_not_yet_recovered() -> None:
    runs = good_day().assess().runs
    assert runs["slow#1"].tti.value == 90 and runs["slow#1"].ttm.value == 180
    kill = runs["kill#1"]
    assert (kill.tti.status, kill.ttm.status) == ("absent", "absent")
    assert kill.ttm.reason == "nobody mitigated it before the service recovered"


def test_a_mark_belongs_to_whom_its_author_names() -> None:
    story = good_day()
    story.mark(1200, "mitigated", when=330, experiments=("kill",))
    runs = story.assess().runs
    assert (runs["kill#1"].ttm.value, runs["slow#1"].ttm.value) == (30, 180)


def test_an_undone_mark_counts_no_more_and_an_amended_one_as_amended() -> None:
    story = Story().begin().bad("latency", 310, 500, 200).sample(300).inject(300, "kill").sample(340)
    story.alert("KillSeen", 310).mark(340, "root-cause").mark(341, "mitigated")
    cause, mitigated = (event.body for event in story.events[-2:])
    assert isinstance(cause, e.MarkMade) and isinstance(mitigated, e.MarkMade)
    story.say(350, e.MarkUndone(mark=mitigated.mark))
    story.say(351, e.MarkAmended(mark=cause.mark), when=330)
    run = story.assess().runs["kill#1"]
    assert run.tti.value == 20
    assert run.ttm.status == "pending"


def test_a_mitigation_under_way_at_the_recovery_counts_from_its_start() -> None:
    story = Story().begin().bad("latency", 310, 400, 200).sample(300).inject(300, "kill").sample(380)
    story.mark(380, "mitigation-started").sample(420).mark(420, "mitigated").sample(440)
    found = story.assess()
    assert found.day.mitigated.at == at(380)
    assert found.runs["kill#1"].ttm.value == 80


def test_a_run_that_was_never_injected_has_no_figures_and_says_why() -> None:
    story = Story().begin().sample(300)
    ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name="kill-1")
    story.say(300, e.FaultRequested(experiment="kill", run="kill#1", object=ref, manifest="", one_shot=False))
    assert story.assess().runs["kill#1"].ttd.status == "pending"
    run = story.say(301, e.FaultFailed(run="kill#1", error="forbidden")).assess().runs["kill#1"]
    assert (run.injected.status, run.ttd.reason, run.ttr.status) == ("absent", "forbidden", "absent")


def test_a_second_run_is_detected_by_its_own_firing() -> None:
    story = Story().begin().sample(300).inject(300, "kill").sample(320).alert("KillSeen", 310, 320)
    story.sample(330).stop(330, "kill#1").sample(400).inject(400, "kill", ordinal=2).sample(430)
    story.alert("KillSeen", 425)
    runs = story.assess().runs
    assert (runs["kill#1"].ttd.value, runs["kill#2"].ttd.value) == (10, 25)


def test_a_run_whose_experiment_left_the_plan_keeps_its_injection_only() -> None:
    story = Story().begin().sample(300).inject(300, "kill").sample(340)
    plan = a_plan(experiments=a_plan().experiments[1:])
    run = story.say(340, e.PlanAmended(plan=plan, plan_text="", reason="")).assess().runs["kill#1"]
    assert run.injected.at == at(300)
    assert (run.ttd.status, run.ttd.reason) == ("unknown", "the plan has no experiment kill")
