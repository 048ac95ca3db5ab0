"""The garbage collector: what belongs to a deleted object goes with it."""

from __future__ import annotations

from controlroom.lab.kubernetes.deletion import FOREGROUND, ORPHAN, delete
from controlroom.lab.kubernetes.documents import Document, copied, is_deleting, metadata, uid_of
from controlroom.lab.kubernetes.resources import CHAOS_KINDS, PODS, REPLICA_SETS, Resource
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers

#: The resources that have owners here.
DEPENDENTS = (REPLICA_SETS, PODS, *CHAOS_KINDS)
DELAY = 0.02


class GarbageCollector:
    """Deletes dependents in the background, in the foreground before their owner, or lets go of them."""

    def __init__(self, store: Store, timers: Timers) -> None:
        self._store = store
        self._timers = timers
        self._orphaned: set[str] = set()
        store.subscribe(self._see)

    def _see(self, change: Change) -> None:
        uid = uid_of(change.object)
        finalizers = metadata(change.object).get("finalizers") or ()
        if change.type == "DELETED":
            if uid in self._orphaned:
                self._orphaned.discard(uid)
            else:
                self._timers.after(DELAY, lambda: self._collect(uid))
        elif is_deleting(change.object) and (FOREGROUND in finalizers or ORPHAN in finalizers):
            self._timers.after(DELAY, lambda: self._release(change.resource, change.object))

    def _dependents(self, uid: str) -> list[tuple[Resource, Document]]:
        return [
            (resource, each)
            for resource in DEPENDENTS
            for each in self._store.select(resource)
            if any(owner["uid"] == uid for owner in metadata(each).get("ownerReferences") or ())
        ]

    def _collect(self, uid: str) -> None:
        for resource, each in self._dependents(uid):
            if not is_deleting(each):
                delete(self._store, self._timers, resource, each)

    def _release(self, resource: Resource, seen: Document) -> None:
        meta = metadata(seen)
        held = self._store.get(resource, meta.get("namespace", ""), meta["name"])
        if held is None or uid_of(held) != uid_of(seen):
            return
        finalizers = list(metadata(held).get("finalizers") or ())
        if ORPHAN in finalizers:
            self._orphaned.add(uid_of(held))
        elif dependents := self._dependents(uid_of(held)):
            for kind, each in dependents:
                if not is_deleting(each):
                    delete(self._store, self._timers, kind, each, policy="Foreground")
            self._timers.after(DELAY * 5, lambda: self._release(resource, held))
            return
        made = copied(held)
        kept = [each for each in finalizers if each not in (FOREGROUND, ORPHAN)]
        if kept != finalizers:
            made["metadata"]["finalizers"] = kept
            self._store.update(resource, made)
