"""The cluster without HTTP: workloads, selection, schedules, troubles, what the world model reads."""

from __future__ import annotations

import math
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.lab.kubernetes import Cluster, FaultChange, Trouble, build_bookstore
from controlroom.lab.kubernetes.controllers.chaos.selection import take
from controlroom.lab.kubernetes.cron import BadSchedule, next_due
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.quantities import BadDuration, go_duration, memory_size
from controlroom.lab.kubernetes.resources import (
    DEPLOYMENTS,
    EVENTS,
    NETWORK_CHAOS,
    POD_CHAOS,
    PODS,
    REPLICA_SETS,
    SCHEDULES,
)

INVENTORY = {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
STARTUP = 30.0


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(HeldClock(1_700_000_000.25), seed=7, startup_seconds=lambda app, pod: STARTUP)
    build_bookstore(made)
    return made


def chaos(kind: str, name: str = "it", **spec: Any) -> Document:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "bookstore"},
        "spec": {"mode": "all", "selector": INVENTORY, **spec},
    }


def inventory(cluster: Cluster) -> list[str]:
    return [pod.name for pod in cluster.pods("bookstore", "inventory-service") if not pod.deleting]


def events(cluster: Cluster, kind: str) -> list[tuple[str, str]]:
    return [
        (each["reason"], each["message"])
        for each in cluster.store.select(EVENTS, "bookstore")
        if each["involvedObject"]["kind"] == kind
    ]


def test_the_same_seed_gives_the_same_cluster() -> None:
    def lived(seed: int) -> list[tuple[str, str, str]]:
        made = Cluster(HeldClock(), seed=seed, startup_seconds=lambda app, pod: STARTUP)
        build_bookstore(made)
        made.create(chaos("PodChaos", action="pod-kill", mode="fixed", value="2"))
        made.step(made.now + 60)
        return [(pod.name, pod.uid, pod.node) for pod in made.pods()]

    assert lived(1) == lived(1)
    assert lived(1) != lived(2)


def test_killed_pods_are_replaced_after_their_start_up_time(cluster: Cluster) -> None:
    before = inventory(cluster)
    changes: list[FaultChange] = []
    cluster.on_fault(changes.append)
    start = cluster.now
    cluster.create(chaos("PodChaos", action="pod-kill", mode="fixed", value="2"))
    cluster.step(start + 2)
    assert len(set(before) & set(inventory(cluster))) == 1
    assert [each.change for each in changes] == ["applied", "applied"]
    assert all(start < each.t < start + 1 for each in changes)
    assert cluster.active_faults() == ()
    ready = [pod for pod in cluster.pods("bookstore", "inventory-service") if pod.ready]
    assert len(ready) == 1
    cluster.step(start + 2 + STARTUP)
    fresh = [pod for pod in cluster.pods("bookstore", "inventory-service") if pod.name not in before]
    assert len(fresh) == 2
    for pod in fresh:
        assert pod.started_at is not None and pod.ready_at is not None
        assert pod.ready_at - pod.started_at == pytest.approx(STARTUP)


def test_a_rolling_restart_never_goes_below_the_replicas(cluster: Cluster) -> None:
    old = set(inventory(cluster))
    cluster.rollout_restart("bookstore", "inventory-service", by="on-call")
    end = cluster.now + 240
    fewest = math.inf
    while cluster.now < end:
        cluster.step(cluster.now + 1)
        pods = [pod for pod in cluster.pods("bookstore", "inventory-service") if not pod.deleting]
        fewest = min(fewest, sum(pod.ready for pod in pods))
        assert len(pods) <= 4
    assert fewest == 3
    assert not old & set(inventory(cluster))
    sets = [
        each
        for each in cluster.store.select(REPLICA_SETS, "bookstore")
        if "inventory" in each["metadata"]["name"]
    ]
    assert sorted(each["spec"]["replicas"] for each in sets) == [0, 3]


