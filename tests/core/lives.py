"""Plays a recorded life of a chaos object to :func:`controlroom.core.faults.observe`, write by write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controlroom.core.events import FaultObserved, ObjectRef, PodObserved
from controlroom.core.faults import ChaosReading, decode, observe
from controlroom.core.faults.reading import ONE_SHOT
from controlroom.core.state import Run
from controlroom.core.values import changed

LIVES = Path(__file__).parent.parent / "recordings" / "lifecycles"


class Life:
    """One recorded life: `told` holds each different thing said of it, with the seconds since the create."""

    def __init__(self, name: str) -> None:
        recording = json.loads((LIVES / f"{name}.json").read_text())
        self.writes: list[Any] = recording["watch"]["response"]["stream"]
        self.pod_changes: list[Any] = recording["pods_seen"]
        first = decode(json.dumps(self.writes[0][1]["object"]).encode())
        assert first.metadata.creation_timestamp is not None
        self.created = first.metadata.creation_timestamp
        self.pods = self._pods_before()
        self.run = Run(
            id="x#1",
            experiment="x",
            ordinal=1,
            state="requested",
            requested=0.0,
            requested_at=self.created,
            one_shot=first.spec.action in ONE_SHOT,
            object=ObjectRef(
                api_version=first.api_version,
                kind=first.kind,
                namespace="bookstore",
                name=first.metadata.name,
            ),
        )
        self.told: list[tuple[float, FaultObserved]] = []
        self._reading: ChaosReading | None = None
        self._gone = False

    def _pods_before(self) -> dict[str, PodObserved]:
        """The targets, and whatever the recording changes without having added it."""
        last = self.writes[-1][1]["object"]["status"].get("experiment", {}).get("containerRecords") or []
        names = {record["id"].split("/")[1] for record in last}
        return {
            f"bookstore/{name}": pod(name, ready_at=self.created - timedelta(minutes=5)) for name in names
        }

    def at(self, seconds: float) -> datetime:
        return self.created + timedelta(seconds=seconds)

    def play(self) -> Life:
        steps = sorted([*self._pod_steps(), *self._write_steps(), *self._ticks()], key=lambda step: step[0])
        for seconds, _, change in steps:
            if isinstance(change, PodObserved):
                self.pods[f"{change.namespace}/{change.name}"] = change
            elif change is not None:
                self._reading = decode(json.dumps(change["object"]).encode())
                self._gone = change["type"] == "DELETED"
            if self._reading is not None:
                self._tell(seconds)
        return self

    def _pod_steps(self) -> Iterator[tuple[float, int, PodObserved | None]]:
        created: dict[str, datetime] = {}
        for seconds, kind, seen in self.pod_changes:
            name = seen["name"]
            if kind == "ADDED":
                created[name] = self.at(seconds)
            ready = self.at(seconds) if seen["ready"] == "True" else None
            yield (
                seconds,
                0,
                pod(name, ready_at=ready, created_at=created.get(name), gone=kind == "DELETED"),
            )

    def _write_steps(self) -> Iterator[tuple[float, int, Any]]:
        for seconds, change in self.writes:
            yield seconds, 1, change

    def _ticks(self) -> Iterator[tuple[float, int, None]]:
        for seconds in range(1, int(self.writes[-1][0]) + 5):
            yield float(seconds), 2, None

    def _tell(self, seconds: float) -> None:
        said = observe(self.run, self._reading, gone=self._gone, pods=self.pods, now=self.at(seconds))
        self.run = after(self.run, said)
        if not self.told or self.told[-1][1] != said:
            self.told.append((seconds, said))

    @property
    def states(self) -> list[str]:
        """Names of the states in order, each once for each stay."""
        found: list[str] = []
        for _, said in self.told:
            if not found or found[-1] != said.state:
                found.append(said.state)
        return found

    def last(self, state: str) -> FaultObserved:
        return [said for _, said in self.told if said.state == state][-1]


def after(run: Run, said: FaultObserved) -> Run:
    """The run as the fold leaves it."""
    return changed(
        run,
        state=said.state,
        targets=said.targets,
        message=said.message,
        ends_at=said.ends_at,
        injection=said.injection,
        effect_end=said.effect_end,
        object_end=said.object_end,
        how=said.how,
    )


def pod(
    name: str,
    *,
    ready_at: datetime | None = None,
    created_at: datetime | None = None,
    uid: str = "",
    gone: bool = False,
    app: str = "inventory-service",
) -> PodObserved:
    return PodObserved(
        namespace="bookstore",
        name=name,
        uid=uid or f"uid-{name}",
        app=app,
        phase="Running",
        ready=ready_at is not None,
        ready_at=ready_at,
        created_at=created_at,
        gone=gone,
    )
