"""What the cluster's own objects tell: pods and Kubernetes Events."""

from __future__ import annotations

from datetime import datetime

from controlroom.core.events.body import Body, Show
from controlroom.core.values import Value

_NEVER = Show.NEVER


class PodObserved(Body, tag="pod.observed"):
    """A pod that an experiment may hit, or one like it, changed in what a facilitator looks at."""

    namespace: str
    name: str
    uid: str
    app: str
    node: str = ""
    phase: str = ""
    ready: bool = False
    reason: str = ""
    restarts: int = 0
    created_at: datetime | None = None
    ready_at: datetime | None = None
    """When it last became Ready, by its node's clock in whole seconds; None: it is not Ready."""
    gone: bool = False
    cluster: str = ""
    """The name of one of the plan's further clusters; empty: the plan's own."""
    audience = {
        "namespace": _NEVER,
        "name": _NEVER,
        "uid": _NEVER,
        "app": _NEVER,
        "node": _NEVER,
        "phase": _NEVER,
        "ready": _NEVER,
        "reason": _NEVER,
        "restarts": _NEVER,
        "created_at": _NEVER,
        "ready_at": _NEVER,
        "gone": _NEVER,
        "cluster": _NEVER,
    }

    @property
    def key(self) -> str:
        """What tells it from every other pod: `namespace/name`, in a further cluster `cluster:namespace/name`."""
        name = f"{self.namespace}/{self.name}"
        return f"{self.cluster}:{name}" if self.cluster else name


class PodCount(Value):
    """The pods of one workload. Those that have done their work (phase Succeeded) are left out."""

    namespace: str
    workload: str
    """Name of what makes them; empty: all that nothing makes."""
    kind: str = ""
    """Kind of what makes them: ReplicaSet (also by way of a Deployment), StatefulSet, Job …; empty: nothing does."""
    pods: int = 0
    ready: int = 0
    restarts: int = 0
    """Of the pods there are, summed."""
    singly: bool = False
    """From now on they are told one by one, and counted no longer."""


class PodsCounted(Body, tag="pods.counted"):
    """Pods that no experiment may hit, as counts: of the workloads whose count changed, at most once a second."""

    counts: tuple[PodCount, ...]
    cluster: str = ""
    """The name of one of the plan's further clusters; empty: the plan's own."""
    audience = {"counts": _NEVER, "cluster": _NEVER}

    def key(self, count: PodCount) -> str:
        """What tells a workload from every other: `namespace/kind/name`, in a further cluster with its name first."""
        return workload_key(self.cluster, count.namespace, count.kind, count.workload)


def workload_key(cluster: str, namespace: str, kind: str, workload: str) -> str:
    name = f"{namespace}/{kind}/{workload}"
    return f"{cluster}:{name}" if cluster else name


class KubeEvent(Body, tag="kube.event"):
    """A Kubernetes Event; `count` of one that repeats rises."""

    namespace: str
    about: str
    """`Kind/name` of the object it is about."""
    reason: str
    message: str
    type: str = "Normal"
    component: str = ""
    count: int = 1
    last_at: datetime | None = None
    cluster: str = ""
    """The name of one of the plan's further clusters; empty: the plan's own."""
    audience = {
        "namespace": _NEVER,
        "about": _NEVER,
        "reason": _NEVER,
        "message": _NEVER,
        "type": _NEVER,
        "component": _NEVER,
        "count": _NEVER,
        "last_at": _NEVER,
        "cluster": _NEVER,
    }
