"""Days of the lab in pure virtual time: each fault alone, the seed's day, planted defects."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from controlroom.lab.defects import NO_DEFECT, Defect, effects_of, planted_rules
from controlroom.lab.prometheus.rule_files import RuleFileError
from controlroom.lab.truth import samples_file
from tests.lab.staging_day import LATENCY, MEMORY, POD_KILL, RULES, START, Day, seed_day

OWN_ALERT = {
    POD_KILL: ("InventoryReplicasLow", 30),
    LATENCY: ("InventoryCircuitBreakerOpen", 75),
    MEMORY: ("InventoryCacheEvictionsHigh", 60),
}


@pytest.fixture(scope="module")
def passed_day() -> Day:
    return seed_day(7)


@pytest.mark.parametrize("seed", [2, 7])
@pytest.mark.parametrize("manifest", OWN_ALERT)
def test_each_fault_fires_its_own_alert_and_no_other(manifest: str, seed: int) -> None:
    day = Day(seed)
    day.until(5)
    day.inject(manifest)
    day.until(12)
    alert, within_seconds = OWN_ALERT[manifest]
    assert [name for name, _ in day.fired()] == [alert]
    assert 0 < day.fired()[0][1] * 60 - 5 * 60 < within_seconds


def test_the_alerts_of_the_seeds_day(passed_day: Day) -> None:
    fired = dict(passed_day.fired())
    assert list(fired) == [alert for alert, _ in OWN_ALERT.values()]
    for at, (alert, _) in zip((15, 25, 35), OWN_ALERT.values(), strict=True):
        assert at < fired[alert] < at + 2
    assert passed_day.staging.alertmanager.firing(passed_day.staging.position) == []


def test_an_alert_is_pending_for_its_for_and_times_are_evaluations(passed_day: Day) -> None:
    rules = passed_day.staging.truth().rules
    replicas = [one for one in rules if one.alert == "InventoryReplicasLow"]
    assert [(one.before, one.after) for one in replicas] == [
        ("inactive", "pending"),
        ("pending", "firing"),
        ("firing", "inactive"),
    ]
    assert replicas[1].t - replicas[0].t == 10
    assert all(one.t % 5 == 0 for one in rules)


def test_the_on_call_of_the_seeds_day(passed_day: Day) -> None:
    acts = passed_day.acts()
    fired = dict(passed_day.fired())
    acknowledged = [at for act, at in acts if act == "acknowledged"]
    for started, at in zip(fired.values(), acknowledged, strict=True):
        assert 40 <= (at - started) * 60 <= 82
    others = {act: at for act, at in acts if act != "acknowledged"}
    assert list(others) == ["Escalated", "RootCauseNamed", "MitigationStarted", "Mitigated"]
    assert 46.5 <= others["RootCauseNamed"] <= 50
    assert 51 <= others["MitigationStarted"] <= 55
    assert others["Mitigated"] - others["MitigationStarted"] < 3


def test_the_levels_of_the_seeds_day(passed_day: Day) -> None:
    quiet = passed_day.metric("order_p95", 14)
    worst = max(passed_day.values("order_p95", 15, 60))
    assert 2 <= worst / quiet < 3
    assert 3 <= max(passed_day.values("error_rate", 15, 20)) < 10
    assert max(passed_day.values("error_rate", 20, 60)) < 10
    assert min(passed_day.values("inventory_availability", 15, 17)) == pytest.approx(100 / 3)
    assert 1000 <= max(passed_day.values("consumer_lag", 25, 56)) <= 2000
    assert 55 <= passed_day.metric("cache_hit_ratio", 45) <= 70
    payments = passed_day.values("payment_p95", 2, 84)
    assert max(payments) < 1.05 * min(payments)


def test_the_service_recovers_after_the_mitigation(passed_day: Day) -> None:
    mitigated = dict(passed_day.acts())["Mitigated"]
    for name in ("order_p95", "error_rate", "inventory_availability", "cache_hit_ratio"):
        before = passed_day.metric(name, 14)
        for value in passed_day.values(name, mitigated + 2, 74):
            assert value == pytest.approx(before, rel=0.1, abs=0.2), name


def test_no_order_is_lost_in_a_passed_day(passed_day: Day) -> None:
    orders = passed_day.staging.truth().orders
    assert orders.accepted == orders.stored


def test_the_ground_truth_of_faults_and_pods(passed_day: Day) -> None:
    faults = passed_day.staging.truth().faults
    killed = [one for one in faults if one.action == "pod-kill"]
    assert len(killed) == 2
    assert all(15 * 60 <= one.t - START < 15 * 60 + 1 for one in killed)
    changes = [(one.action, one.change) for one in faults if one.action != "pod-kill"]
    assert changes.count(("delay", "applied")) == changes.count(("delay", "lost")) == 3
    assert changes.count(("memory", "applied")) == changes.count(("memory", "lost")) == 2
    pods = passed_day.staging.truth().pods
    gone = {one.uid for one in pods if one.change == "gone"}
    assert {one.pod_uid for one in faults} <= gone
    ready = [one.t - killed[0].t for one in pods if one.change == "ready" and one.t > killed[0].t][:2]
    assert all(25 <= seconds <= 41 for seconds in ready)


def test_the_truth_is_written_with_every_sample(passed_day: Day, tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    passed_day.staging.write_truth(path)
    written = json.loads(path.read_text())
    assert written["seed"] == 7
    assert written["defect"] is None
    assert len(written["faults"]) == len(passed_day.staging.truth().faults)
    lines = [json.loads(line) for line in samples_file(path).read_text().splitlines()]
    stored = next(one for one in lines if one["labels"]["__name__"] == "bookstore_orders_stored")
    assert stored["values"][-1] == written["orders"]["stored"]
    assert {later - earlier for earlier, later in pairwise(stored["t_ms"])} == {2000}


def test_a_day_without_an_on_call_recovers_only_after_the_clean_up() -> None:
    day = seed_day(7, responder=False)
    assert day.acts() == []
    quiet = day.metric("order_p95", 14)
    assert min(day.values("order_p95", 56, 74)) > 1.5 * quiet
    assert max(day.values("order_p95", 78, 84)) < 1.1 * quiet
    assert all(one.change == "recovered" for one in day.staging.truth().faults[-5:])


def test_the_same_seed_lives_the_same_day() -> None:
    def life(seed: int) -> tuple[list[float], list[tuple[str, float]]]:
        day = Day(seed, responder=True)
        day.until(3)
        day.inject(POD_KILL)
        day.until(6)
        return day.values("order_p95", 1, 6), day.fired()

    assert life(11) == life(11)
    assert life(11) != life(12)


def test_a_late_alert_fires_more_than_two_minutes_after_the_injection() -> None:
    day = Day(7, defect=Defect.LATE_ALERT)
    day.until(5)
    day.inject(POD_KILL)
    day.until(12)
    ((alert, at),) = day.fired()
    assert alert == "InventoryReplicasLow"
    assert 2 < at - 5 < 2.5
    assert max(day.values("error_rate", 5, 12)) < 10


def test_later_replacements_start_in_the_usual_time() -> None:
    day = Day(7, defect=Defect.LATE_ALERT)
    day.inject(POD_KILL)
    day.until(5)
    day.staging.cluster.rollout_restart("bookstore", "inventory-service", "somebody")
    day.until(8)
    started = [one.t - START for one in day.staging.truth().pods if one.change == "ready" and one.t > START]
    assert all(170 <= seconds <= 190 for seconds in started[:2])
    assert len(started) == 5
    assert started[-1] < 5 * 60 + 3 * 45


def test_a_masked_alert_fires_before_any_injection() -> None:
    day = Day(7, defect=Defect.ALERT_MASKED)
    day.until(2)
    assert [name for name, _ in day.fired()] == ["InventoryCircuitBreakerOpen"]
    assert day.metric("circuit_breaker") == 0


def test_an_order_is_lost() -> None:
    day = Day(7, defect=Defect.LOST_ORDER)
    day.until(2)
    day.inject(POD_KILL)
    day.until(6)
    day.staging.set_load(False)
    day.until(7)
    orders = day.staging.truth().orders
    assert orders.accepted - orders.stored == 23
    assert day.metric("consumer_lag") == 0


def test_payments_degrade_with_the_inventory() -> None:
    day = Day(7, defect=Defect.CASCADE)
    day.until(3)
    quiet = day.metric("payment_p95")
    day.inject(MEMORY)
    day.until(6)
    assert day.metric("payment_p95") > 1.7 * quiet
    assert [name for name, _ in day.fired()] == ["InventoryCacheEvictionsHigh"]


def test_orders_slower_than_three_times_the_baseline() -> None:
    day = Day(7, defect=Defect.P95)
    day.until(3)
    quiet = day.metric("order_p95")
    day.inject(LATENCY)
    day.until(6)
    assert day.metric("order_p95") > 3 * quiet
    assert max(day.values("error_rate", 3, 6)) < 10
    assert [name for name, _ in day.fired()] == ["InventoryCircuitBreakerOpen"]


def test_errors_above_a_tenth_and_yet_no_critical_alert() -> None:
    day = Day(7, defect=Defect.ERRORS)
    day.until(3)
    quiet = day.metric("order_p95")
    day.inject(LATENCY)
    day.until(6)
    assert max(day.values("error_rate", 3, 6)) > 10
    assert max(day.values("order_p95", 3, 6)) < 3 * quiet
    assert [name for name, _ in day.fired()] == ["InventoryCircuitBreakerOpen"]


def test_a_slow_recovery_takes_more_than_five_minutes() -> None:
    day = Day(7, defect=Defect.SLOW_RECOVERY)
    day.until(3)
    quiet = day.metric("order_p95")
    day.inject(LATENCY)
    day.until(5)
    day.staging.cluster.rollout_restart("bookstore", "inventory-service", "somebody")
    day.until(16)
    lifted = max(one.t for one in day.staging.truth().faults if one.change == "lost")
    minute = (lifted - START) / 60
    assert min(day.values("order_p95", minute + 1, minute + 6.3)) > 1.25 * quiet
    assert max(day.values("order_p95", minute + 1, minute + 6.3)) < 3 * quiet
    assert max(day.values("order_p95", minute + 7.3, 16)) < 1.1 * quiet


def test_a_defect_of_the_rules_needs_its_rule() -> None:
    with pytest.raises(RuleFileError, match="InventoryReplicasLow"):
        planted_rules("groups: []\n", effects_of(Defect.LATE_ALERT))
    assert planted_rules(RULES, NO_DEFECT) is RULES
