"""Every recorded life of a chaos object, lived again: the same writes and the same Events in the same order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.lab.kubernetes import Cluster, Trouble, build_bookstore
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import Document, copied
from controlroom.lab.kubernetes.resources import CHAOS_KINDS, EVENTS, PODS, Resource, by_kind
from controlroom.lab.kubernetes.store import Change

RECORDINGS = Path(__file__).parents[2] / "recordings" / "lifecycles"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
PAUSE = "experiment.chaos-mesh.org/pause"


def load(name: str) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


class Life:
    """Lives a recording's requests again at their times and keeps what a watch would see."""

    def __init__(self, recording: dict[str, Any]) -> None:
        # The recordings begin at some fraction of a second; the end of a duration depends on it.
        first = recording["watch"]["response"]["stream"][0]
        self.cluster = Cluster(HeldClock(1_700_000_000.3), seed=3, startup_seconds=lambda app, pod: 2.5)
        build_bookstore(self.cluster)
        self.start = self.cluster.now
        kind = by_kind(first[1]["object"]["apiVersion"], first[1]["object"]["kind"])
        assert kind is not None
        self.kind: Resource = kind
        self.writes: list[Change] = []
        self.events: list[Document] = []
        self.cluster.store.subscribe(self.see)

    def see(self, change: Change) -> None:
        if change.resource in CHAOS_KINDS:
            self.writes.append(change)
        elif change.resource is EVENTS and change.object["involvedObject"]["kind"] == self.kind.kind:
            self.events.append(change.object)

    def live(self, recording: dict[str, Any]) -> None:
        for step in recording["steps"]:
            self.cluster.step(self.start + step["at"])
            self.act(step)
        self.cluster.step(self.start + recording["steps"][-1]["at"] + 5)

    def act(self, step: dict[str, Any]) -> None:
        request = step.get("request")
        if request is None:
            assert step["what"] == "chaos-fail ends"
            self.cluster.trouble = replace(self.cluster.trouble, apply_fails=False)
            return
        plural, name = request["path"].split("/")[-2:]
        match request["method"]:
            case "POST":
                made = copied(request["body"])
                if made["kind"] == "NetworkChaos":
                    made["spec"].setdefault("direction", "to")
                self.cluster.create(made)
            case "PATCH":
                self.patch(name, request["body"]["metadata"]["annotations"][PAUSE])
            case "DELETE" if plural == "pods":
                target = self.records()[0]["id"].split("/")[1]
                pod = self.cluster.store.get(PODS, "bookstore", target)
                assert pod is not None
                delete(self.cluster.store, self.cluster.timers, PODS, pod)
            case "DELETE":
                delete(self.cluster.store, self.cluster.timers, self.kind, self.object(name))

    def patch(self, name: str, pause: str | None) -> None:
        made = copied(self.object(name))
        if pause:
            made["metadata"]["annotations"] = {PAUSE: pause}
        else:
            del made["metadata"]["annotations"]
        self.cluster.store.update(self.kind, made)

    def object(self, name: str) -> Document:
        held = self.cluster.store.get(self.kind, "bookstore", name)
        assert held is not None
        return held

    def records(self) -> list[Document]:
        return self.writes[-1].object["status"]["experiment"]["containerRecords"]


def told(type_: str, chaos: Document) -> tuple[object, ...]:
    """What a write says, without names, times and the random order of conditions."""
    status = chaos.get("status") or {}
    experiment = status.get("experiment") or {}
    records = [
        (
            record["selectorKey"],
            record["id"].count("/"),
            record["phase"],
            record["injectedCount"],
            record["recoveredCount"],
            tuple((each["operation"], each["type"]) for each in record.get("events", ())),
        )
        for record in experiment.get("containerRecords") or ()
    ]
    meta = chaos["metadata"]
    return (
        type_,
        meta["generation"],
        tuple(meta.get("finalizers") or ()),
        "deletionTimestamp" in meta,
        meta.get("deletionGracePeriodSeconds"),
        meta.get("annotations"),
        sorted(status),
        experiment.get("desiredPhase"),
        {each["type"]: each["status"] for each in status.get("conditions") or ()},
        records,
        sorted(map(str, (status.get("instances") or {}).values()))
        if chaos["kind"] == "NetworkChaos"
        else None,
    )


def said(event: Document) -> tuple[object, ...]:
    notes = event["metadata"].get("annotations", {})
    return (
        event["reason"],
        event["type"],
        event["message"].split(" for ")[0].split(": ")[0],
        event["source"]["component"],
        sorted(notes),
        notes.get("chaos-mesh.org/type"),
    )


@pytest.fixture(params=NAMES)
def recording(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"name": request.param, **load(request.param)}


def lived(recording: dict[str, Any]) -> Life:
    life = Life(recording)
    if recording["name"].startswith("apply-fails"):
        life.cluster.trouble = Trouble(apply_fails=True)
    life.live(recording)
    return life


def test_the_writes_come_as_recorded(recording: dict[str, Any]) -> None:
    expected = [told(each["type"], each["object"]) for _, each in recording["watch"]["response"]["stream"]]
    life = lived(recording)
    assert [told(change.type, change.object) for change in life.writes] == expected


def test_the_events_come_as_recorded(recording: dict[str, Any]) -> None:
    expected = [said(each["object"]) for _, each in recording["events"]["response"]["stream"]]
    assert [said(event) for event in lived(recording).events] == expected


def test_the_times_are_near_the_recorded_ones(recording: dict[str, Any]) -> None:
    stream = recording["watch"]["response"]["stream"]
    moments: list[float] = []
    life = Life(recording)
    if recording["name"].startswith("apply-fails"):
        life.cluster.trouble = Trouble(apply_fails=True)

    def note(change: Change) -> None:
        if change.resource in CHAOS_KINDS:
            moments.append(life.cluster.now - life.start)

    life.cluster.store.subscribe(note)
    life.live(recording)
    fraction = 1 - 0.3
    for (recorded, _), lab in zip(stream, moments, strict=True):
        # The end of a duration falls anywhere within a second, by the fraction at which the object was made.
        assert lab == pytest.approx(recorded, abs=0.3 + fraction)
