"""What a DELETE does to an object, whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.documents import Document, copied, is_deleting, metadata
from controlroom.lab.kubernetes.resources import PODS, Resource
from controlroom.lab.kubernetes.store import Store
from controlroom.lab.kubernetes.timers import Timers

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Deletion:
    """How a DELETE left the object."""

    object: Document
    gone: bool
    """Whether it is removed; else a finalizer or a pod's grace period holds it."""


def delete(
    store: Store,
    timers: Timers,
    resource: Resource,
    document: Document,
    *,
    grace: int | None = None,
    policy: str = "Background",
) -> Deletion:
    """Deletes an object as the API server does.

    `grace` is in seconds; None takes a pod's own terminationGracePeriodSeconds. `policy` is a
    propagationPolicy: Foreground and Orphan add their finalizer.
    """
    if resource is PODS:
        return _delete_pod(store, timers, document, grace)
    finalizers = list(metadata(document).get("finalizers") or ())
    extra = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(policy)
    if extra and extra not in finalizers:
        finalizers.append(extra)
    if not finalizers:
        return Deletion(store.remove(resource, document), gone=True)
    if is_deleting(document) and finalizers == metadata(document).get("finalizers"):
        return Deletion(document, gone=False)
    marked = copied(document)
    marked["metadata"]["finalizers"] = finalizers
    return Deletion(store.begin_deletion(resource, marked, timers.now, 0), gone=False)


def _delete_pod(store: Store, timers: Timers, pod: Document, grace: int | None) -> Deletion:
    seconds = pod["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace
    unscheduled = not pod["spec"].get("nodeName")
    if seconds == 0 or unscheduled:
        marked = store.begin_deletion(PODS, pod, timers.now, 0)
        if metadata(marked).get("finalizers"):
            return Deletion(marked, gone=False)
        return Deletion(store.remove(PODS, marked), gone=True)
    shorter = seconds < metadata(pod).get("deletionGracePeriodSeconds", seconds + 1)
    if is_deleting(pod) and not shorter:
        return Deletion(pod, gone=False)
    return Deletion(store.begin_deletion(PODS, pod, timers.now + seconds, seconds), gone=False)
