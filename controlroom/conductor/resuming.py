"""Taking up the cluster where a host died: what is there against what the record says.

Every object with the session's label is that of a running run, and goes on, or it is deleted at once; every run on
record as running has its object, or is said to be over. Until the cluster has answered, this is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Set

from controlroom.conductor.context import Part
from controlroom.conductor.faults import AGAIN, Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core.events import ObjectRef
from controlroom.core.state import Run, State
from controlroom.sources.clusters import there
from controlroom.sources.ports import Cluster, SourceError

Work = Callable[[], Awaitable[None]]


class Resuming(Part):
    """Looks once, when the session was taken up from a host that died; does nothing in any other."""

    def __init__(
        self,
        recorder: Recorder,
        cluster: Cluster,
        gate: Gate,
        faults: Faults,
        halting: Halting,
        watchman: Watchman,
    ) -> None:
        super().__init__(recorder)
        self._cluster = cluster
        self._gate = gate
        self._faults = faults
        self._halting = halting
        self._watchman = watchman
        self._told: set[tuple[str, int]] = set()
        """Objects that were found, and said to be: by run and place in it."""
        self._strays: dict[str, ObjectRef] = {}
        """What is being deleted that no running run explains."""
        self._settled = asyncio.Event()

    @property
    def left(self) -> tuple[ObjectRef, ...]:
        """What was found and is not gone yet, beside the runs."""
        return tuple(self._strays.values())

    async def clear(self) -> None:
        """Returns when everything that was found is accounted for: followed, or gone."""
        if self.recorder.resumption is not None:
            await self._settled.wait()

    async def run(self) -> None:
        """Returns when all is as the record says."""
        if self.recorder.resumption is None or self._settled.is_set():
            return
        self._halting.take_up()
        self._faults.take_up()
        await self._patiently(self._settle)
        self._settled.set()

    async def _patiently(self, work: Work) -> None:
        """Does it, again and again until the cluster answers."""
        attempt = 0
        while True:
            try:
                return await work()
            except SourceError as error:
                self._watchman.failed(error.source, error)
                await asyncio.sleep(error.retry_after or AGAIN[min(attempt, len(AGAIN) - 1)])
                attempt += 1

    async def _settle(self) -> None:
        away: SourceError | None = None
        for run in self.state.running:
            try:
                await self._look_for(run)
            except SourceError as error:  # its cluster is away; another one's may answer
                away = away or error
        # What ends while the list is under way was explained when it was asked for.
        before = {run.id for run in self.state.running}
        listed, unlisted = await there(self._cluster, self._session)
        async with asyncio.TaskGroup() as group:
            for found in listed:
                if not self._explained(found, before):
                    group.create_task(self._remove(found))
        if (away := away or unlisted) is not None:
            raise away

    @property
    def _session(self) -> str:
        assert self.state.opened is not None
        return self.state.opened.session

    async def _look_for(self, run: Run) -> None:
        """A run that counts as running: its object is there, or it is over.

        Whether a start without an answer arrived is asked elsewhere.
        """
        for index, target in enumerate(run.objects):
            if (run.id, index) in self._told:
                continue
            there = await self._cluster.read(target) is not None
            if self._faults.is_unanswered(run.id) or not self.state.runs[run.id].running:
                return
            if not there:
                self._faults.gone(run.id, index)
                continue
            self._told.add((run.id, index))
            self._faults.was_there(run.id)
            self.recorder.record(e.FaultFound(object=target, run=run.id, known=True), actor=HOST)

    def _explained(self, found: ObjectRef, before: Set[str]) -> bool:
        """Whether it is the object of a run that is running, or was when the list was asked for; or the load's."""
        if str(found) in map(str, self.state.load_objects):
            return True  # whoever drives the load sees to it
        run = run_of(self.state, found)
        if run is None or not (run.running or run.id in before):
            return False
        known = next(own for own in run.objects if str(own) == str(found))
        return not (known.uid and found.uid) or known.uid == found.uid

    async def _remove(self, found: ObjectRef) -> None:
        """Deletes what nothing explains, and waits until it is gone. What it was is on record first."""
        run = run_of(self.state, found)
        self._strays[str(found)] = found
        body = e.FaultFound(object=found, run=run.id if run else "")
        written, _ = await self.recorder.durably(body, actor=HOST, patience=1.0)

        async def delete() -> None:
            await self._gate.delete(found, written)

        await self._patiently(delete)
        attempt = 0
        while await self._there(found):
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
        self._strays.pop(str(found), None)

    async def _there(self, found: ObjectRef) -> bool:
        try:
            return await self._cluster.read(found) is not None
        except SourceError as error:
            self._watchman.failed(error.source, error)
            return True


def run_of(state: State, found: ObjectRef) -> Run | None:
    """The run whose object bears this name."""
    name = str(found)
    return next((run for run in state.runs.values() if name in map(str, run.objects)), None)
