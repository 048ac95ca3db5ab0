"""All followed collections of a cluster as one stream of what a session looks at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime

import msgspec

from controlroom.core.clean import clean
from controlroom.core.events import KubeEvent, ObjectRef, PodObserved
from controlroom.core.faults import ChaosReading, NotAnObject, decode
from controlroom.core.values import Value, changed
from controlroom.sources.chaos_mesh import Resource
from controlroom.sources.errors import SOURCE
from controlroom.sources.kubernetes_objects import event_of, owners_of, seen_of, whole
from controlroom.sources.manifests import PRIOR_NOTE, RUN_NOTE
from controlroom.sources.ports import ClusterEvent, ObjectSeen, PodSeen, PodsListed, SourceError
from controlroom.sources.watch import Change, Follower

MAKER = "Schedule"
"""The kind that a Workflow may make, and that makes others."""
FORBIDDEN, NOT_FOUND = 403, 404

Read = Callable[[Change], ClusterEvent | None]


class PodReader:
    """Pods, told only when what a facilitator looks at has changed."""

    def __init__(self, known: Iterable[PodObserved] = ()) -> None:
        self._known = {f"{pod.namespace}/{pod.name}": PodSeen(pod=pod) for pod in known}

    def read(self, change: Change) -> PodSeen | None:
        if change.type == "DELETED":
            known = self._known.pop(change.key, None)
            if change.known:
                return seen_of(change.item or change.raw, before=known, gone=True)
            if known is None:
                return None
            return changed(known, pod=changed(known.pod, gone=True, ready=False, ready_at=None))
        known = self._known.get(change.key)
        seen = seen_of(change.item or change.raw, before=known)
        if known == seen:
            return None
        self._known[change.key] = seen
        return seen


class EventReader:
    """Kubernetes Events from `since` on: those before are history, though the cluster keeps them for an hour."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._known: dict[str, KubeEvent] = {}

    def read(self, change: Change) -> KubeEvent | None:
        if change.type == "DELETED":
            self._known.pop(change.key, None)
            return None
        event = event_of(change.item or change.raw)
        if event.last_at is None or event.last_at < self._since or self._known.get(change.key) == event:
            return None
        self._known[change.key] = event
        return event


class Seen(Value):
    """An object of the session that was there when it was last looked at."""

    object: ObjectRef
    run: str


class ObjectReader:
    """Objects of the session. `now`: the API server's time; `known`: by `namespace/name`."""

    def __init__(
        self, resource: Resource, now: Callable[[], datetime], known: Mapping[str, Seen] | None = None
    ) -> None:
        self._resource = resource
        self._now = now
        self._known = dict(known or {})

    def read(self, change: Change) -> ObjectSeen | None:
        gone = change.type == "DELETED"
        if not change.raw:
            known = self._known.pop(change.key, None)
            if known is None:
                return None
            return ObjectSeen(object=known.object, run=known.run, raw=b"", gone=True, at=self._now())
        raw = whole(change.raw, self._resource.api_version, self._resource.kind)
        reading = decode(raw)
        seen = Seen(object=ref_of(reading), run=run_of(reading))
        if gone:
            # What is put back loses our labels and notes with the change: who it was is known from before.
            seen = self._known.pop(change.key, seen)
        else:
            self._known[change.key] = seen
        return ObjectSeen(object=seen.object, run=seen.run, raw=raw, gone=gone, at=self._now())


class ChildReader:
    """What one Schedule or Workflow of the session makes. `owner`: uid of what made it, where that is the maker
    itself. `made` is told of a maker among them (JSON), which makes others in turn."""

    def __init__(
        self,
        resource: Resource,
        now: Callable[[], datetime],
        run: str,
        *,
        owner: str = "",
        made: Callable[[bytes, str], None],
    ) -> None:
        self._resource = resource
        self._now = now
        self._run = run
        self._owner = owner
        self._made = made
        self._known: dict[str, ObjectRef] = {}

    def read(self, change: Change) -> ObjectSeen | None:
        gone = change.type == "DELETED"
        raw = whole(change.raw, self._resource.api_version, self._resource.kind) if change.raw else b""
        if raw and self._owner and self._owner not in owners_of(raw):
            return None
        if raw and self._resource.kind == MAKER:
            self._made(raw, self._run)
            return None
        if raw:
            self._known[change.key] = ref_of(decode(raw))
        found = self._known.pop(change.key, None) if gone else self._known.get(change.key)
        if found is None:
            return None
        return ObjectSeen(object=found, run=self._run, raw=raw, gone=gone, at=self._now(), child=True)


