"""Which pods are told one by one, and how many of the others each workload has.

A namespace may hold thousands of pods that no experiment can touch. What they do one by one would bury the day's
record and its feed; how many of them are ready is what a facilitator asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controlroom.core.events import PodCount
from controlroom.core.events.cluster import workload_key
from controlroom.sources.ports import PodSeen
from controlroom.sources.reach import Reach

DONE = "Succeeded"


@dataclass
class _Workload:
    """The pods of a workload that are counted, and their sums."""

    namespace: str
    kind: str
    name: str
    pods: dict[str, PodSeen] = field(default_factory=dict)
    number: int = 0
    ready: int = 0
    restarts: int = 0

    def put(self, key: str, seen: PodSeen) -> None:
        self.drop(key)
        self.pods[key] = seen
        self._add(seen, 1)

    def drop(self, key: str) -> PodSeen | None:
        if (before := self.pods.pop(key, None)) is not None:
            self._add(before, -1)
        return before

    def _add(self, seen: PodSeen, sign: int) -> None:
        pod = seen.pod
        if pod.phase != DONE:
            self.number += sign
            self.ready += sign * pod.ready
            self.restarts += sign * pod.restarts

    def count(self, singly: bool) -> PodCount:
        return PodCount(
            namespace=self.namespace,
            workload=self.name,
            kind=self.kind,
            pods=self.number,
            ready=self.ready,
            restarts=self.restarts,
            singly=singly,
        )


class Census:
    """Chooses by what the experiments reach. A workload that was chosen once stays so: its record has no holes."""

    def __init__(self) -> None:
        self._reach: tuple[Reach, ...] = ()
        self._chosen: set[str] = set()
        """Workloads by :func:`workload_key`."""
        self._workloads: dict[str, _Workload] = {}
        self._places: dict[str, str] = {}
        """Of each pod that is counted, the workload."""
        self._changed: defaultdict[str, set[str]] = defaultdict(set)
        """By cluster, the workloads whose count may be another than was told last."""
        self._listed: set[str] = set()

    def reaching(self, reach: tuple[Reach, ...]) -> list[PodSeen]:
        """The experiments reach this from now on; pods that are told one by one from now on."""
        self._reach = reach
        within = (own for key in self._places if self._may_be_hit(own := self._seen(key)))
        return self._choose([_family(own) for own in within])

    def hit(self, cluster: str, pods: Iterable[str]) -> list[PodSeen]:
        """Pods (`namespace/name`) have been hit, whatever a manifest said; those that are told one by one by that."""
        keys = [f"{cluster}:{name}" if cluster else name for name in pods]
        return self._choose([_family(self._seen(key)) for key in keys if key in self._places])

    def see(self, seen: PodSeen, singly: bool) -> list[PodSeen]:
        """Pods to be told one by one: this one, others like it, or none. `singly`: the record has it so already."""
        key, place = seen.pod.key, _place(seen)
        if place in self._chosen or (not seen.workload and _family(seen) in self._chosen):
            return [seen]
        before = self._workloads[place].pods.get(key) if self._places.get(key) == place else None
        moved = before is None or before.labels != seen.labels
        if singly or (moved and self._may_be_hit(seen)):
            self._drop(key)
            return [seen, *self._choose([_family(seen)])]
        if moved or seen.pod.gone:
            self._drop(key)
        if not seen.pod.gone:
            self._put(key, place, seen)
        return []

    def listed(self, cluster: str, told: Mapping[str, PodCount]) -> None:
        """All pods of a cluster have been seen: before that, nobody knows how many there are.

        What was `told` by a host before us may be gone since: it is counted anew, from nothing.
        """
        self._listed.add(cluster)
        for place in told.keys() - self._workloads.keys():
            if _cluster_of(place) == cluster:
                gone = told[place]
                self._workloads[place] = _Workload(gone.namespace, gone.kind, gone.workload)
        self._changed[cluster] |= {place for place in self._workloads if _cluster_of(place) == cluster}

    def due(self, told: Mapping[str, PodCount]) -> list[tuple[str, tuple[PodCount, ...]]]:
        """Counts that differ from what was `told`, by cluster. They are taken for told from now on."""
        found = []
        for cluster in sorted(self._listed & self._changed.keys()):
            places = sorted(self._changed.pop(cluster))
            counts = [self._count(place, told.get(place)) for place in places]
            if news := tuple(count for count in counts if count is not None):
                found.append((cluster, news))
        return found

    def _count(self, place: str, told: PodCount | None) -> PodCount | None:
        workload = self._workloads[place]
        count = workload.count(singly=place in self._chosen)
        if not workload.pods:
            del self._workloads[place]
        if told is None:
            return count if count.pods and not count.singly else None
        return count if count != told else None

    def _may_be_hit(self, seen: PodSeen) -> bool:
        return any(reach.may_hit(seen) for reach in self._reach)

    def _seen(self, key: str) -> PodSeen:
        return self._workloads[self._places[key]].pods[key]

    def _put(self, key: str, place: str, seen: PodSeen) -> None:
        if (workload := self._workloads.get(place)) is None:
            workload = _Workload(namespace=seen.pod.namespace, kind=seen.kind, name=seen.workload)
            self._workloads[place] = workload
        workload.put(key, seen)
        self._places[key] = place
        self._changed[seen.pod.cluster].add(place)

    def _drop(self, key: str) -> PodSeen | None:
        if (place := self._places.pop(key, None)) is None:
            return None
        self._changed[_cluster_of(place)].add(place)
        return self._workloads[place].drop(key)

    def _choose(self, families: list[str]) -> list[PodSeen]:
        """Tells the pods of these one by one from now on; those that were counted until now."""
        self._chosen.update(families)
        wanted = set(families)
        keys = [key for key in self._places if _family(self._seen(key)) in wanted] if wanted else []
        return [own for key in keys if (own := self._drop(key)) is not None]


def _family(seen: PodSeen) -> str:
    """The workload; a pod that belongs to nothing has none but itself."""
    return _place(seen) if seen.kind or seen.workload else f"pod {seen.pod.key}"


def _place(seen: PodSeen) -> str:
    return workload_key(seen.pod.cluster, seen.pod.namespace, seen.kind, seen.workload)


def _cluster_of(place: str) -> str:
    return place.partition(":")[0] if ":" in place.partition("/")[0] else ""
