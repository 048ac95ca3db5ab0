"""The deployment controller: replica sets per pod template, rolling updates, scaling."""

from __future__ import annotations

import math

from controlroom.lab.kubernetes.controllers.recorder import Recorder
from controlroom.lab.kubernetes.documents import (
    Document,
    annotations_of,
    controller_of,
    copied,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    stamp,
    uid_of,
)
from controlroom.lab.kubernetes.names import template_hash
from controlroom.lab.kubernetes.resources import DEPLOYMENTS, REPLICA_SETS
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers, Workqueue

COMPONENT = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"


class DeploymentController:
    """Follows k8s.io/kubernetes/pkg/controller/deployment: its arithmetic of surge and unavailability."""

    def __init__(self, store: Store, timers: Timers, recorder: Recorder) -> None:
        self._store = store
        self._timers = timers
        self._recorder = recorder
        self._queue: Workqueue[tuple[str, str]] = Workqueue(timers, 0.011, self._reconcile)
        store.subscribe(self._see)

    def _see(self, change: Change) -> None:
        if change.resource is DEPLOYMENTS and change.type != "DELETED":
            self._queue.add((namespace_of(change.object), name_of(change.object)))
        elif change.resource is REPLICA_SETS:
            owner = controller_of(change.object)
            if owner is not None:
                self._queue.add((namespace_of(change.object), str(owner["name"])))

    def _reconcile(self, key: tuple[str, str]) -> None:
        deployment = self._store.get(DEPLOYMENTS, *key)
        if deployment is None or is_deleting(deployment):
            return
        sets = self._owned_sets(deployment)
        new = next((each for each in sets if _same_template(each, deployment)), None)
        if deployment["spec"].get("paused") and new is None:
            self._report(deployment, sets, None)
            return
        if new is None:
            new = self._create_set(deployment, sets)
            sets.append(new)
        new = self._adopt(deployment, new, sets)
        old = [each for each in sets if uid_of(each) != uid_of(new)]
        if not self._scale_new(deployment, new, old):
            self._scale_old(deployment, new, old)
        current = self._store.get(DEPLOYMENTS, *key)
        assert current is not None
        self._report(current, self._owned_sets(current), new)

    def _owned_sets(self, deployment: Document) -> list[Document]:
        uid = uid_of(deployment)
        return [
            each
            for each in self._store.select(REPLICA_SETS, namespace_of(deployment))
            if (owner := controller_of(each)) is not None and owner["uid"] == uid
        ]

    def _create_set(self, deployment: Document, sets: list[Document]) -> Document:
        template = copied(deployment["spec"]["template"])
        digest = template_hash(template)
        labels = {**labels_of(template), "pod-template-hash": digest}
        template.setdefault("metadata", {})["labels"] = dict(sorted(labels.items()))
        selector = {**deployment["spec"]["selector"].get("matchLabels", {}), "pod-template-hash": digest}
        made = {
            "kind": "ReplicaSet",
            "apiVersion": "apps/v1",
            "metadata": {
                "name": f"{name_of(deployment)}-{digest}",
                "namespace": namespace_of(deployment),
                "labels": template["metadata"]["labels"],
                "annotations": self._set_annotations(deployment, _highest_revision(sets) + 1),
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {"replicas": 0, "selector": {"matchLabels": selector}, "template": template},
            "status": {"replicas": 0},
        }
        return self._store.create(REPLICA_SETS, made)

    def _set_annotations(self, deployment: Document, revision: int) -> dict[str, str]:
        replicas = deployment["spec"]["replicas"]
        return {
            "deployment.kubernetes.io/desired-replicas": str(replicas),
            "deployment.kubernetes.io/max-replicas": str(replicas + _surge(deployment)),
            REVISION: str(revision),
        }

    def _adopt(self, deployment: Document, new: Document, sets: list[Document]) -> Document:
        """Gives the set of the present template the newest revision, and the deployment the same."""
        others = [each for each in sets if uid_of(each) != uid_of(new)]
        revision = max(int(annotations_of(new)[REVISION]), _highest_revision(others) + 1 if others else 1)
        made = copied(new)
        made["metadata"]["annotations"] |= self._set_annotations(deployment, revision)
        new = self._store.update(REPLICA_SETS, made)
        if annotations_of(deployment).get(REVISION) != str(revision):
            marked = copied(deployment)
            marked["metadata"].setdefault("annotations", {})[REVISION] = str(revision)
            self._store.update(DEPLOYMENTS, marked)
        return new

    def _scale_new(self, deployment: Document, new: Document, old: list[Document]) -> bool:
        """Grows (or, after a scale-down, shrinks) the new set; says whether it did."""
        wanted, present = deployment["spec"]["replicas"], new["spec"]["replicas"]
        if present > wanted:
            return self._scale(deployment, new, wanted)
        room = wanted + _surge(deployment) - present - sum(each["spec"]["replicas"] for each in old)
        return self._scale(deployment, new, min(wanted, present + max(0, room)))

    def _scale_old(self, deployment: Document, new: Document, old: list[Document]) -> None:
        """Shrinks the old sets as far as enough pods stay available."""
        total = sum(each["spec"]["replicas"] for each in [new, *old])
        minimum = deployment["spec"]["replicas"] - _unavailable(deployment)
        unavailable_new = new["spec"]["replicas"] - new["status"].get("availableReplicas", 0)
        may_go = total - minimum - unavailable_new
        for each in old:
            if may_go <= 0:
                return
            unhealthy = each["spec"]["replicas"] - each["status"].get("availableReplicas", 0)
            available = sum(one["status"].get("availableReplicas", 0) for one in [new, *old])
            goes = min(each["spec"]["replicas"], may_go, max(unhealthy, 0) + max(available - minimum, 0))
            if goes > 0:
                self._scale(deployment, each, each["spec"]["replicas"] - goes)
                may_go -= goes

    def _scale(self, deployment: Document, replica_set: Document, replicas: int) -> bool:
        before = replica_set["spec"]["replicas"]
        if before == replicas:
            return False
        made = copied(replica_set)
        made["spec"]["replicas"] = replicas
        self._store.update(REPLICA_SETS, made)
        direction = "up" if replicas > before else "down"
        message = f"Scaled {direction} replica set {name_of(replica_set)} from {before} to {replicas}"
        self._recorder.record(deployment, COMPONENT, "ScalingReplicaSet", message)
        return True

    def _report(self, deployment: Document, sets: list[Document], new: Document | None) -> None:
        def total(field: str) -> int:
            return sum(each["status"].get(field, 0) for each in sets)

        wanted = deployment["spec"]["replicas"]
        updated = next((each for each in sets if new is not None and uid_of(each) == uid_of(new)), None)
        counts = {
            "replicas": total("replicas"),
            "updatedReplicas": updated["status"].get("replicas", 0) if updated else 0,
            "readyReplicas": total("readyReplicas"),
            "availableReplicas": total("availableReplicas"),
            "unavailableReplicas": max(0, wanted - total("availableReplicas")),
        }
        status: Document = {"observedGeneration": deployment["metadata"]["generation"]}
        status |= {field: count for field, count in counts.items() if count}
        status["terminatingReplicas"] = total("terminatingReplicas")
        status["conditions"] = self._conditions(deployment, counts, updated)
        self._store.update(DEPLOYMENTS, {**copied(deployment), "status": status})

    def _conditions(
        self, deployment: Document, counts: dict[str, int], new: Document | None
    ) -> list[Document]:
        wanted = deployment["spec"]["replicas"]
        enough = counts["availableReplicas"] >= wanted - _unavailable(deployment)
        complete = counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted
        set_name = name_of(new) if new is not None else ""
        return [
            self._condition(
                deployment,
                "Available",
                "True" if enough else "False",
                "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
                f"Deployment {'has' if enough else 'does not have'} minimum availability.",
            ),
            self._condition(
                deployment,
                "Progressing",
                "True",
                "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated",
                f'ReplicaSet "{set_name}" {"has successfully progressed" if complete else "is progressing"}.',
            ),
        ]

    def _condition(self, deployment: Document, kind: str, status: str, reason: str, message: str) -> Document:
        held = {each["type"]: each for each in deployment.get("status", {}).get("conditions") or ()}
        before = held.get(kind)
        now = stamp(self._timers.now)
        if before is not None and (before["status"], before["reason"]) == (status, reason):
            return {**before, "message": message}
        moved = now if before is None or before["status"] != status else before["lastTransitionTime"]
        return {
            "type": kind,
            "status": status,
            "lastUpdateTime": now,
            "lastTransitionTime": moved,
            "reason": reason,
            "message": message,
        }


def _surge(deployment: Document) -> int:
    """maxSurge as a number of pods; a percentage is rounded up."""
    return math.ceil(_share(deployment, "maxSurge"))


def _unavailable(deployment: Document) -> int:
    """maxUnavailable as a number of pods; a percentage is rounded down, and 1 where both would be 0."""
    count = math.floor(_share(deployment, "maxUnavailable"))
    return 1 if count == 0 and _surge(deployment) == 0 else count


def _share(deployment: Document, field: str) -> float:
    """A count, or a percentage of the replicas, of spec.strategy.rollingUpdate; 25 % if not given."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    value = rolling.get(field, "25%")
    if isinstance(value, str) and value.endswith("%"):
        return float(deployment["spec"]["replicas"] * int(value[:-1]) / 100)
    return float(value)


def _highest_revision(sets: list[Document]) -> int:
    return max((int(annotations_of(each).get(REVISION, "0")) for each in sets), default=0)


def _same_template(replica_set: Document, deployment: Document) -> bool:
    template = copied(replica_set["spec"]["template"])
    template["metadata"]["labels"].pop("pod-template-hash", None)
    return _normal(template) == _normal(deployment["spec"]["template"])


def _normal(template: Document) -> Document:
    """The template without what clients add that means nothing: null times, empty maps."""
    meta = {key: value for key, value in template.get("metadata", {}).items() if value}
    return {**template, "metadata": meta}