def test_scaling_down_removes_the_youngest_first(cluster: Cluster) -> None:
    held = cluster.store.get(DEPLOYMENTS, "bookstore", "inventory-service")
    assert held is not None
    old = inventory(cluster)
    cluster.store.update(DEPLOYMENTS, {**held, "spec": {**held["spec"], "replicas": 4}})
    cluster.step(cluster.now + 60)
    assert len(inventory(cluster)) == 4
    held = cluster.store.get(DEPLOYMENTS, "bookstore", "inventory-service")
    assert held is not None
    cluster.store.update(DEPLOYMENTS, {**held, "spec": {**held["spec"], "replicas": 3}})
    cluster.step(cluster.now + 60)
    assert inventory(cluster) == old


def test_a_deleted_deployment_takes_everything_with_it(cluster: Cluster) -> None:
    held = cluster.store.get(DEPLOYMENTS, "bookstore", "payment-service")
    assert held is not None
    delete(cluster.store, cluster.timers, DEPLOYMENTS, held)
    cluster.step(cluster.now + 60)
    assert cluster.pods("bookstore", "payment-service") == []
    assert len(cluster.deployments("bookstore")) == 4


def test_a_network_delay_is_described_in_seconds_and_by_app(cluster: Cluster) -> None:
    cluster.create(
        chaos(
            "NetworkChaos",
            action="delay",
            delay={"latency": "250ms", "jitter": "20ms"},
            direction="to",
            target={"mode": "all", "selector": {"labelSelectors": {"app": "postgres"}}},
        )
    )
    cluster.step(cluster.now + 3)
    faults = cluster.active_faults()
    assert sorted(fault.pod for fault in faults) == inventory(cluster)
    assert {(fault.latency, fault.jitter, fault.target_app, fault.app) for fault in faults} == {
        (0.25, 0.02, "postgres", "inventory-service")
    }
    held = cluster.store.get(NETWORK_CHAOS, "bookstore", "it")
    assert held is not None
    records = held["status"]["experiment"]["containerRecords"]
    assert [record["selectorKey"] for record in records] == [".", ".", ".", ".Target"]
    assert {record["phase"] for record in records} == {"Injected"}


def test_a_target_that_selects_nothing_keeps_the_whole_fault_away(cluster: Cluster) -> None:
    target = {"mode": "all", "selector": {"labelSelectors": {"app": "nobody"}}}
    cluster.create(
        chaos("NetworkChaos", action="delay", delay={"latency": "1s"}, direction="both", target=target)
    )
    cluster.step(cluster.now + 3)
    assert cluster.active_faults() == ()
    assert ("Failed", "Failed to select targets: no pod is selected") in events(cluster, "NetworkChaos")


def test_a_restart_loses_the_fault_and_the_new_pods_are_clean(cluster: Cluster) -> None:
    changes: list[FaultChange] = []
    cluster.on_fault(changes.append)
    cluster.create(
        chaos("StressChaos", stressors={"memory": {"workers": 1, "size": "512MB"}}, duration="20m")
    )
    cluster.step(cluster.now + 2)
    assert {fault.memory_bytes for fault in cluster.active_faults()} == {512 * 2**20}
    cluster.rollout_restart("bookstore", "inventory-service", by="on-call")
    cluster.step(cluster.now + 200)
    assert cluster.active_faults() == ()
    assert [each.change for each in changes] == ["applied"] * 3 + ["lost"] * 3


def test_a_pod_failure_takes_readiness_and_gives_it_back(cluster: Cluster) -> None:
    cluster.create(chaos("PodChaos", action="pod-failure", mode="one", duration="20s"))
    cluster.step(cluster.now + 5)
    assert sum(pod.ready for pod in cluster.pods("bookstore", "inventory-service")) == 2
    cluster.step(cluster.now + 20 + STARTUP)
    pods = cluster.pods("bookstore", "inventory-service")
    assert all(pod.ready for pod in pods)
    assert sorted(pod.restarts for pod in pods) == [0, 0, 2]


