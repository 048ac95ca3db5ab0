"""Schedules and Workflows by what they made, in the shapes of Chaos Mesh's own types."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlroom.conductor.parts import Parts
from controlroom.core.events import FaultObserved, ObjectRef
from controlroom.core.state import Run
from controlroom.core.values import changed
from controlroom.sources.chaos_mesh import Making, making_of

BEGIN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PART = ("storm#1", 0)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def maker(kind: str, status: dict[str, Any], *, deleting: bool = False) -> bytes:
    meta = {"name": "storm-1", "namespace": "shop", "uid": "u", "creationTimestamp": stamp(0)}
    if deleting:
        meta["deletionTimestamp"] = stamp(50)
    found = {"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind, "metadata": meta, "spec": {}}
    return json.dumps({**found, "status": status}).encode()


def child(
    *pods: str,
    born: float,
    injected: float | None = None,
    recovered: float | None = None,
    kind: str = "NetworkChaos",
    action: str = "delay",
    failed: str = "",
) -> bytes:
    records = []
    for pod in pods:
        events = []
        if injected is not None:
            events.append({"operation": "Apply", "type": "Succeeded", "timestamp": stamp(injected)})
        if recovered is not None:
            events.append({"operation": "Recover", "type": "Succeeded", "timestamp": stamp(recovered)})
        if failed:
            events.append(
                {"operation": "Apply", "type": "Failed", "timestamp": stamp(born + 1), "message": failed}
            )
        acting = injected is not None and recovered is None
        records.append(
            {
                "id": f"shop/{pod}",
                "selectorKey": ".",
                "phase": "Injected" if acting else "Not Injected",
                "injectedCount": int(injected is not None),
                "recoveredCount": int(recovered is not None),
                "events": events,
            }
        )
    over = recovered is not None
    status = {
        "conditions": [
            {"type": "Selected", "status": "True"},
            {"type": "AllInjected", "status": str(injected is not None and not over)},
        ],
        "experiment": {"desiredPhase": "Stop" if over else "Run", "containerRecords": records},
    }
    meta = {"name": f"storm-1-{born:g}", "namespace": "shop", "uid": "c", "creationTimestamp": stamp(born)}
    found = {"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind, "metadata": meta}
    return json.dumps({**found, "spec": {"action": action, "duration": "30s"}, "status": status}).encode()


class Storm:
    """One run of a maker, and what is told of it."""

    def __init__(self, kind: str) -> None:
        target = ObjectRef(
            api_version="chaos-mesh.org/v1alpha1", kind=kind, namespace="shop", name="storm-1", uid="u"
        )
        self.parts = Parts()
        self.run = Run(
            id="storm#1",
            experiment="storm",
            ordinal=1,
            state="requested",
            requested=0.0,
            requested_at=BEGIN,
            object=target,
            created_at=BEGIN,
        )

    def look(self, now: float) -> FaultObserved:
        found = self.parts.amount(self.run, {}, at(now))
        assert found is not None
        self.run = changed(
            self.run,
            state=found.state,
            targets=found.targets,
            injection=found.injection,
            effect_end=found.effect_end,
            object_end=found.object_end,
        )
        return found


@pytest.fixture
def schedule() -> Storm:
    return Storm("Schedule")


def test_before_it_makes_anything_nothing_is_injected(schedule: Storm) -> None:
    schedule.parts.read(PART, maker("Schedule", {}))
    found = schedule.look(5)
    assert (found.state, found.injection, found.targets) == ("active", None, ())
    assert "has made nothing yet" in found.message


def test_the_state_is_that_of_what_runs_now(schedule: Storm) -> None:
    schedule.parts.read(PART, maker("Schedule", {"time": stamp(60), "active": [{"name": "x"}]}))
    schedule.parts.child(PART, "one", child("a", "b", born=60), gone=False)
    assert schedule.look(61).state == "injecting"
    schedule.parts.child(PART, "one", child("a", "b", born=60, injected=62), gone=False)
    found = schedule.look(63)
    assert (found.state, len(found.targets), found.message) == ("active", 2, "1 made, 1 acting now")
    assert found.injection is not None and found.injection.first == at(62) and found.injection.proven
    schedule.parts.child(PART, "one", child("a", "b", born=60, injected=62, recovered=92), gone=False)
    found = schedule.look(95)
    assert (found.state, found.message) == ("active", "between two faults; 1 made, 0 acting now")
    assert found.effect_end is None
    schedule.parts.child(PART, "two", child("c", born=120, failed="no daemon"), gone=False)
    found = schedule.look(122)
    assert (found.state, [own.id for own in found.targets]) == ("inject-failing", ["shop/c"])
    assert found.message == "two: no daemon"


def test_one_that_is_deleted_ends_with_the_last_of_what_it_made(schedule: Storm) -> None:
    schedule.parts.read(PART, maker("Schedule", {"time": stamp(60)}))
    schedule.parts.child(PART, "one", child("a", born=60, injected=62), gone=False)
    schedule.look(63)
    schedule.parts.gone(PART, seen=False)
    found = schedule.look(64)
    assert found.state == "recovering", "its object is gone, and the fault acts on"
    assert found.object_end is None
    schedule.parts.child(PART, "one", child("a", born=60, injected=62, recovered=66), gone=False)
    assert schedule.look(67).state == "recovering"
    schedule.parts.child(PART, "one", b"", gone=True)
    found = schedule.look(68)
    assert (found.state, found.how) == ("ended", "1 made, recovered 1/1")
    assert found.effect_end == at(66) and found.object_end is not None


def test_pods_that_a_schedule_kills_count_as_fired(schedule: Storm) -> None:
    schedule.parts.read(PART, maker("Schedule", {"time": stamp(60)}))
    shot = child("a", born=60, injected=61, kind="PodChaos", action="pod-kill")
    schedule.parts.child(PART, "one", shot, gone=False)
    assert schedule.look(62).state == "fired"
    schedule.parts.child(PART, "one", b"", gone=True)
    schedule.parts.gone(PART, seen=False)
    found = schedule.look(70)
    assert (found.state, found.how) == ("ended", "1 made, fired 1/1")


def test_a_workflow_goes_from_one_fault_to_the_next_and_is_over() -> None:
    flow = Storm("Workflow")
    flow.parts.read(PART, maker("Workflow", {}))
    assert flow.look(1).injection is None
    flow.parts.read(PART, maker("Workflow", {"entryNode": "entry-x", "startTime": stamp(1)}))
    flow.parts.child(PART, "kill", child("a", born=2, injected=3, recovered=33), gone=False)
    flow.parts.child(PART, "slow", child("b", born=35, injected=36), gone=False)
    found = flow.look(40)
    assert (found.state, [own.id for own in found.targets]) == ("active", ["shop/b"])
    assert found.injection is not None and (found.injection.first, found.injection.n) == (at(3), 2)
    flow.parts.child(PART, "slow", child("b", born=35, injected=36, recovered=66), gone=False)
    done = {"entryNode": "entry-x", "conditions": [{"type": "Accomplished", "status": "True"}]}
    flow.parts.read(PART, maker("Workflow", done))
    found = flow.look(70)
    assert found.state == "recovering" and found.message.startswith("over: ")
    assert found.effect_end == at(66)


@pytest.mark.parametrize(
    ("spec", "kind", "expected"),
    [
        ({"type": "IOChaos"}, "Schedule", Making(kinds=("IOChaos",), selector="managed-by=storm-1")),
        (
            {
                "entry": "all",
                "templates": [
                    {"name": "all", "templateType": "Serial", "children": ["a", "b", "c"]},
                    {"name": "a", "templateType": "StressChaos"},
                    {"name": "b", "templateType": "Schedule"},
                    {"name": "c", "templateType": "Suspend"},
                    {"name": "d", "templateType": "StressChaos"},
                ],
            },
            "Workflow",
            Making(kinds=("StressChaos", "Schedule"), selector="chaos-mesh.org/workflow=storm-1"),
        ),
        ({"action": "delay"}, "NetworkChaos", Making(kinds=(), selector="chaos-mesh.org/workflow=storm-1")),
        ({"templates": "many"}, "Workflow", Making(kinds=(), selector="")),
    ],
)
def test_what_is_made_is_found_by_chaos_meshs_own_labels(
    spec: dict[str, Any], kind: str, expected: Making
) -> None:
    body = json.dumps({"kind": kind, "spec": spec}).encode()
    found = making_of(body, "storm-1")
    assert found.kinds == expected.kinds
    if expected.kinds:
        assert found == expected
