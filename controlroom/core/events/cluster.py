"""What the cluster's own objects tell: pods and Kubernetes Events."""

from __future__ import annotations

from datetime import datetime

from controlroom.core.events.body import Body, Show

_NEVER = Show.NEVER


class PodObserved(Body, tag="pod.observed"):
    """A pod of a watched namespace changed in what a facilitator looks at."""

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
