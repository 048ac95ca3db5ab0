"""The lab's cluster in one object: what the world model and the HTTP server work with."""

from __future__ import annotations

from collections.abc import Callable

from controlroom.clock import Clock
from controlroom.lab.kubernetes.controllers.chaos.effects import Effects
from controlroom.lab.kubernetes.controllers.chaos.pipeline import ChaosController
from controlroom.lab.kubernetes.controllers.chaos.schedules import ScheduleController
from controlroom.lab.kubernetes.controllers.chaos.workbench import Workbench
from controlroom.lab.kubernetes.controllers.deployments import DeploymentController
from controlroom.lab.kubernetes.controllers.garbage import GarbageCollector
from controlroom.lab.kubernetes.controllers.kubelet import Kubelet
from controlroom.lab.kubernetes.controllers.pod_status import is_ready
from controlroom.lab.kubernetes.controllers.recorder import Recorder
from controlroom.lab.kubernetes.controllers.replica_sets import ReplicaSetController
from controlroom.lab.kubernetes.defaults import with_defaults
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    stamp,
    uid_of,
)
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.resources import DEPLOYMENTS, PODS, by_kind
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers
from controlroom.lab.kubernetes.trouble import NO_TROUBLE, Trouble
from controlroom.lab.kubernetes.views import ActiveFault, DeploymentView, FaultChange, PodView


class Cluster:
    """Objects and controllers in virtual time.

    `startup_seconds(app, pod_name)` gives the seconds from a container's start to its readiness.
    The cluster begins `past` seconds before the clock's time, so that what is set up first looks settled
    once :meth:`step` has reached the present. Nothing happens by itself: time moves in :meth:`step`.
    """

    def __init__(
        self,
        clock: Clock,
        seed: int,
        startup_seconds: Callable[[str, str], float],
        *,
        past: float = 6 * 3600.0,
    ) -> None:
        self.clock = clock
        self.namer = Namer(seed)
        self.timers = Timers(clock.time() - past)
        self.store = Store(self.timers, self.namer)
        self.recorder = Recorder(self.store, self.timers)
        self._trouble = NO_TROUBLE
        self.kubelet = Kubelet(self.store, self.timers, self.recorder, self.namer, startup_seconds)
        self._replica_sets = ReplicaSetController(self.store, self.timers, self.recorder)
        self._deployments = DeploymentController(self.store, self.timers, self.recorder)
        self._garbage = GarbageCollector(self.store, self.timers)
        self._effects = Effects(self.store, self.timers, self.kubelet)
        bench = Workbench(
            self.store, self.timers, self.recorder, self.namer, self._effects, lambda: self._trouble
        )
        self._chaos = ChaosController(bench)
        self._schedules = ScheduleController(bench)
        self._pods: tuple[PodView, ...] | None = None
        self.store.subscribe(self._see)

    @property
    def now(self) -> float:
        """How far virtual time has got (Unix seconds)."""
        return self.timers.now

    def step(self, now: float) -> None:
        """Runs everything due by `now` (Unix seconds) in order, each at its own time; never goes back."""
        self.timers.run_until(now)

    def catch_up(self) -> None:
        """Steps to the clock's present, so that a request is answered as of now."""
        self.step(self.clock.time())

    @property
    def trouble(self) -> Trouble:
        """What goes wrong at the moment; may be set at any time."""
        return self._trouble

    @trouble.setter
    def trouble(self, trouble: Trouble) -> None:
        back = self._trouble.controller_gone and not trouble.controller_gone
        self._trouble = trouble
        if back:
            self._chaos.return_to_work()

    def on_fault(self, listener: Callable[[FaultChange], None]) -> None:
        """Calls `listener` at each physical change of a fault, at its own virtual time."""
        self._effects.listeners.append(listener)

    def create(self, document: Document) -> Document:
        """Creates an object of a served kind, without admission; raises KeyError for another kind."""
        resource = by_kind(document["apiVersion"], document["kind"])
        if resource is None:
            raise KeyError(f"{document['apiVersion']}/{document['kind']}")
        return self.store.create(resource, with_defaults(resource, document))

    def pods(self, namespace: str = "", app: str = "") -> list[PodView]:
        """The pods of a namespace and app, of all where empty; in the order of their names."""
        if self._pods is None:
            self._pods = tuple(self._view(pod) for pod in self.store.select(PODS))
        return [
            pod
            for pod in self._pods
            if (not namespace or pod.namespace == namespace) and (not app or pod.app == app)
        ]

    def active_faults(self) -> tuple[ActiveFault, ...]:
        """Every fault in force in some pod, in the order of their start. One-shot kinds are never in it."""
        return self._effects.active()

    def deployments(self, namespace: str = "") -> list[DeploymentView]:
        """The Deployments with their counts."""
        return [
            DeploymentView(
                name=name_of(each),
                namespace=namespace_of(each),
                replicas=each["spec"]["replicas"],
                ready=each.get("status", {}).get("readyReplicas", 0),
                available=each.get("status", {}).get("availableReplicas", 0),
                updated=each.get("status", {}).get("updatedReplicas", 0),
            )
            for each in self.store.select(DEPLOYMENTS, namespace)
        ]

    def rollout_restart(self, namespace: str, name: str, by: str) -> None:
        """What `kubectl rollout restart` does: stamps the pod template; `by` is the field manager.

        Raises KeyError for a Deployment that does not exist.
        """
        made = copied(self._deployment(namespace, name))
        notes = made["spec"]["template"].setdefault("metadata", {}).setdefault("annotations", {})
        notes["kubectl.kubernetes.io/restartedAt"] = stamp(self.now)
        notes["kubectl.kubernetes.io/restartedBy"] = by
        self.store.update(DEPLOYMENTS, made)

    def record_event(
        self, namespace: str, about: str, component: str, reason: str, message: str, type_: str = "Normal"
    ) -> None:
        """Writes an Event on the Deployment `about`; raises KeyError if it does not exist."""
        self.recorder.record(self._deployment(namespace, about), component, reason, message, type_=type_)

    def _deployment(self, namespace: str, name: str) -> Document:
        held = self.store.get(DEPLOYMENTS, namespace, name)
        if held is None:
            raise KeyError(f"deployment {namespace}/{name}")
        return held

    def _see(self, change: Change) -> None:
        if change.resource is PODS:
            self._pods = None

    def _view(self, pod: Document) -> PodView:
        times = self.kubelet.times(uid_of(pod))
        labels, status = labels_of(pod), pod["status"]
        return PodView(
            name=name_of(pod),
            namespace=namespace_of(pod),
            uid=uid_of(pod),
            ip=status.get("podIP", ""),
            node=pod["spec"].get("nodeName", ""),
            app=labels.get("app") or labels.get("app.kubernetes.io/component", ""),
            ready=is_ready(pod),
            phase=status["phase"],
            started_at=times.started_at,
            ready_at=times.ready_at,
            deleting=is_deleting(pod),
            restarts=sum(each["restartCount"] for each in status.get("containerStatuses", ())),
        )