def ref_of(reading: ChaosReading) -> ObjectRef:
    """The name under which an object can be asked for."""
    return ObjectRef(
        api_version=reading.api_version,
        kind=reading.kind,
        namespace=reading.metadata.namespace,
        name=reading.metadata.name,
        uid=reading.metadata.uid,
        changed=PRIOR_NOTE in (reading.metadata.annotations or {}),
    )


def run_of(reading: ChaosReading) -> str:
    """The run that an object of ours is; empty: its note is missing."""
    return clean((reading.metadata.annotations or {}).get(RUN_NOTE, ""))


class Feed:
    """One collection and what is made of it."""

    def __init__(self, follower: Follower, read: Read) -> None:
        self._follower = follower
        self._read = read

    async def catch_up(self) -> list[ClusterEvent]:
        """What there is, where it is not known yet."""
        told = [self._told(change) for change in await self._follower.catch_up()]
        return [event for event in told if event is not None]

    async def changes(self) -> AsyncGenerator[ClusterEvent, None]:
        async with aclosing(self._follower.changes()) as changes:
            async for change in changes:
                event = self._told(change)
                if event is not None:
                    yield event

    def _told(self, change: Change) -> ClusterEvent | None:
        try:
            return self._read(change)
        except (msgspec.MsgspecError, NotAnObject) as error:
            message = clean(f"could not read {change.key}: {error}")
            raise SourceError(SOURCE, message, hint="the next change of it is read again") from error


class ChildFeed(Feed):
    """A feed of what is made: an account that may not list it does without, and the session goes on."""

    async def changes(self) -> AsyncGenerator[ClusterEvent, None]:
        try:
            async with aclosing(super().changes()) as events:
                async for event in events:
                    yield event
        except SourceError as error:
            if error.status not in (FORBIDDEN, NOT_FOUND):
                raise


class Merged:
    """Several feeds as one. What was read but not taken before an interruption comes first after it."""

    def __init__(self) -> None:
        self._first: list[Feed] = []
        self._then: list[Feed] = []
        self._queue: asyncio.Queue[ClusterEvent | Exception] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] | None = None

    def add(self, feed: Feed, *, first: bool = False) -> None:
        """Follows one more; `first`: it is caught up with before the others begin. At once where a watch runs."""
        (self._first if first else self._then).append(feed)
        if self._tasks is not None:
            self._start(feed)

    async def events(self) -> AsyncGenerator[ClusterEvent, None]:
        """Everything that is told; raises the first feed's error, and can be called again."""
        for feed in self._first:
            for event in await feed.catch_up():
                yield event
        yield PodsListed()
        self._tasks = set()
        try:
            for feed in (*self._first, *self._then):
                self._start(feed)
            while True:
                told = await self._queue.get()
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            tasks, self._tasks = self._tasks, None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._forget_failures()

    def _forget_failures(self) -> None:
        """Every feed begins anew, so that why others failed as well is old: told later, it would end them again."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        for told in waiting:
            if not isinstance(told, Exception):
                self._queue.put_nowait(told)

    def _start(self, feed: Feed) -> None:
        assert self._tasks is not None
        self._tasks.add(asyncio.create_task(self._pump(feed)))

    async def _pump(self, feed: Feed) -> None:
        """Reads one feed into the queue. Whatever ends it is raised to the one who takes from the queue."""
        try:
            async with aclosing(feed.changes()) as events:
                async for event in events:
                    self._queue.put_nowait(event)
        except Exception as error:
            self._queue.put_nowait(error)
