"""The cluster as it changes: pods and Events into the record, chaos objects to whoever follows the faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import KubeEvent, PodObserved
from controlroom.core.state import Pod
from controlroom.sources.clusters import Clusters, by_source
from controlroom.sources.ports import (
    ClockReading,
    Cluster,
    ClusterEvent,
    MetricSource,
    ObjectSeen,
    SourceError,
)

BACK_OFF = (0.25, 0.5, 1.0)
"""Real seconds before the watch is opened again; the cluster's own watch paces itself besides."""
MEASURE_EVERY = 15.0
"""Real seconds between two measurements of the sources' clocks."""


class Watching(Part):
    """Follows the cluster; `saw` is told of each chaos object of ours, `saw_pod` of each pod."""

    def __init__(
        self,
        recorder: Recorder,
        cluster: Cluster,
        watchman: Watchman,
        saw: Callable[[ObjectSeen], None],
        saw_pod: Callable[[PodObserved], None],
    ) -> None:
        super().__init__(recorder)
        self._cluster = cluster
        self._watchman = watchman
        self._saw = saw
        self._saw_pod = saw_pod
        self._told: frozenset[KubeEvent] | None = None
        """Events on record from before this host: the cluster keeps them for an hour and tells them again."""

    async def run(self) -> None:
        """Each cluster by itself: one that is away takes nothing from the others."""
        async with asyncio.TaskGroup() as group:
            for name, cluster in by_source(self._cluster).items():
                group.create_task(self._follow(name, cluster))

    async def _follow(self, name: str, cluster: Cluster) -> None:
        failures = 0
        while True:
            try:
                async for event in cluster.watch():
                    failures = 0
                    self._watchman.answered(name)
                    self._take(event)
            except SourceError as error:
                self._watchman.failed(name, error)
            await asyncio.sleep(BACK_OFF[min(failures, len(BACK_OFF) - 1)])
            failures += 1

    def _take(self, event: ClusterEvent) -> None:
        if isinstance(event, ObjectSeen):
            self._saw(event)
        elif isinstance(event, PodObserved):
            if self._new(event):
                self.recorder.record(event, actor=SOURCE, clock="apiserver")
            self._saw_pod(event)
        elif isinstance(event, KubeEvent) and event not in self._before():
            self.recorder.record(event, actor=SOURCE, at=event.last_at, clock="apiserver")

    def _before(self) -> frozenset[KubeEvent]:
        if self._told is None:
            past = self.recorder.past
            self._told = frozenset(own.body for own in past if isinstance(own.body, KubeEvent))
        return self._told

    def _new(self, seen: PodObserved) -> bool:
        known = self.state.pods.get(seen.key)
        if seen.gone or known is None:
            return not (seen.gone and known is None)
        return known != Pod(
            namespace=seen.namespace,
            name=seen.name,
            uid=seen.uid,
            app=seen.app,
            node=seen.node,
            phase=seen.phase,
            ready=seen.ready,
            reason=seen.reason,
            restarts=seen.restarts,
        )


class Measuring(Part):
    """Measures the clocks of the sources against ours, now and then."""

    def __init__(
        self, recorder: Recorder, sources: dict[str, Cluster | MetricSource], watchman: Watchman
    ) -> None:
        super().__init__(recorder)
        self._sources: dict[str, Cluster | MetricSource] = {}
        for name, source in sources.items():
            several = by_source(source) if isinstance(source, Clusters) else {name: source}
            self._sources.update(several)
        self._watchman = watchman

    async def warm_up(self) -> None:
        """Connects to every source before the day begins, so that its first seconds are not spent on it.

        What fails here fails again as soon as it is used, and is recorded then.
        """
        readings = (source.clock() for source in self._sources.values())
        await asyncio.gather(*readings, return_exceptions=True)

    def by_definition(self) -> None:
        """In a rehearsal the lab owns time and the session's clock follows it: there is no offset."""
        for name in self._sources:
            self._watchman.measured(name, ClockReading(offset=0.0, uncertainty=0.0))

    async def once(self) -> None:
        for name, source in self._sources.items():
            try:
                self._watchman.measured(name, await source.clock())
            except SourceError as error:
                self._watchman.failed(name, error)

    async def run(self) -> None:
        while True:
            await self.once()
            await asyncio.sleep(MEASURE_EVERY)
