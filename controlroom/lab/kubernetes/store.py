"""The objects of the cluster, one resourceVersion counter, and the history that watches read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    metadata,
    name_of,
    namespace_of,
    stamp,
)
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.resources import PODS, Resource
from controlroom.lab.kubernetes.timers import Timers

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class Change(NamedTuple):
    """One write, as a watch reports it."""

    revision: int
    type: ChangeType
    resource: Resource
    object: Document
    """The object after the write; for DELETED its last state with the deletion's resourceVersion."""
    before: Document | None


class TooOld(Exception):
    """The history no longer reaches back to the revision asked for."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")


class Store:
    """Objects by resource, namespace and name. Times come from `timers`, names from `namer`."""

    #: Writes that a watch may still ask for: many times what a game day needs between a list and its watch.
    HISTORY = 8192

    def __init__(self, timers: Timers, namer: Namer) -> None:
        self.revision = 100
        self._timers = timers
        self._namer = namer
        self._objects: dict[Resource, dict[tuple[str, str], Document]] = {}
        self._history: deque[Change] = deque(maxlen=self.HISTORY)
        self._forgotten = self.revision
        self._listeners: list[Callable[[Change], None]] = []

    def get(self, resource: Resource, namespace: str, name: str) -> Document | None:
        """The stored object, not to be changed, or None."""
        return self._objects.get(resource, {}).get((namespace, name))

    def select(self, resource: Resource, namespace: str = "") -> Iterator[Document]:
        """The objects of a namespace, or of all for an empty one, in the order of etcd's keys."""
        held = self._objects.get(resource, {})
        for key in sorted(held):
            if not namespace or key[0] == namespace:
                yield held[key]

    def prepare(self, resource: Resource, document: Document) -> Document:
        """A copy of `document` with what the server fills in at creation, but for the resourceVersion."""
        made = copied(document)
        meta = made["metadata"]
        if not meta.get("name"):
            meta["name"] = f"{meta['generateName']}{self._namer.suffix()}"
        meta["uid"] = self._namer.uid()
        meta["creationTimestamp"] = stamp(self._timers.now)
        if resource.counts_generation:
            meta["generation"] = 1
        for unset in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            meta.pop(unset, None)
        return made

    def create(self, resource: Resource, document: Document) -> Document:
        """Stores a new object; the caller has made sure that there is none of that name."""
        return self.insert(resource, self.prepare(resource, document))

    def insert(self, resource: Resource, made: Document) -> Document:
        """Stores what :meth:`prepare` has made."""
        self.revision += 1
        made["metadata"]["resourceVersion"] = str(self.revision)
        self._objects.setdefault(resource, {})[namespace_of(made), name_of(made)] = made
        self._announce(Change(self.revision, "ADDED", resource, made, None))
        return made

    def revise(self, resource: Resource, document: Document) -> Document:
        """What :meth:`update` would store, without storing: the generation counted, uid and creation kept."""
        old = self._objects[resource][namespace_of(document), name_of(document)]
        made = copied(document)
        meta, kept = made["metadata"], old["metadata"]
        immutable = (
            "uid",
            "creationTimestamp",
            "generation",
            "resourceVersion",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        )
        for field in immutable:
            meta.pop(field, None)
            if field in kept:
                meta[field] = kept[field]
        if resource.counts_generation and _counts(resource, old, made):
            meta["generation"] = kept.get("generation", 1) + 1
        return made

    def update(self, resource: Resource, document: Document) -> Document:
        """Stores a change; one that changes nothing is not written. An object that is being deleted and
        holds no finalizer any more is removed with this write."""
        old = self._objects[resource][namespace_of(document), name_of(document)]
        made = self.revise(resource, document)
        if made == old:
            return old
        if is_deleting(made) and not metadata(made).get("finalizers") and _held_by_finalizers(old):
            self.remove(resource, old)
            return made
        return self._replace(resource, old, made)

    def begin_deletion(
        self, resource: Resource, document: Document, at: float, grace: int | None
    ) -> Document:
        """Marks an object as being deleted: deletionTimestamp `at` (Unix seconds), `grace` in seconds, None to
        leave it out."""
        old = self._objects[resource][namespace_of(document), name_of(document)]
        made = copied(document)
        if resource.counts_generation and not is_deleting(old):
            made["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        made["metadata"]["deletionTimestamp"] = stamp(at)
        if grace is not None:
            made["metadata"]["deletionGracePeriodSeconds"] = grace
        return self._replace(resource, old, made)

    def remove(self, resource: Resource, document: Document) -> Document:
        """Removes an object for good; returns it with the deletion's resourceVersion."""
        old = self._objects[resource].pop((namespace_of(document), name_of(document)))
        self.revision += 1
        gone = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.revision)}}
        self._announce(Change(self.revision, "DELETED", resource, gone, old))
        return gone

    @property
    def oldest(self) -> int:
        """The revision up to which the history is forgotten."""
        return self._forgotten

    def since(self, revision: int) -> list[Change]:
        """The writes after `revision`; raises :class:`TooOld` when some of them are forgotten."""
        if revision < self._forgotten:
            raise TooOld(revision, self._forgotten)
        return [change for change in self._history if change.revision > revision]

    def forget(self) -> None:
        """Drops the history, as etcd's compaction does: older watches end with 410 Expired."""
        self._forgotten = self.revision
        self._history.clear()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Calls `listener` with each write from now on; returns the function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _replace(self, resource: Resource, old: Document, made: Document) -> Document:
        self.revision += 1
        made["metadata"]["resourceVersion"] = str(self.revision)
        self._objects[resource][namespace_of(made), name_of(made)] = made
        self._announce(Change(self.revision, "MODIFIED", resource, made, old))
        return made

    def _announce(self, change: Change) -> None:
        if len(self._history) == self.HISTORY:
            self._forgotten = self._history[0].revision
        self._history.append(change)
        for listener in tuple(self._listeners):
            listener(change)


def _held_by_finalizers(old: Document) -> bool:
    return bool(metadata(old).get("finalizers"))


def _counts(resource: Resource, old: Document, made: Document) -> bool:
    """Whether a change raises the generation. A custom resource without status subresource counts every
    change outside metadata, its status included; a built-in one counts its spec."""
    if resource is PODS:
        # Binding a pod to its node is not a change of its spec.
        return _without_node(old) != _without_node(made)
    if not resource.custom:
        return bool(old.get("spec") != made.get("spec"))
    outside = ("metadata", "apiVersion", "kind")
    fields = (set(old) | set(made)) - set(outside)
    return any(old.get(field) != made.get(field) for field in fields)


def _without_node(pod: Document) -> Document:
    return {field: value for field, value in pod["spec"].items() if field != "nodeName"}
