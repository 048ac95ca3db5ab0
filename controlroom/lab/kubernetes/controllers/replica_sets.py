"""The replica set controller: keeps as many pods as a ReplicaSet asks for."""

from __future__ import annotations

from controlroom.lab.kubernetes.controllers.pod_status import is_ready
from controlroom.lab.kubernetes.controllers.recorder import Recorder
from controlroom.lab.kubernetes.defaults import with_defaults
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import (
    Document,
    controller_of,
    copied,
    is_deleting,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from controlroom.lab.kubernetes.resources import PODS, REPLICA_SETS
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers, Workqueue

COMPONENT = "replicaset-controller"


class ReplicaSetController:
    """Creates and deletes pods, and counts them into the status."""

    def __init__(self, store: Store, timers: Timers, recorder: Recorder) -> None:
        self._store = store
        self._timers = timers
        self._recorder = recorder
        self._queue: Workqueue[tuple[str, str]] = Workqueue(timers, 0.012, self._reconcile)
        store.subscribe(self._see)

    def _see(self, change: Change) -> None:
        if change.resource is REPLICA_SETS and change.type != "DELETED":
            self._queue.add((namespace_of(change.object), name_of(change.object)))
        elif change.resource is PODS:
            owner = controller_of(change.object)
            if owner is not None and owner["kind"] == "ReplicaSet":
                self._queue.add((namespace_of(change.object), str(owner["name"])))

    def _reconcile(self, key: tuple[str, str]) -> None:
        replica_set = self._store.get(REPLICA_SETS, *key)
        if replica_set is None or is_deleting(replica_set):
            return
        pods = list(owned_pods(self._store, replica_set))
        active = [pod for pod in pods if not is_deleting(pod) and pod["status"]["phase"] != "Failed"]
        missing = replica_set["spec"]["replicas"] - len(active)
        for _ in range(missing):
            active.append(self._create_pod(replica_set))
        for pod in sorted(active, key=_expendable)[: max(0, -missing)]:
            active.remove(pod)
            delete(self._store, self._timers, PODS, pod)
            message = f"Deleted pod: {name_of(pod)}"
            self._recorder.record(replica_set, COMPONENT, "SuccessfulDelete", message)
        self._report(replica_set, active, terminating=sum(1 for pod in pods if is_deleting(pod)))

    def _create_pod(self, replica_set: Document) -> Document:
        template = copied(replica_set["spec"]["template"])
        meta = {
            "name": "",
            "generateName": f"{name_of(replica_set)}-",
            "namespace": namespace_of(replica_set),
            **template.get("metadata", {}),
            "ownerReferences": [owner_reference(replica_set)],
        }
        made = {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": template["spec"]}
        pod = self._store.create(PODS, with_defaults(PODS, made))
        message = f"Created pod: {name_of(pod)}"
        self._recorder.record(replica_set, COMPONENT, "SuccessfulCreate", message)
        return pod

    def _report(self, replica_set: Document, active: list[Document], terminating: int) -> None:
        ready = sum(1 for pod in active if is_ready(pod))
        status: Document = {"replicas": len(active)}
        if active:
            status["fullyLabeledReplicas"] = len(active)
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        status["terminatingReplicas"] = terminating
        status["observedGeneration"] = replica_set["metadata"]["generation"]
        self._store.update(REPLICA_SETS, {**copied(replica_set), "status": status})


def owned_pods(store: Store, owner: Document) -> list[Document]:
    """The pods that `owner` controls."""
    uid = uid_of(owner)
    return [
        pod
        for pod in store.select(PODS, namespace_of(owner))
        if (reference := controller_of(pod)) is not None and reference["uid"] == uid
    ]


def _expendable(pod: Document) -> tuple[bool, str, str]:
    """Sorts the pods that go first when there are too many: not ready before ready, then the youngest."""
    created = pod["metadata"]["creationTimestamp"]
    return is_ready(pod), "".join(chr(0x10FFFF - ord(letter)) for letter in created), name_of(pod)