def test_a_container_kill_restarts_in_place(cluster: Cluster) -> None:
    before = inventory(cluster)
    cluster.create(
        chaos("PodChaos", action="container-kill", mode="one", containerNames=["inventory-service"])
    )
    cluster.step(cluster.now + 2)
    assert inventory(cluster) == before
    assert sorted(pod.restarts for pod in cluster.pods("bookstore", "inventory-service")) == [0, 0, 1]


@pytest.mark.parametrize(
    ("mode", "value", "count"),
    [("all", "", 5), ("one", "", 1), ("fixed", "2", 2), ("fixed", "9", 5), ("fixed-percent", "50", 3)],
)
def test_modes_take_so_many(mode: str, value: str, count: int) -> None:
    taken = take(list("abcde"), mode, value, Namer(1))
    assert len(taken) == len(set(taken)) == count


def test_a_random_percentage_never_takes_more() -> None:
    counts = {len(take(list("abcde"), "random-max-percent", "60", Namer(seed))) for seed in range(50)}
    assert counts <= {0, 1, 2, 3} and len(counts) > 2


def test_a_stuck_recovery_is_retried_and_ends_when_the_trouble_does(cluster: Cluster) -> None:
    cluster.create(chaos("NetworkChaos", action="delay", delay={"latency": "1s"}, mode="one"))
    cluster.step(cluster.now + 2)
    cluster.trouble = Trouble(finalizer_stuck=True)
    held = cluster.store.get(NETWORK_CHAOS, "bookstore", "it")
    assert held is not None
    delete(cluster.store, cluster.timers, NETWORK_CHAOS, held)
    cluster.step(cluster.now + 30)
    assert len(cluster.active_faults()) == 1
    failures = [each for each in events(cluster, "NetworkChaos") if each[0] == "Failed"]
    assert len(failures) >= 6
    assert failures[0][1].startswith("Failed to recover chaos: rpc error: code = Unknown")
    cluster.trouble = Trouble()
    cluster.step(cluster.now + 30)
    assert cluster.store.get(NETWORK_CHAOS, "bookstore", "it") is None
    assert cluster.active_faults() == ()


def test_an_absent_controller_does_nothing_until_it_is_back(cluster: Cluster) -> None:
    cluster.trouble = Trouble(controller_gone=True)
    cluster.create(chaos("PodChaos", action="pod-kill", mode="one"))
    cluster.step(cluster.now + 60)
    held = cluster.store.get(POD_CHAOS, "bookstore", "it")
    assert held is not None and "status" not in held
    cluster.trouble = Trouble()
    cluster.step(cluster.now + 1)
    held = cluster.store.get(POD_CHAOS, "bookstore", "it")
    assert held is not None and held["status"]["experiment"]["desiredPhase"] == "Run"


def test_a_schedule_spawns_children_and_its_deletion_takes_them(cluster: Cluster) -> None:
    cluster.create(
        {
            "apiVersion": "chaos-mesh.org/v1alpha1",
            "kind": "Schedule",
            "metadata": {"name": "often", "namespace": "bookstore"},
            "spec": {
                "schedule": "@every 60s",
                "type": "PodChaos",
                "historyLimit": 2,
                "podChaos": {"mode": "one", "selector": INVENTORY, "action": "pod-kill"},
            },
        }
    )
    cluster.step(cluster.now + 305)
    children = list(cluster.store.select(POD_CHAOS, "bookstore"))
    assert {each["metadata"]["labels"]["managed-by"] for each in children} == {"often"}
    assert len(children) == 3
    assert sum(reason == "Spawned" for reason, _ in events(cluster, "Schedule")) == 5
    held = cluster.store.get(SCHEDULES, "bookstore", "often")
    assert held is not None
    delete(cluster.store, cluster.timers, SCHEDULES, held)
    cluster.step(cluster.now + 120)
    assert list(cluster.store.select(POD_CHAOS, "bookstore")) == []


