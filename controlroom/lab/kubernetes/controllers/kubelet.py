"""The life of a pod: scheduled, its containers created and started, ready, restarted, ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controlroom.lab.kubernetes.controllers import pod_status
from controlroom.lab.kubernetes.controllers.recorder import Recorder
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.resources import NODES, PODS
from controlroom.lab.kubernetes.store import Change, Store
from controlroom.lab.kubernetes.timers import Timers

SCHEDULING = 0.009
SYNC = 0.009
CONTAINER_START = 0.5
#: What a pod failure puts in place of each image (controllerManager.podChaos.podFailure.pauseImage).
PAUSE_IMAGE = "gcr.io/google-containers/pause:latest"
#: How long a container takes to end after SIGTERM, in seconds: from, to.
SHUTDOWN = (0.8, 2.5)


@dataclass(slots=True)
class PodTimes:
    """The exact moments of a pod, which its status gives in whole seconds only (Unix seconds)."""

    started_at: float | None = None
    """The present container's start."""
    ready_at: float | None = None
    """The last time it became Ready; None while it is not."""
    run: int = 0
    """How many times its containers have started: tells an outdated readiness timer."""


class Kubelet:
    """Scheduler and kubelets of all nodes in one.

    `startup_seconds(app, pod_name)` gives the seconds from a container's start to its readiness.
    """

    def __init__(
        self,
        store: Store,
        timers: Timers,
        recorder: Recorder,
        namer: Namer,
        startup_seconds: Callable[[str, str], float],
    ) -> None:
        self._store = store
        self._timers = timers
        self._recorder = recorder
        self._namer = namer
        self._startup_seconds = startup_seconds
        self._times: dict[str, PodTimes] = {}
        self._addresses = 0
        store.subscribe(self._see)

    def times(self, uid: str) -> PodTimes:
        """The exact times of the pod with that uid; empty times for an unknown one."""
        return self._times.get(uid) or PodTimes()

    def restart(self, pod: Document, container: str, *, exit_code: int, image: str | None = None) -> None:
        """Ends a container and starts it again, from another image if one is given.

        It becomes ready after the start-up time, unless the image is the pause image of a pod failure.
        """
        now = self._timers.now
        made = copied(pod)
        spec = next(each for each in made["spec"]["containers"] if each["name"] == container)
        made["status"] = pod_status.restarted(made, now, container, image or spec["image"], exit_code)
        self._store.update(PODS, made)
        message = f"Container {container} definition changed, will be restarted" if image else None
        if message:
            self._event(made, "Killing", message)
        self._event(made, "Started", "Container started")
        self._started(made, will_be_ready=image != PAUSE_IMAGE)

    def _see(self, change: Change) -> None:
        if change.resource is not PODS:
            return
        uid = uid_of(change.object)
        if change.type == "ADDED":
            self._times[uid] = PodTimes()
            self._later(SCHEDULING, change.object, self._schedule)
        elif change.type == "DELETED":
            self._times.pop(uid, None)
        elif is_deleting(change.object) and change.before is not None and not is_deleting(change.before):
            self._event(change.object, "Killing", f"Stopping container {_first(change.object)}")
            grace = float(change.object["metadata"]["deletionGracePeriodSeconds"])
            self._later(min(grace, self._namer.uniform(*SHUTDOWN)), change.object, self._end)

    def _later(self, seconds: float, pod: Document, act: Callable[[Document], None]) -> None:
        """Runs `act` on the pod as it is then, if it is still the same pod."""
        namespace, name, uid = namespace_of(pod), name_of(pod), uid_of(pod)

        def run() -> None:
            held = self._store.get(PODS, namespace, name)
            if held is not None and uid_of(held) == uid:
                act(held)

        self._timers.after(seconds, run)

    def _schedule(self, pod: Document) -> None:
        node = pod["spec"].get("nodeName") or self._emptiest_node()
        made = copied(pod)
        made["spec"]["nodeName"] = node
        made["status"] = pod_status.scheduled(made, self._timers.now)
        self._store.update(PODS, made)
        target = f"{namespace_of(pod)}/{name_of(pod)}"
        self._recorder.record_action(
            made, "default-scheduler", "Scheduled", "Binding", f"Successfully assigned {target} to {node}"
        )
        self._later(SYNC, made, self._create_containers)

    def _emptiest_node(self) -> str:
        counts = {name_of(node): 0 for node in self._store.select(NODES)}
        for pod in self._store.select(PODS):
            node = pod["spec"].get("nodeName")
            if node in counts:
                counts[node] += 1
        return min(counts, key=lambda name: (counts[name], name)) if counts else "staging-node-1"

    def _create_containers(self, pod: Document) -> None:
        if is_deleting(pod):
            return
        made = copied(pod)
        made["status"] = pod_status.creating(made, self._timers.now, self._host_address(pod))
        self._store.update(PODS, made)
        self._later(CONTAINER_START, made, self._start)

    def _host_address(self, pod: Document) -> str:
        node = self._store.get(NODES, "", pod["spec"].get("nodeName", ""))
        addresses = node["status"]["addresses"] if node else ()
        return next((each["address"] for each in addresses if each["type"] == "InternalIP"), "192.168.49.2")

    def _start(self, pod: Document) -> None:
        if is_deleting(pod):
            return
        self._addresses += 1
        address = f"10.244.{self._addresses // 250}.{self._addresses % 250 + 2}"
        made = copied(pod)
        made["status"] = pod_status.running(made, self._timers.now, address)
        self._store.update(PODS, made)
        for container in made["spec"]["containers"]:
            image, name = container["image"], container["name"]
            self._event(made, "Pulled", f'Container image "{image}" already present on machine')
            self._event(made, "Created", f"Created container: {name}")
            self._event(made, "Started", f"Started container {name}")
        self._started(made, will_be_ready=True)

    def _started(self, pod: Document, *, will_be_ready: bool) -> None:
        times = self._times[uid_of(pod)]
        times.run += 1
        times.started_at, times.ready_at = self._timers.now, None
        run = times.run
        if will_be_ready:
            app = labels_of(pod).get("app", "")
            self._later(
                self._startup_seconds(app, name_of(pod)), pod, lambda held: self._become_ready(held, run)
            )

    def _become_ready(self, pod: Document, run: int) -> None:
        times = self._times[uid_of(pod)]
        if times.run != run or pod["status"]["phase"] != "Running":
            return
        times.ready_at = self._timers.now
        made = copied(pod)
        names = [each["name"] for each in made["spec"]["containers"]]
        made["status"] = pod_status.running(made, self._timers.now, made["status"]["podIP"], ready=names)
        self._store.update(PODS, made)

    def _end(self, pod: Document) -> None:
        """The containers have ended: the last status, then the two writes that remove the pod."""
        made = copied(pod)
        made["status"] = pod_status.ended(made, self._timers.now)
        self._store.update(PODS, made)
        self._later(0.008, made, self._remove)

    def _remove(self, pod: Document) -> None:
        marked = self._store.begin_deletion(PODS, pod, self._timers.now, 0)
        if not marked["metadata"].get("finalizers"):
            self._later(0.009, marked, self._forget)

    def _forget(self, pod: Document) -> None:
        self._store.remove(PODS, pod)

    def _event(self, pod: Document, reason: str, message: str) -> None:
        self._recorder.record(pod, "kubelet", reason, message, host=pod["spec"].get("nodeName", ""))


def _first(pod: Document) -> str:
    return str(pod["spec"]["containers"][0]["name"])
