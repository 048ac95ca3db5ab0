"""Watches: initial events, live events, bookmarks, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from controlroom.lab.kubernetes.api import errors
from controlroom.lab.kubernetes.api.lists import Shape, Test, partial, shaped, tester
from controlroom.lab.kubernetes.api.options import ListOptions
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import Resource
from controlroom.lab.kubernetes.store import Change, TooOld

#: Real seconds between bookmarks, and how long before the end the last one comes.
BOOKMARK_EVERY = 60.0
BOOKMARK_BEFORE_END = 2.0
#: Real seconds after which an open watch notices that its server went down.
LOOK = 0.25
#: Real seconds that a watch lasts where the client names no time: the API server's own is 30 to 60 minutes.
LONGEST = 1800.0
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a watch begins: what it reports first, and the revision after which it is live."""

    first: tuple[Document, ...]
    missed: tuple[Change, ...]
    revision: int
    marks_end_of_initial: bool


class Watch:
    """One watch. Made at once, so that a bad request is answered with its status; iterated as a stream."""

    def __init__(self, cluster: Cluster, route: Route, options: ListOptions, shape: Shape) -> None:
        self._cluster = cluster
        self._route = route
        self._options = options
        self._shape = shape
        self._test: Test = tester(route, options)
        self._check_revision()
        self._columns_sent = False
        self._queue: asyncio.Queue[Change] = asyncio.Queue()
        self._unsubscribe: Callable[[], None] = cluster.store.subscribe(self._queue.put_nowait)

    def close(self) -> None:
        """Ends the subscription."""
        self._unsubscribe()

    async def events(self) -> AsyncIterator[Document]:
        """The watch events until the time-out; ends after an ERROR event."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (LONGEST if self._options.timeout is None else self._options.timeout)
        try:
            start = self._begin()
        except TooOld as error:
            yield {"type": "ERROR", "object": errors.expired(str(error)).body}
            return
        for document in start.first:
            yield self._event("ADDED", document)
        if start.marks_end_of_initial:
            yield self._bookmark({INITIAL_EVENTS_END: "true"})
        for missed in start.missed:
            for event in self._report(missed):
                yield event
        bookmark = self._next_bookmark(loop.time(), end)
        while (now := loop.time()) < end or self._cluster.trouble.watch_silent:
            change = await self._next(max(0.0, min(end, bookmark, now + LOOK) - now) or LOOK)
            if self._cluster.trouble.api_down:
                return
            if (
                change is not None
                and change.revision > start.revision
                and not self._cluster.trouble.watch_silent
            ):
                for event in self._report(change):
                    yield event
            elif change is None and end > loop.time() >= bookmark:
                bookmark = self._next_bookmark(loop.time(), end)
                if not self._cluster.trouble.watch_silent:
                    yield self._bookmark(None)

    async def _next(self, seconds: float) -> Change | None:
        try:
            async with asyncio.timeout(seconds):
                return await self._queue.get()
        except TimeoutError:
            return None

    def _next_bookmark(self, now: float, end: float) -> float:
        if not self._options.bookmarks:
            return end
        last = end - BOOKMARK_BEFORE_END
        return min(now + BOOKMARK_EVERY, last) if now < last else end

    def _check_revision(self) -> None:
        text = self._options.resource_version
        if text and not text.isdigit():
            parse = f'strconv.ParseUint: parsing "{text}": invalid syntax'
            raise errors.internal(f'resourceVersion: Invalid value: "{text}": {parse}', plain=True)

    def _begin(self) -> _Start:
        store, options = self._cluster.store, self._options
        asked = int(options.resource_version or 0)
        if asked and not options.send_initial_events:
            # A revision of the future is waited for in silence.
            missed = store.since(asked) if asked < store.revision else []
            return _Start((), tuple(missed), max(asked, store.revision), marks_end_of_initial=False)
        held = store.select(self._route.resource, self._route.namespace)
        first = tuple(each for each in held if self._test(each))
        marks = options.bookmarks and (options.send_initial_events or not options.resource_version)
        return _Start(first, (), store.revision, marks_end_of_initial=marks)

    def _report(self, change: Change) -> list[Document]:
        """The event of a change, by what the selectors matched before and match now."""
        if change.resource is not self._route.resource:
            return []
        before = change.before is not None and self._test(change.before)
        after = change.type != "DELETED" and self._test(change.object)
        if before and after:
            return [self._event("MODIFIED", change.object)]
        if after:
            return [self._event("ADDED", change.object)]
        if before and change.before is not None:
            # What leaves the selection is shown as it was, with the revision at which it left.
            revision = change.object["metadata"]["resourceVersion"]
            left = {**change.before, "metadata": {**change.before["metadata"], "resourceVersion": revision}}
            return [self._event("DELETED", left)]
        return []

    def _event(self, type_: str, document: Document) -> Document:
        if self._shape == "PartialObjectMetadata":
            return {"type": type_, "object": partial(document)}
        include = self._options.include_object
        made = shaped(self._cluster, self._route.resource, document, self._shape, include)
        if self._shape == "Table":
            if self._columns_sent:
                made["columnDefinitions"] = None
            self._columns_sent = True
        return {"type": type_, "object": made}

    def _bookmark(self, annotations: dict[str, str] | None) -> Document:
        return {
            "type": "BOOKMARK",
            "object": _bookmark_object(self._route.resource, self._cluster.store.revision, annotations),
        }


def _bookmark_object(resource: Resource, revision: int, annotations: dict[str, str] | None) -> Document:
    meta: Document = {"resourceVersion": str(revision)}
    if annotations:
        meta["annotations"] = annotations
    made: Document = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
    if resource.plural == "pods":
        made |= {"spec": {"containers": None}, "status": {}}
    elif not resource.custom and resource.counts_generation:
        made |= {"spec": {}, "status": {}}
    return made