def test_cron_finds_the_next_time() -> None:
    monday = 1_700_438_400.0  # 2023-11-20 00:00 UTC, a Monday
    assert next_due("*/15 * * * *", monday) == monday + 900
    assert next_due("30 9 * * 1-5", monday) == monday + 9.5 * 3600
    assert next_due("0 0 1 12 *", monday) == monday + 11 * 86400
    assert next_due("0 12 * * 7", monday) == monday + 6.5 * 86400
    with pytest.raises(BadSchedule):
        next_due("every now and then, or so", monday)
    with pytest.raises(BadSchedule):
        next_due("0 0 30 2 *", monday)


def test_go_durations() -> None:
    assert go_duration("1h30m") == 5400
    assert go_duration("250ms") == 0.25
    assert go_duration("1.5s") == 1.5
    for bad, why in (
        ("25 seconds", "unknown unit"),
        ("5", "missing unit"),
        ("", "invalid"),
        ("s", "invalid"),
    ):
        with pytest.raises(BadDuration, match=why):
            go_duration(bad)


def test_memory_sizes() -> None:
    assert memory_size("256MB") == (256 * 2**20, 0.0)
    assert memory_size("1GiB") == (2**30, 0.0)
    assert memory_size("80%") == (0.0, 0.8)


def test_events_lapse_after_an_hour(cluster: Cluster) -> None:
    cluster.record_event("bookstore", "inventory-service", "on-call", "Escalated", "it is the database")
    assert ("Escalated", "it is the database") in events(cluster, "Deployment")
    cluster.step(cluster.now + 3601)
    assert events(cluster, "Deployment") == []


def test_time_never_goes_back(cluster: Cluster) -> None:
    now = cluster.now
    cluster.step(now - 100)
    assert cluster.now == now


def test_an_unknown_deployment_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(KeyError):
        cluster.rollout_restart("bookstore", "nobody", by="on-call")


def test_a_pod_that_is_deleted_twice_keeps_its_first_deadline(cluster: Cluster) -> None:
    name = inventory(cluster)[0]
    pod = cluster.store.get(PODS, "bookstore", name)
    assert pod is not None
    first = delete(cluster.store, cluster.timers, PODS, pod).object
    cluster.step(cluster.now + 0.78)  # in the next whole second, before the containers have ended
    held = cluster.store.get(PODS, "bookstore", name)
    assert held is not None
    again = delete(cluster.store, cluster.timers, PODS, held).object
    assert again["metadata"]["deletionTimestamp"] == first["metadata"]["deletionTimestamp"]


@pytest.mark.parametrize(
    ("direction", "touched"),
    [
        ("to", {("inventory-service", "postgres")}),
        ("from", {("postgres", "inventory-service")}),
        ("both", {("inventory-service", "postgres"), ("postgres", "inventory-service")}),
    ],
)
def test_a_direction_says_which_side_is_slowed(
    cluster: Cluster, direction: str, touched: set[tuple[str, str]]
) -> None:
    target = {"mode": "all", "selector": {"labelSelectors": {"app": "postgres"}}}
    delay = {"latency": "250ms"}
    cluster.create(chaos("NetworkChaos", action="delay", delay=delay, direction=direction, target=target))
    cluster.step(cluster.now + 3)
    assert {(fault.app, fault.target_app) for fault in cluster.active_faults()} == touched


def test_a_target_that_vanishes_before_its_turn_keeps_the_fault_from_being_all_injected(
    cluster: Cluster,
) -> None:
    cluster.create(chaos("NetworkChaos", name="slow", action="delay", delay={"latency": "1s"}))
    cluster.create(chaos("PodChaos", name="kill", action="pod-kill", mode="one"))
    cluster.step(cluster.now + 3)
    held = cluster.store.get(NETWORK_CHAOS, "bookstore", "slow")
    assert held is not None
    conditions = {each["type"]: each["status"] for each in held["status"]["conditions"]}
    assert (conditions["Selected"], conditions["AllInjected"]) == ("True", "False")
    assert len(cluster.active_faults()) == 2
    failures = [message for reason, message in events(cluster, "NetworkChaos") if reason == "Failed"]
    assert failures and all(message.endswith("not found") for message in failures)
