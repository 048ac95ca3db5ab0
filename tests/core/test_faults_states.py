"""States that no recording holds: stuck, lost, other kinds, and objects that are no longer there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlroom.core.events import ObjectRef, Target
from controlroom.core.faults import ChaosReading, NotAnObject, decode, follow_on, observe
from controlroom.core.faults.duration import NotADuration, seconds_of, written
from controlroom.core.state import Run
from controlroom.core.values import changed
from tests.core.lives import after, pod

START = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
RECORD_ID = "bookstore/inventory-service-5bdcb4474c-aaaaa"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def run(**fields: Any) -> Run:
    made = Run(
        id="x#1",
        experiment="x",
        ordinal=1,
        state="requested",
        requested=0.0,
        requested_at=START,
        object=ObjectRef(api_version="v1", kind="X", namespace="bookstore", name="x"),
    )
    return changed(made, **fields)


def record(*events: tuple[str, str, float, str], phase: str, record_id: str = RECORD_ID) -> dict[str, Any]:
    told = [(operation, kind) for operation, kind, _, _ in events]
    return {
        "id": record_id,
        "selectorKey": ".",
        "phase": phase,
        "injectedCount": told.count(("Apply", "Succeeded")),
        "recoveredCount": told.count(("Recover", "Succeeded")),
        "events": [
            {"operation": operation, "type": kind, "timestamp": stamp(seconds), "message": message}
            for operation, kind, seconds, message in events
        ],
    }


def reading(
    *records: dict[str, Any],
    phase: str = "Run",
    kind: str = "NetworkChaos",
    api: str = "chaos-mesh.org/v1alpha1",
    deleted: float | None = None,
    **spec: Any,
) -> ChaosReading:
    metadata: dict[str, Any] = {"name": "x", "namespace": "bookstore", "creationTimestamp": stamp(0)}
    if deleted is not None:
        metadata |= {"deletionTimestamp": stamp(deleted), "finalizers": ["chaos-mesh/records"]}
    made = {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
        "status": {
            "conditions": [{"type": "Selected", "status": "True"}],
            "experiment": {"desiredPhase": phase, "containerRecords": list(records)},
        },
    }
    return decode(json.dumps(made).encode())


APPLIED = ("Apply", "Succeeded", 1, "")
UNFLUSHED = ("Recover", "Failed", 20, "unable to flush ip sets")


def test_a_recovery_that_fails_is_stuck_after_a_minute_with_its_message() -> None:
    read = reading(record(APPLIED, UNFLUSHED, phase="Injected"), deleted=20)
    early = observe(run(), read, gone=False, pods={}, now=at(79))
    assert (early.state, early.message) == ("recovering", "unable to flush ip sets")
    late = observe(run(), read, gone=False, pods={}, now=at(81))
    assert (late.state, late.message) == ("stuck", "unable to flush ip sets")
    assert late.targets[0].message == "unable to flush ip sets"


def test_an_object_that_does_not_go_is_stuck_and_names_its_finalizer() -> None:
    read = reading(record(APPLIED, ("Recover", "Succeeded", 21, ""), phase="Not Injected"), deleted=20)
    said = observe(run(), read, gone=False, pods={}, now=at(90))
    assert said.state == "stuck"
    assert "chaos-mesh/records" in said.message


def test_time_up_without_recovery_is_stuck_too() -> None:
    read = reading(record(APPLIED, phase="Injected"), phase="Stop", duration="20s")
    assert observe(run(), read, gone=False, pods={}, now=at(79)).state == "recovering"
    assert observe(run(), read, gone=False, pods={}, now=at(81)).state == "stuck"


def test_a_replaced_pod_is_lost_by_its_uid_while_the_others_stay() -> None:
    other = RECORD_ID.replace("aaaaa", "bbbbb")
    read = reading(record(APPLIED, phase="Injected"), record(APPLIED, phase="Injected", record_id=other))
    pods = {RECORD_ID: pod("p", uid="one"), other: pod("q", uid="two")}
    before = after(run(), observe(run(), read, gone=False, pods=pods, now=at(2)))
    assert [target.uid for target in before.targets] == ["one", "two"]
    pods[RECORD_ID] = pod("p", uid="three")
    said = observe(before, read, gone=False, pods=pods, now=at(9))
    assert [target.state for target in said.targets] == ["lost", "injected"]
    assert said.state == "active"
    assert said.effect_end is None
    pods[other] = pod("q", uid="two", gone=True)
    said = observe(after(before, said), read, gone=False, pods=pods, now=at(11))
    assert said.effect_end == at(11)
    assert [target.recovered_at for target in said.targets] == [at(9), at(11)]


def test_without_knowledge_of_the_pods_nothing_is_called_lost() -> None:
    read = reading(record(APPLIED, phase="Injected"))
    assert observe(run(), read, gone=False, pods={}, now=at(2)).targets[0].state == "injected"


def test_the_other_end_of_a_network_fault_is_not_a_target() -> None:
    end = record(APPLIED, phase="Injected", record_id="bookstore/postgres-0") | {"selectorKey": ".Target"}
    said = observe(run(), reading(record(phase="Not Injected/Wait"), end), gone=False, pods={}, now=at(2))
    assert [target.id for target in said.targets] == [RECORD_ID]
    assert said.state == "injecting"
    assert said.injection is None


def test_an_object_not_taken_up_says_so() -> None:
    bare = decode(
        b'{"apiVersion":"chaos-mesh.org/v1alpha1","kind":"PodChaos","metadata":'
        b'{"name":"x","creationTimestamp":"2026-11-23T19:00:00Z"},"spec":{},"status":null}'
    )
    assert observe(run(), bare, gone=False, pods={}, now=at(5)).message == ""
    said = observe(run(), bare, gone=False, pods={}, now=at(15))
    assert (said.state, said.message) == ("requested", "the chaos controller has not taken it up")


def test_gone_unseen_counts_as_recovered_by_the_finalizers_rule() -> None:
    active = run(targets=(Target(id=RECORD_ID, state="injected", injected_at=at(1)),), state="active")
    before_the_deletion = reading(record(APPLIED, phase="Injected"))
    for last_seen in (None, before_the_deletion):
        said = observe(active, last_seen, gone=True, pods={}, now=at(30))
        assert said.targets[0].state == "recovered"
        assert said.targets[0].recovered_at == at(30)


def test_gone_while_injected_means_that_nothing_was_taken_back() -> None:
    read = reading(record(APPLIED, phase="Injected"), deleted=20)
    said = observe(run(), read, gone=True, pods={}, now=at(30))
    assert (said.state, said.how) == ("ended", "recovered 0/1 · not recovered 1")
    assert said.targets[0].state == "failed"


def test_killed_pods_are_waited_for_after_the_object_is_gone() -> None:
    pods = {
        RECORD_ID: pod("inventory-service-5bdcb4474c-aaaaa", created_at=at(-500), gone=True),
        "bookstore/new": pod("new", created_at=at(1)),
        "bookstore/order": pod("order", created_at=at(1), ready_at=at(3), app="order-service"),
        "bookstore/old": pod("old", created_at=at(-500), ready_at=at(4)),
    }
    read = reading(record(APPLIED, phase="Injected"), kind="PodChaos", action="pod-kill")
    fired = after(run(one_shot=True), observe(run(one_shot=True), read, gone=False, pods=pods, now=at(2)))
    ended = after(fired, observe(fired, None, gone=True, pods=pods, now=at(9)))
    assert (ended.state, ended.effect_end, ended.object_end) == ("ended", None, at(9))
    assert follow_on(ended)
    pods["bookstore/new"] = pod("new", created_at=at(1), ready_at=at(31))
    said = after(ended, observe(ended, None, gone=True, pods=pods, now=at(32)))
    assert (said.effect_end, said.object_end) == (at(31), at(9))
    assert not follow_on(said)


def test_a_killed_container_is_over_once_its_own_pod_is_ready_again() -> None:
    killed = record(APPLIED, phase="Injected", record_id=f"{RECORD_ID}/app")
    read = reading(killed, kind="PodChaos", action="container-kill")
    pods = {RECORD_ID: pod("p", uid="one", created_at=at(-99), ready_at=at(-90))}
    first = run(one_shot=True)
    fired = after(first, observe(first, read, gone=False, pods=pods, now=at(2)))
    assert fired.effect_end is None
    pods[RECORD_ID] = pod("p", uid="one", created_at=at(-99), ready_at=at(20))
    assert observe(fired, read, gone=False, pods=pods, now=at(21)).effect_end == at(20)


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
    ],
)
def test_other_kinds_are_applied_not_proven(api: str, kind: str) -> None:
    read = reading(api=api, kind=kind)
    said = observe(run(), read, gone=False, pods={}, now=at(2))
    assert said.state == "active"
    assert said.message.startswith("applied, not proven")
    assert said.injection is not None
    assert not said.injection.proven
    ended = observe(after(run(), said), None, gone=True, pods={}, now=at(60))
    assert (ended.state, ended.how, ended.effect_end) == ("ended", "deleted", at(60))


def test_status_of_foreign_kinds_may_have_any_shape() -> None:
    raw = b'{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"},"spec":[1],"status":"odd"}'
    assert decode(raw).kind == "Job"


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"apiVersion":"v1","kind":"Pod","metadata":{}}', b"<html>"]
)
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAnObject):
        decode(raw)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h30m", 5400), ("1.5m", 90), ("250ms", 0.25), ("0", 0), (".5s", 0.5), ("1h0m1s", 3601)],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 s", "1d", "1m30"])
def test_not_durations(text: str) -> None:
    with pytest.raises(NotADuration):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45s"), (60, "1m0s"), (3000.2, "50m1s"), (5400, "1h30m0s")]
)
def test_written_durations_round_up_and_are_read_back(seconds: float, text: str) -> None:
    assert written(seconds) == text
    assert seconds_of(text) >= seconds
