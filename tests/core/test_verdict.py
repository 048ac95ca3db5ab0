"""Criteria, signs, the metrics table and the day's verdict: what passes, what fails, what is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from controlroom.core import events as e
from controlroom.core.assessment import Assessment, CriterionResult, SignResult
from controlroom.core.events import Event
from controlroom.core.plan import Experiment, ValueBelow
from controlroom.core.values import changed
from controlroom.core.verdict import verdict_of
from tests.core.sessions import CRITERIA, METRICS, Story, a_plan, at, good_day

Status = Literal["pass", "fail", "pending", "unknown"]
SignStatus = Literal["set", "clear", "pending", "unknown"]
Edit = Callable[[Event], Event | None]


def edited(edit: Edit, story: Story | None = None) -> Assessment:
    """The good day with events changed or (None) left out, numbered again."""
    story = story or good_day()
    kept = [found for event in story.events if (found := edit(event)) is not None]
    story.events = [changed(event, seq=seq) for seq, event in enumerate(kept, 1)]
    return story.assess()


def without(*kinds: type[e.Body]) -> Edit:
    return lambda event: None if isinstance(event.body, kinds) else event


def criterion(found: Assessment, name: str) -> CriterionResult:
    return next(own for own in found.criteria if own.id == name)


def sign(found: Assessment, name: str) -> SignResult:
    return next(own for own in found.signs if own.id == name)


def no_mitigation(event: Event) -> Event | None:
    body = event.body
    return None if isinstance(body, e.MarkMade) and body.milestone == "mitigated" else event


def test_the_good_day_passes_with_evidence_for_everything() -> None:
    found = good_day().assess()
    assert (found.verdict, found.reasons) == ("passed", ())
    assert {own.status for own in found.criteria} == {"pass"}
    assert {own.status for own in found.signs} == {"clear"}
    assert all(own.evidence for own in found.criteria)
    latency = criterion(found, "latency")
    assert (latency.value, latency.limit, latency.unit) == (2.2, 3, "× baseline")
    assert (latency.evidence[0].at, latency.evidence[0].value) == (at(610), 220)


def test_an_open_session_is_pending_and_fails_as_soon_as_something_is_broken() -> None:
    story = good_day()
    story.events = [event for event in story.events if event.t <= 700]
    found = story.assess()
    assert found.verdict == "pending" and found.reasons == ()
    assert {own.status for own in found.criteria} == {"pending"}
    assert criterion(found, "latency").reason == "worst 2.20× so far"
    broken = Story().begin().bad("latency", 310, 330, 301).sample(300).inject(300, "kill").sample(340)
    assert criterion(broken.assess(), "latency").status == "fail"
    assert broken.assess().verdict == "pending"
    assert broken.assess().reasons == ("Latency below 3x: worst 3.01×",)


@pytest.mark.parametrize(("worst", "status"), [(299.9, "pass"), (300.0, "fail"), (301.0, "fail")])
def test_one_sample_at_the_bound_fails(worst: float, status: str) -> None:
    story = Story(wobble=0).begin().bad("latency", 320, 322, worst).bad("latency", 310, 340, 200)
    story.curves["latency"] = lambda t: worst if 320 <= t < 322 else 200 if 310 <= t < 340 else None
    story.sample(300).inject(300, "kill").sample(640).stop_load(640).sample(700)
    assert criterion(story.assess(), "latency").status == status


def test_a_pass_needs_the_samples_a_breach_does_not() -> None:
    def day(worst: float) -> CriterionResult:
        story = Story().begin().bad("latency", 310, 400, worst)
        story.sample(300).inject(300, "kill").sample(640, gaps=[(330, 350)]).stop_load(640).sample(700)
        return criterion(story.assess(), "latency")

    assert day(200).status == "unknown" and "of the samples are there" in day(200).reason
    assert day(400).status == "fail"


def test_a_value_is_judged_in_its_unit_and_shown_in_its_row() -> None:
    bound = ValueBelow(id="lag", text="Lag below 20", metric="lag", limit=20)
    story = Story(a_plan(criteria=(*CRITERIA, bound))).begin().bad("lag", 320, 330, 25)
    story.sample(300).inject(300, "kill").sample(340)
    found = story.assess()
    assert (criterion(found, "lag").status, criterion(found, "lag").value) == ("fail", 25)
    assert {row.metric: row.status for row in found.rows}["lag"] == "fail"


def test_alerts_must_fire_a_mark_is_not_enough() -> None:
    def no_slow_alert(event: Event) -> Event | None:
        body = event.body
        return None if isinstance(body, e.AlertObserved) and body.name == "SlowSeen" else event

    found = edited(no_slow_alert, good_day().mark(1200, "detected", when=615, experiments=("slow",)))
    assert found.runs["slow#1"].ttd.value == 15
    assert criterion(found, "alerts").status == "fail"
    assert sign(found, "delayed").status == "set"
    assert found.verdict == "needs improvement"


def test_a_late_alert_fails_even_before_it_fires() -> None:
    story = Story().begin().sample(300).inject(300, "kill").sample(418)
    assert criterion(story.assess(), "alerts").status == "pending"
    assert criterion(story.sample(424).assess(), "alerts").reason == "Kill: not fired after 120 s"
    assert criterion(story.assess(), "alerts").status == "fail"
    fired = criterion(story.alert("KillSeen", 424).assess(), "alerts")
    assert (fired.status, fired.value) == ("fail", 124)


def test_a_masked_alert_is_unknown_and_the_day_inconclusive() -> None:
    def always(event: Event) -> Event | None:
        body = event.body
        if isinstance(body, e.AlertObserved) and body.name == "SlowSeen":
            return changed(event, body=changed(body, firing_at=at(500), active_at=at(490)))
        return event

    found = edited(always)
    assert criterion(found, "alerts").status == "unknown"
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("accepted", "stored", "settled", "status"),
    [
        (100, 100, True, "pass"),
        (100, 99, True, "fail"),
        (100, 101, True, "pass"),
        (100, 100, False, "unknown"),
        (None, 100, True, "unknown"),
    ],
)
def test_data_loss(accepted: float | None, stored: float | None, settled: bool, status: str) -> None:
    def read(event: Event) -> Event | None:
        if isinstance(event.body, e.ReconciliationRead):
            body = e.ReconciliationRead(criterion="loss", accepted=accepted, stored=stored, settled=settled)
            return changed(event, body=body)
        return event

    assert criterion(edited(read), "loss").status == status


def test_totals_that_were_never_read_are_unknown() -> None:
    found = edited(without(e.ReconciliationRead))
    assert criterion(found, "loss").status == "unknown"
    assert found.verdict == "inconclusive"


def test_recovered_with_neither_mitigation_nor_clean_up_passes_noted() -> None:
    found = edited(no_mitigation)
    assert criterion(found, "recovery").status == "pass"
    assert criterion(found, "recovery").reason == "recovered without mitigation"
    assert sign(found, "manual").status == "clear"


def cleaned_up(mitigated: float | None) -> Assessment:
    """A fault that acts until it is taken away at 900 s; the service recovers at 940 s."""
    story = Story().begin().bad("latency", 310, 940, 200).sample(300).inject(300, "kill")
    if mitigated is not None:
        story.sample(mitigated).mark(mitigated, "mitigated")
    story.sample(900).stop(900, "kill#1").sample(1140).stop_load(1140).sample(1190)
    return story.close(1200).assess()


def test_clean_up_is_not_mitigation() -> None:
    found = cleaned_up(None)
    assert criterion(found, "recovery").status == "fail"
    assert criterion(found, "recovery").reason == "recovered only after clean-up of Kill"
    assert sign(found, "manual").status == "set"
    early = cleaned_up(400)
    assert criterion(early, "recovery").value == 540
    assert criterion(early, "recovery").status == "fail"


def test_a_halt_is_not_mitigation_either() -> None:
    story = Story().begin().bad("latency", 310, 440, 200).sample(300).inject(300, "kill").sample(400)
    story.say(400, e.HaltRequested(runs=("kill#1",))).stop(400, "kill#1", why="halt")
    found = story.sample(640).stop_load(640).sample(700).close(700).assess()
    assert criterion(found, "recovery").reason == "recovered only after halt of Kill"
    assert sign(found, "manual").status == "set"


def test_to_delete_what_no_longer_acts_is_no_intervention() -> None:
    story = Story().begin().bad("latency", 310, 440, 200).sample(300).inject(300, "kill", one_shot=True)
    story.sample(330).effect_over(330, "kill#1").sample(400).stop(400, "kill#1")
    found = story.sample(640).stop_load(640).sample(700).close(700).assess()
    assert criterion(found, "recovery").reason == "recovered without mitigation"


def test_not_recovered_fails_and_sets_the_sign() -> None:
    story = Story().begin().bad("latency", 310, 2000, 200).sample(300).inject(300, "kill").sample(640)
    found = story.stop_load(640).sample(700).stop(700, "kill#1").close(701).assess()
    assert criterion(found, "recovery").status == "fail"
    assert sign(found, "manual").status == "set"


def test_a_slow_recovery_with_a_gap_in_it_is_unknown() -> None:
    def day(gaps: list[tuple[float, float]]) -> CriterionResult:
        story = Story().begin().bad("latency", 310, 800, 200).sample(300).inject(300, "kill").sample(400)
        story.mark(400, "mitigated").sample(1140, gaps=gaps).stop_load(1140).sample(1190)
        return criterion(story.close(1200).assess(), "recovery")

    assert (day([]).status, day([]).value) == ("fail", 400)
    assert day([(600, 800)]).status == "unknown"


def test_a_metric_beyond_every_expected_impact_is_a_cascade_once_it_holds() -> None:
    def day(end: float) -> Assessment:
        story = Story().begin().bad("payment", 320, end, 90).sample(300).inject(300, "kill")
        return story.sample(640).stop_load(640).sample(700).assess()

    assert day(330).cascades == ()  # five samples are eight seconds
    assert day(332).cascades == ("payment",)
    assert sign(day(332), "cascading").reason == "beyond every expected impact: Payment"
    assert sign(day(330), "cascading").status == "clear"


def test_what_a_later_experiment_may_move_is_expected_only_from_then_on() -> None:
    kill, slow = a_plan().experiments
    plan = a_plan(experiments=(changed(kill, impact=("latency", "availability")), slow))

    def day(start: float) -> tuple[str, ...]:
        story = Story(plan).begin().bad("lag", start, start + 30, 500).sample(300).inject(300, "kill")
        return story.sample(600).inject(600, "slow").sample(800).assess().cascades

    assert day(400) == ("lag",)
    assert day(620) == ()
    assert day(594) == ()  # six seconds before the injection do not last for the hold


def test_without_an_uninvolved_metric_no_cascade_is_unknown() -> None:
    plan = a_plan(metrics=tuple(changed(metric, uninvolved=False) for metric in METRICS))
    story = Story(plan).begin().sample(300).inject(300, "kill").sample(640).stop_load(640).sample(700)
    assert sign(story.assess(), "cascading").status == "unknown"
    gone = Story().begin().sample(300).inject(300, "kill").sample(640, gaps=[(400, 500)])
    assert sign(gone.stop_load(640).sample(700).assess(), "cascading").status == "unknown"


@pytest.mark.parametrize(
    ("said", "status"), [("yes", "set"), (" No ", "clear"), ("", "unknown"), ("rather", "unknown")]
)
def test_a_judged_sign_is_a_persons_answer(said: str, status: str) -> None:
    def answer(event: Event) -> Event | None:
        if isinstance(event.body, e.Answered):
            return changed(event, body=changed(event.body, text=said))
        return event

    assert sign(edited(answer), "communication").status == status


def test_nothing_injected_proves_nothing() -> None:
    story = Story().begin().sample(640).stop_load(640).sample(700).close(700)
    found = story.assess()
    assert found.verdict == "inconclusive"
    assert {own.status for own in found.criteria} == {"unknown"}
    assert found.day.ttd.reason == "nothing was injected"


def test_the_rows_compare_before_during_and_after() -> None:
    rows = {row.metric: row for row in good_day().assess().rows}
    latency, availability = rows["latency"], rows["availability"]
    assert (latency.pre.value, latency.pre.statistic) == (100, "median")
    assert (latency.during.value, latency.during.at, latency.ratio) == (220, at(610), 2.2)
    assert (latency.post.value, latency.post.statistic) == (100, "median")
    assert (availability.during.value, availability.during.statistic) == (33, "worst")
    assert (latency.status, availability.status) == ("pass", "")
    assert latency.outside is False


@pytest.mark.parametrize(
    ("statistic", "worse", "name", "value"),
    [("mean", "higher", "mean", 100), ("last", "higher", "last", 100), ("p95", "lower", "p5", 98)],
)
def test_each_cell_names_its_statistic(statistic: str, worse: str, name: str, value: float) -> None:
    metric = changed(METRICS[0], during=statistic, worse=worse, criterion=False)
    story = Story(a_plan(metrics=(metric, *METRICS[1:]))).begin().sample(300).inject(300, "kill")
    cell = story.sample(316).assess().rows[0].during
    assert cell.statistic == name
    assert cell.value == pytest.approx(value, abs=0.7)


def test_now_has_an_age_and_is_unknown_where_there_is_no_value() -> None:
    story = Story().begin().sample(300, gaps=[(290, 300)])
    row = story.say(304, e.MetricTroubled(metric="latency", reason="no series")).assess().rows[0]
    assert (row.now.value, row.now.reason, row.age, row.outside) == (None, "no series", 16, None)
    fresh = Story().begin().sample(300).say(305, e.SourceFailed(source="prometheus", error="gone"))
    row = fresh.assess(t=310).rows[0]
    assert (row.age, row.outside) == (12, None)
    assert Story().begin().assess().rows[0].age is None


def test_between_the_windows_is_in_no_column() -> None:
    story = Story().begin().bad("latency", 310, 400, 200).bad("latency", 640, 642, 900)
    story.sample(300).inject(300, "kill").sample(700).effect_over(700, "kill#1").stop(700, "kill#1")
    story.sample(840).stop_load(840).sample(900)
    row = story.assess().rows[0]
    assert row.during.value == 200
    assert row.post.value is not None and row.post.value < 110


def test_post_begins_with_the_later_of_all_clear_and_recovered() -> None:
    story = Story().begin().bad("latency", 310, 500, 200).bad("payment", 402, 500, 70)
    story.sample(300).inject(300, "kill").sample(400).stop(400, "kill#1").sample(600)
    rows = {row.metric: row for row in story.assess().rows}
    assert rows["payment"].post.value == 50
    open_one = Story().begin().bad("latency", 310, 900, 200).sample(300).inject(300, "kill").sample(400)
    row = open_one.stop(400, "kill#1").sample(600).assess().rows[0]
    assert (row.post.value, row.post.reason) == (None, "not recovered yet")


def test_verdicts() -> None:
    def judged(status: Status, sign: SignStatus, *, closed: bool = True) -> str:
        criterion = CriterionResult(id="c", text="C", status=status, reason="r")
        own = SignResult(id="s", text="S", status=sign, reason="r")
        return verdict_of([criterion], [own], closed=closed)[0]

    assert judged("pass", "clear") == "passed"
    assert judged("fail", "clear") == judged("pass", "set") == "needs improvement"
    assert judged("fail", "unknown") == judged("unknown", "set") == "needs improvement"
    assert judged("unknown", "clear") == judged("pass", "unknown") == "inconclusive"
    assert judged("fail", "set", closed=False) == "pending"
    assert verdict_of([], [], closed=True)[0] == "inconclusive"


def test_a_plan_may_lack_nearly_everything() -> None:
    plan = a_plan(criteria=(), signs=(), metrics=(), experiments=(a_bare_experiment(),))
    story = Story(plan).begin().inject(300, "bare")
    run = story.assess().runs["bare#1"]
    assert run.alert.reason == "the plan names no alert for it"
    assert run.detected.reason == "no person marked that it was detected"
    assert run.ttr.reason == "no impact yet"


def a_bare_experiment() -> Experiment:
    return Experiment(id="bare", title="Bare", manifest="bare.yaml", phase="chaos", at=0)
