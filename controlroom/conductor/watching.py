"""The cluster as it changes: pods and Events into the record, chaos objects to whoever follows the faults.

Pods that an experiment may hit, and those like them, are recorded one by one, all others as counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from controlroom.conductor.census import Census
from controlroom.conductor.context import Part
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import KubeEvent, PodObserved, PodsCounted, SessionOpened
from controlroom.core.faults import NotAnObject, decode
from controlroom.core.plan import Plan
from controlroom.core.state import Pod
from controlroom.sources.clusters import Clusters, by_source
from controlroom.sources.ports import (
    ClockReading,
    Cluster,
    ClusterEvent,
    MetricSource,
    ObjectSeen,
    PodSeen,
    PodsListed,
    SourceError,
)
from controlroom.sources.reach import Reach, reach_of

BACK_OFF = (0.25, 0.5, 1.0)
"""Real seconds before the watch is opened again; the cluster's own watch paces itself besides."""
MEASURE_EVERY = 15.0
"""Real seconds between two measurements of the sources' clocks."""
COUNT_EVERY = 1.0
"""Real seconds between two events that tell counts: told at once where nothing was told for so long."""


class Watching(Part):
    """Follows the cluster; `saw` is told of each object of ours, `saw_pod` of each pod told one by one."""

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
        self._census = Census()
        self._plan: Plan | None = None
        """The plan whose experiments the census knows."""
        self._news = asyncio.Event()
        """Set: a count may have changed."""
        self._told: frozenset[KubeEvent] | None = None
        """Events on record from before this host: the cluster keeps them for an hour and tells them again."""

    async def run(self) -> None:
        """Each cluster by itself: one that is away takes nothing from the others."""
        async with asyncio.TaskGroup() as group:
            for name, cluster in by_source(self._cluster).items():
                group.create_task(self._follow(name, cluster))
            group.create_task(self._keep_counting())

    async def _keep_counting(self) -> None:
        """What was read in one go is counted in one go: this task has its turn when nothing more is there to read."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(COUNT_EVERY):
                    await self._news.wait()
            self._news.clear()
            if self.count():
                await asyncio.sleep(COUNT_EVERY)

    def count(self) -> bool:
        """Records the counts that have changed; tells whether any has."""
        self._look_at_the_plan()
        found = self._census.due(self.state.workloads)
        for cluster, counts in found:
            self.recorder.record(PodsCounted(counts=counts, cluster=cluster), actor=SOURCE)
        return bool(found)

    async def _follow(self, name: str, cluster: Cluster) -> None:
        failures = 0
        while True:
            try:
                async for event in cluster.watch():
                    if not isinstance(event, PodsListed):  # that is also told where nobody had to be asked
                        failures = 0
                        self._watchman.answered(name)
                    self._take(event)
            except SourceError as error:
                self._watchman.failed(name, error)
            await asyncio.sleep(BACK_OFF[min(failures, len(BACK_OFF) - 1)])
            failures += 1

    def _take(self, event: ClusterEvent) -> None:
        match event:
            case ObjectSeen():
                self._tell(self._census.hit(event.object.cluster, _hit(event.raw)))
                self._saw(event)
            case PodSeen():
                self._look_at_the_plan()
                self._tell(self._census.see(event, singly=event.pod.key in self.state.pods))
                self._news.set()
            case PodsListed():
                self._census.listed(event.cluster, self.state.workloads)
                self._news.set()
            case KubeEvent() if event not in self._before():
                self.recorder.record(event, actor=SOURCE, at=event.last_at, clock="apiserver")

    def _tell(self, pods: Iterable[PodSeen]) -> None:
        for seen in pods:
            if self._new(seen.pod):
                self.recorder.record(seen.pod, actor=SOURCE, clock="apiserver")
            self._saw_pod(seen.pod)

    def _look_at_the_plan(self) -> None:
        """What the experiments reach; an amended plan may reach further."""
        state = self.state
        if state.plan is not None and state.plan is not self._plan and state.opened is not None:
            self._plan = state.plan
            self._tell(self._census.reaching(_reach(state.plan, state.opened)))

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


def _reach(plan: Plan, opened: SessionOpened) -> tuple[Reach, ...]:
    """What the plan's experiments reach. In a rehearsal there is the lab alone, whatever they name."""
    found: list[Reach] = []
    for own in plan.experiments:
        cluster = own.cluster if own.cluster in opened.bindings.clusters else ""
        namespaces = opened.bindings.cluster_of(own.cluster).namespaces
        reach = reach_of(opened.files[own.manifest], namespaces, cluster)
        found += [one for one in reach if one not in found]
    return tuple(found)


def _hit(raw: bytes) -> list[str]:
    """The pods (`namespace/name`) that a chaos object says it acts on."""
    try:
        return [record.pod for record in decode(raw).records] if raw else []
    except NotAnObject:
        return []  # whoever follows the fault says so


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
