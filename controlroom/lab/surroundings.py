"""The cluster as the world model sees it, and the moments of pods for the ground truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from controlroom.lab.defects import DefectEffects
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.views import ActiveFault, PodView
from controlroom.lab.truth import PodMoment
from controlroom.lab.world.inputs import INVENTORY, DeploymentState, Fault, PodState, Surroundings

#: A Spring Boot service takes this long from its start to readiness, in seconds.
_STARTUP = (25.0, 40.0)
#: A stressor that asks for this share of the memory limit takes the whole spare heap.
_WHOLE_SPARE_HEAP = 0.6
_MEMORY_LIMIT_BYTES = 1024.0**3


class Startups:
    """Start-up seconds per container start, drawn from the seed; a defect may delay the first replacements."""

    def __init__(self, seed: int, effects: DefectEffects) -> None:
        self._seed = seed
        self._effects = effects
        self._first_pods: int | None = None
        self._starts = 0

    def begin_day(self) -> None:
        """What has been started so far was there before; from here on starts are replacements."""
        self._first_pods = self._starts

    def __call__(self, app: str, pod: str) -> float:
        seconds = random.Random(f"{self._seed}:start-up/{pod}").uniform(*_STARTUP)
        if app != INVENTORY:
            return seconds
        self._starts += 1
        if self._first_pods is None or self._starts - self._first_pods > self._effects.late_replacements:
            return seconds
        return seconds + self._effects.late_seconds


class ClusterEye:
    """Reads the surroundings of the world in `namespace`, and reports what changed in its pods."""

    def __init__(self, cluster: Cluster, namespace: str, moved: Callable[[PodMoment], None]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._moved = moved
        self._seen: dict[str, PodView] = {}

    def look(self, now: float) -> Surroundings:
        """The surroundings at `now` (Unix seconds)."""
        pods = self._cluster.pods(self._namespace)
        self._compare(pods, now)
        return Surroundings(
            pods=tuple(_pod(pod) for pod in pods),
            deployments=tuple(
                DeploymentState(each.name, each.replicas, each.available, each.ready)
                for each in self._cluster.deployments(self._namespace)
            ),
            faults=tuple(
                _fault(fault)
                for fault in self._cluster.active_faults()
                if fault.target.startswith(self._namespace)
            ),
        )

    def _compare(self, pods: Sequence[PodView], now: float) -> None:
        present = {pod.uid: pod for pod in pods}
        for uid, before in self._seen.items():
            if uid not in present:
                self._moved(PodMoment(now, before.name, uid, before.app, "gone"))
        for uid, pod in present.items():
            known = self._seen.get(uid)
            was_ready = known is not None and known.ready
            if pod.ready and not was_ready:
                at = now if pod.ready_at is None else pod.ready_at
                self._moved(PodMoment(at, pod.name, uid, pod.app, "ready"))
            elif was_ready and not pod.ready:
                self._moved(PodMoment(now, pod.name, uid, pod.app, "unready"))
        self._seen = present


def _pod(pod: PodView) -> PodState:
    return PodState(
        name=pod.name,
        uid=pod.uid,
        ip=pod.ip,
        app=pod.app,
        ready=pod.ready,
        deleting=pod.deleting,
        restarts=pod.restarts,
    )


def _fault(fault: ActiveFault) -> Fault:
    memory = max(fault.memory_share, fault.memory_bytes / _MEMORY_LIMIT_BYTES)
    return Fault(
        pod_uid=fault.pod_uid,
        app=fault.app,
        delay=fault.latency,
        loss=1.0 if fault.action == "partition" else fault.loss,
        towards=fault.target_app or None,
        memory=min(1.0, memory / _WHOLE_SPARE_HEAP),
        cpu=min(1.0, fault.cpu_workers * fault.cpu_load / 2.0),
    )
