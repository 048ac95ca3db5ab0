"""The one gate: every mutation of a cluster passes here, and nothing else holds the means to make one.

Written down first (the caller passes the recorded event as proof), then done. Halt and stop are let through
even when the disk refuses; a start never is, nor what nobody waits for: a sweep, and a removal of finalizers.
"""

from __future__ import annotations

from controlroom.core.events import (
    Event,
    FaultFound,
    FaultRequested,
    HaltRequested,
    LoadRequested,
    LoadStopRequested,
    ObjectRef,
    ReleaseRequested,
    StopRequested,
    SweepRequested,
)
from controlroom.core.state import State
from controlroom.sources.ports import Cluster, Created, Prepared


class GateClosed(Exception):
    """The mutation was not allowed; the message says why."""


class Gate:
    """Holds the cluster; what passes is labelled, recorded, and possible to undo."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def create(self, prepared: Prepared, written: Event, on_disk: bool, state: State) -> Created:
        """Makes an object of a fault or of the load. Raises :class:`GateClosed` or the cluster's SourceError."""
        if prepared.object not in _asked_for(written):
            raise GateClosed("a start must be on record before it is made")
        if not on_disk:
            raise GateClosed("the request is not on disk: nothing is started while the record cannot be kept")
        if state.locked:
            raise GateClosed("locked by a halt: type unlock first")
        return await self._cluster.create(prepared)

    async def delete(self, target: ObjectRef, written: Event) -> bool:
        """Ends a fault or the load; True: it was there. Raises :class:`GateClosed` or the cluster's SourceError."""
        body = written.body
        found = isinstance(body, FaultFound) and not body.known
        load = isinstance(body, LoadStopRequested) and str(target) in map(str, body.objects)
        if not (found or load or isinstance(body, StopRequested | HaltRequested)):
            raise GateClosed("a stop must be on record before it is made")
        return await self._cluster.delete(target)

    async def sweep(self, target: ObjectRef, written: Event, on_disk: bool) -> bool:
        """Removes what a session left, or puts it back; True: it was there. Raises as :meth:`create` does."""
        body = written.body
        if not isinstance(body, SweepRequested) or body.object != target:
            raise GateClosed("a removal must be on record before it is made")
        if not on_disk:
            raise GateClosed("the request is not on disk: nothing is removed while the record cannot be kept")
        return await self._cluster.delete(target)

    async def release(self, target: ObjectRef, written: Event, on_disk: bool) -> bool:
        """Removes the finalizers of what does not go; True: it was there. Raises as :meth:`create` does."""
        body = written.body
        if not isinstance(body, ReleaseRequested) or target not in body.objects:
            raise GateClosed("a removal of finalizers must be on record before it is made")
        if not on_disk:
            raise GateClosed("the request is not on disk: nothing is forced while the record cannot be kept")
        return await self._cluster.release(target)


def _asked_for(written: Event) -> tuple[ObjectRef, ...]:
    """The objects that a recorded request names."""
    body = written.body
    if isinstance(body, FaultRequested):
        return (body.object, *body.others)
    return body.objects if isinstance(body, LoadRequested) else ()
