"""Schedules: a new chaos object each time one is due."""

from __future__ import annotations

from controlroom.lab.kubernetes.controllers.chaos.effects import ONE_SHOT
from controlroom.lab.kubernetes.controllers.chaos.status import (
    INJECTED,
    NOT_INJECTED,
    desired_phase,
    is_paused,
    records_of,
)
from controlroom.lab.kubernetes.controllers.chaos.workbench import Workbench
from controlroom.lab.kubernetes.cron import BadSchedule, next_due
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import (
    Document,
    controller_of,
    copied,
    is_deleting,
    name_of,
    namespace_of,
    owner_reference,
    stamp,
    uid_of,
)
from controlroom.lab.kubernetes.quantities import BadDuration
from controlroom.lab.kubernetes.resources import CHAOS_KINDS, SCHEDULES, Resource
from controlroom.lab.kubernetes.store import Change

COMPONENT = "schedule-cron"
_PARTS = {
    "PodChaos": "podChaos",
    "NetworkChaos": "networkChaos",
    "StressChaos": "stressChaos",
    "IOChaos": "ioChaos",
    "TimeChaos": "timeChaos",
    "HTTPChaos": "httpChaos",
    "DNSChaos": "dnsChaos",
}


class ScheduleController:
    """Spawns the children of Schedules and keeps as many finished ones as historyLimit says."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        bench.store.subscribe(self._see)

    def _see(self, change: Change) -> None:
        if change.resource is SCHEDULES and change.type == "ADDED":
            self._plan(change.object)

    def _plan(self, schedule: Document) -> None:
        namespace, name, uid = namespace_of(schedule), name_of(schedule), uid_of(schedule)
        try:
            due = next_due(schedule["spec"]["schedule"], self._bench.timers.now)
        except (BadSchedule, BadDuration) as error:
            self._bench.tell_failure(schedule, "parse schedule", str(error))
            return

        def run() -> None:
            held = self._bench.store.get(SCHEDULES, namespace, name)
            if held is not None and uid_of(held) == uid and not is_deleting(held):
                self._due(held)
                self._plan(held)

        self._bench.timers.at(due, run)

    def _due(self, schedule: Document) -> None:
        resource = next((each for each in CHAOS_KINDS if each.kind == schedule["spec"]["type"]), None)
        if resource is None or is_paused(schedule) or self._bench.trouble().controller_gone:
            return
        children = self._children(resource, schedule)
        running = [each for each in children if not _is_finished(each)]
        if running and schedule["spec"].get("concurrencyPolicy", "Forbid") == "Forbid":
            message = "Forbid spawning new job because another one is still running"
            self._bench.tell(schedule, COMPONENT, "ScheduleForbid", message, type="schedule-forbid")
            return
        child = self._spawn(resource, schedule)
        message = f"Create new object: {name_of(child)}"
        self._bench.tell(schedule, COMPONENT, "Spawned", message, name=name_of(child), type="schedule-spawn")
        self._report(resource, schedule, [*running, child])
        self._forget_old(resource, schedule, [each for each in children if _is_finished(each)])

    def _children(self, resource: Resource, schedule: Document) -> list[Document]:
        uid = uid_of(schedule)
        return [
            each
            for each in self._bench.store.select(resource, namespace_of(schedule))
            if (owner := controller_of(each)) is not None and owner["uid"] == uid
        ]

    def _spawn(self, resource: Resource, schedule: Document) -> Document:
        spec = copied(schedule["spec"])[_PARTS[resource.kind]]
        meta = {
            "name": f"{name_of(schedule)}-{self._bench.namer.suffix()}",
            "namespace": namespace_of(schedule),
            "labels": {"managed-by": name_of(schedule)},
            "ownerReferences": [owner_reference(schedule)],
        }
        child = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, "spec": spec}
        return self._bench.store.create(resource, child)

    def _report(self, resource: Resource, schedule: Document, active: list[Document]) -> None:
        made = copied(schedule)
        made["status"] = {
            "active": [
                {
                    "apiVersion": resource.api_version,
                    "kind": resource.kind,
                    "name": name_of(each),
                    "namespace": namespace_of(each),
                    "uid": uid_of(each),
                }
                for each in active
            ],
            "time": stamp(self._bench.timers.now),
        }
        self._bench.write(SCHEDULES, made)

    def _forget_old(self, resource: Resource, schedule: Document, finished: list[Document]) -> None:
        kept = schedule["spec"].get("historyLimit", 1)
        by_age = sorted(finished, key=lambda each: str(each["metadata"]["creationTimestamp"]))
        for each in by_age[: max(0, len(by_age) - kept)]:
            delete(self._bench.store, self._bench.timers, resource, each)


def _is_finished(chaos: Document) -> bool:
    """Whether a child needs no more: recovered, or a one-shot that has fired."""
    phases = [record["phase"] for record in records_of(chaos)]
    if chaos["spec"].get("action") in ONE_SHOT:
        return bool(phases) and all(phase == INJECTED for phase in phases)
    return desired_phase(chaos) == "Stop" and all(phase == NOT_INJECTED for phase in phases)
