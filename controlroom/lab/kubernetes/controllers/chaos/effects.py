"""What a fault does to its target: the part of the chaos daemon, and the list of what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from controlroom.lab.kubernetes.controllers.kubelet import PAUSE_IMAGE, Kubelet
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from controlroom.lab.kubernetes.quantities import go_duration, memory_size
from controlroom.lab.kubernetes.resources import PODS
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers
from controlroom.lab.kubernetes.views import ActiveFault, FaultChange

ONE_SHOT = ("pod-kill", "container-kill")


class ApplyFailed(Exception):
    """The daemon could not do it; the message goes into the record and the Event."""


@dataclass(frozen=True, slots=True)
class _Key:
    chaos_uid: str
    record: str


class Effects:
    """Applies and recovers faults on pods, and reports each physical change."""

    def __init__(self, store: Store, timers: Timers, kubelet: Kubelet) -> None:
        self._store = store
        self._timers = timers
        self._kubelet = kubelet
        self._active: dict[_Key, ActiveFault] = {}
        self.listeners: list[Callable[[FaultChange], None]] = []
        store.subscribe(self._see)

    def active(self) -> tuple[ActiveFault, ...]:
        """Every fault in force, in the order of their start."""
        return tuple(self._active.values())

    def pod_of(self, record_id: str) -> Document | None:
        """The pod of a record's id, if there is one of that name."""
        namespace, name = record_id.split("/")[:2]
        return self._store.get(PODS, namespace, name)

    def apply(self, chaos: Document, record_id: str, selector_key: str) -> None:
        """Does the fault to the record's target; raises :class:`ApplyFailed`."""
        pod = self.pod_of(record_id)
        if pod is None:
            raise ApplyFailed(f'pods "{record_id.split("/")[1]}" not found')
        fault = describe(chaos, record_id, selector_key, pod, self._timers.now)
        if fault.action not in ONE_SHOT:
            self._active[_Key(uid_of(chaos), record_id)] = fault
        self._announce(fault, "applied")
        match chaos["kind"], fault.action:
            case "PodChaos", "pod-kill":
                # The real controller deletes with the spec's grace period, 0 where it gives none.
                delete(self._store, self._timers, PODS, pod, grace=int(chaos["spec"].get("gracePeriod", 0)))
            case "PodChaos", "container-kill":
                self._kubelet.restart(pod, record_id.split("/")[2], exit_code=137)
            case "PodChaos", "pod-failure":
                self._fail_pod(pod)

    def recover(self, chaos: Document, record_id: str) -> None:
        """Takes the fault back; a target that is gone needs nothing."""
        fault = self._active.pop(_Key(uid_of(chaos), record_id), None)
        pod = self.pod_of(record_id)
        if fault is None or pod is None or uid_of(pod) != fault.pod_uid:
            return
        if fault.action == "pod-failure":
            self._mend_pod(pod)
        self._announce(fault, "recovered")

    def _fail_pod(self, pod: Document) -> None:
        made = copied(pod)
        notes = made["metadata"].setdefault("annotations", {})
        for container in made["spec"]["containers"]:
            notes[f"{container['name']}-normal"] = container["image"]
            container["image"] = PAUSE_IMAGE
        stored = self._store.update(PODS, made)
        for container in stored["spec"]["containers"]:
            self._kubelet.restart(stored, container["name"], exit_code=137, image=PAUSE_IMAGE)

    def _mend_pod(self, pod: Document) -> None:
        made = copied(pod)
        notes = made["metadata"].get("annotations", {})
        for container in made["spec"]["containers"]:
            container["image"] = notes.pop(f"{container['name']}-normal", container["image"])
        if not notes:
            made["metadata"].pop("annotations", None)
        stored = self._store.update(PODS, made)
        for container in stored["spec"]["containers"]:
            self._kubelet.restart(stored, container["name"], exit_code=0, image=container["image"])

    def _see(self, change: Change) -> None:
        """A pod that goes takes its faults with it."""
        if change.resource is not PODS or change.type != "DELETED":
            return
        uid = uid_of(change.object)
        for key in [key for key, fault in self._active.items() if fault.pod_uid == uid]:
            self._announce(self._active.pop(key), "lost")

    def _announce(self, fault: ActiveFault, change: Literal["applied", "recovered", "lost"]) -> None:
        news = FaultChange(
            t=self._timers.now,
            kind=fault.kind,
            namespace=fault.namespace,
            name=fault.name,
            action=fault.action,
            target=fault.target,
            pod=fault.pod,
            pod_uid=fault.pod_uid,
            change=change,
        )
        for listener in self.listeners:
            listener(news)


def describe(chaos: Document, record_id: str, selector_key: str, pod: Document, since: float) -> ActiveFault:
    """The fault that a chaos object's spec means for one pod of its source (`.`) or target (`.Target`)."""
    spec = chaos["spec"]
    delay, loss = spec.get("delay") or {}, spec.get("loss") or {}
    stressors = spec.get("stressors") or {}
    memory, cpu = stressors.get("memory") or {}, stressors.get("cpu") or {}
    size_bytes, size_share = memory_size(memory.get("size", "")) if memory.get("size") else (0.0, 0.0)
    other_side = spec if selector_key == ".Target" else spec.get("target") or {}
    other_selector = other_side.get("selector") or {}
    return ActiveFault(
        kind=chaos["kind"],
        namespace=namespace_of(chaos),
        name=name_of(chaos),
        action=spec.get("action") or "+".join(sorted(stressors, reverse=True)) or chaos["kind"],
        target=record_id,
        pod=name_of(pod),
        pod_uid=uid_of(pod),
        app=labels_of(pod).get("app", ""),
        since=since,
        latency=go_duration(delay.get("latency", "0")),
        jitter=go_duration(delay.get("jitter", "0")),
        loss=float(loss.get("loss", 0)) / 100,
        direction=spec.get("direction", "to"),
        target_app=(other_selector.get("labelSelectors") or {}).get("app", ""),
        memory_bytes=size_bytes,
        memory_share=size_share,
        memory_workers=int(memory.get("workers", 0)),
        cpu_workers=int(cpu.get("workers", 0)),
        cpu_load=float(cpu.get("load", 0)) / 100,
    )


def target_ids(chaos: Document, pods: list[Document]) -> Iterator[str]:
    """The record ids of the pods: with a container where the kind acts on containers."""
    spec = chaos["spec"]
    by_container = chaos["kind"] in ("StressChaos", "IOChaos", "TimeChaos") or (
        spec.get("action") == "container-kill"
    )
    for pod in pods:
        key = f"{namespace_of(pod)}/{name_of(pod)}"
        if not by_container:
            yield key
            continue
        names = [each["name"] for each in pod["spec"]["containers"]]
        for name in spec.get("containerNames") or names[:1]:
            yield f"{key}/{name}"
