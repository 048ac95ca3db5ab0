"""Pods and Events as the cluster sends them, read into what a facilitator looks at."""

from __future__ import annotations

from datetime import datetime

import msgspec

from controlroom.core.clean import clean
from controlroom.core.events import KubeEvent, PodObserved
from controlroom.core.values import Value
from controlroom.sources.ports import PodSeen


class Owner(Value):
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class PodMetadata(Value, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    owner_references: tuple[Owner, ...] | None = None


class PodSpec(Value, rename="camel"):
    node_name: str | None = None


class PodCondition(Value, rename="camel"):
    type: str
    status: str = ""
    last_transition_time: datetime | None = None


class Reasoned(Value, rename="camel"):
    reason: str | None = None
    exit_code: int | None = None


class ContainerState(Value):
    waiting: Reasoned | None = None
    terminated: Reasoned | None = None


class ContainerStatus(Value, rename="camel"):
    restart_count: int = 0
    state: ContainerState | None = None


class PodStatus(Value, rename="camel"):
    phase: str = ""
    reason: str | None = None
    conditions: tuple[PodCondition, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None


class PodObject(Value):
    metadata: PodMetadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class About(Value):
    kind: str = ""
    name: str = ""


class EventSource(Value):
    component: str | None = None


class EventMetadata(Value, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None


class EventObject(Value, rename="camel"):
    metadata: EventMetadata
    involved_object: About = About()
    reason: str | None = None
    message: str | None = None
    type: str | None = None
    source: EventSource | None = None
    reporting_component: str | None = None
    count: int | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None


_POD = msgspec.json.Decoder(PodObject)
_EVENT = msgspec.json.Decoder(EventObject)


def seen_of(raw: bytes | PodObject, *, before: PodSeen | None = None, gone: bool = False) -> PodSeen:
    """The pod of an object, which may be JSON still, with what it belongs to.

    `before`: what was known under that name. Who a pod is stays the same while its uid and labels do.
    """
    pod = raw if isinstance(raw, PodObject) else _POD.decode(raw)
    labels = pod.metadata.labels or {}
    if not before or not before.kind or before.pod.uid != pod.metadata.uid or before.labels != labels:
        kind, workload = _workload(pod.metadata, labels)
        return PodSeen(
            pod=_observed(pod, _identity(pod.metadata), gone), labels=labels, kind=kind, workload=workload
        )
    known = before.pod
    same = (known.namespace, known.name, known.uid, known.app)
    return PodSeen(
        pod=_observed(pod, same, gone), labels=before.labels, kind=before.kind, workload=before.workload
    )


def _identity(meta: PodMetadata) -> tuple[str, str, str, str]:
    """Namespace, name, uid and app."""
    return clean(meta.namespace), clean(meta.name), clean(meta.uid), clean(_app(meta))


def _workload(meta: PodMetadata, labels: dict[str, str]) -> tuple[str, str]:
    """Kind and name of what makes the pod; of one that nothing makes, no kind and its app."""
    owner = next((owner for owner in meta.owner_references or () if owner.controller), None)
    if owner is None:
        return "", clean(_app(meta))
    name = owner.name
    # A Deployment calls its ReplicaSets name-hash, a CronJob its Jobs name-minutes.
    if (tail := labels.get("pod-template-hash")) and owner.kind == "ReplicaSet":
        name = name.removesuffix(f"-{tail}")
    elif owner.kind == "Job" and name.rpartition("-")[2].isdigit():
        name = name.rpartition("-")[0] or name
    return clean(owner.kind), clean(name)


def _observed(pod: PodObject, identity: tuple[str, str, str, str], gone: bool) -> PodObserved:
    """A pod that is being deleted is no longer counted as Ready."""
    meta, status = pod.metadata, pod.status
    ready = next((one for one in status.conditions or () if one.type == "Ready"), None)
    going = gone or meta.deletion_timestamp is not None
    is_ready = ready is not None and ready.status == "True" and not going
    containers = status.container_statuses or ()
    namespace, name, uid, app = identity
    return PodObserved(
        namespace=namespace,
        name=name,
        uid=uid,
        app=app,
        node=clean(pod.spec.node_name or ""),
        phase=clean(status.phase),
        ready=is_ready,
        reason="Terminating" if going and not gone else clean(_reason(status)),
        restarts=sum(container.restart_count for container in containers),
        created_at=meta.creation_timestamp,
        ready_at=ready.last_transition_time if ready is not None and is_ready else None,
        gone=gone,
    )


def _app(meta: PodMetadata) -> str:
    """What the pod belongs to: its app label, else the workload that made it."""
    labels = meta.labels or {}
    for key in ("app", "app.kubernetes.io/name", "app.kubernetes.io/component", "k8s-app"):
        if labels.get(key):
            return labels[key]
    owner = next((owner for owner in meta.owner_references or () if owner.controller), None)
    if owner is None:
        return ""
    # A ReplicaSet is called deployment-hash.
    return owner.name.rsplit("-", 1)[0] if owner.kind == "ReplicaSet" else owner.name


def _reason(status: PodStatus) -> str:
    """Why it is not running, as `kubectl get pods` has it; empty for one that runs."""
    if status.reason:
        return status.reason
    for container in status.container_statuses or ():
        state = container.state
        if state is None:
            continue
        if state.waiting is not None and state.waiting.reason:
            return state.waiting.reason
        if state.terminated is not None:
            return state.terminated.reason or f"ExitCode:{state.terminated.exit_code}"
    return ""


def event_of(raw: bytes | EventObject) -> KubeEvent:
    """The Kubernetes Event of an object (core/v1), which may be JSON still."""
    event = raw if isinstance(raw, EventObject) else _EVENT.decode(raw)
    component = event.source.component if event.source else None
    return KubeEvent(
        namespace=clean(event.metadata.namespace),
        about=clean(f"{event.involved_object.kind}/{event.involved_object.name}"),
        reason=clean(event.reason or "", 100),
        message=clean(event.message or ""),
        type=clean(event.type or "Normal", 20),
        component=clean(component or event.reporting_component or "", 100),
        count=event.count or 1,
        last_at=event.last_timestamp or event.event_time or event.metadata.creation_timestamp,
    )


class _Typed(Value, rename="camel"):
    api_version: str = ""
    kind: str = ""


class _Owner(msgspec.Struct):
    uid: str


class _OwnedMetadata(msgspec.Struct):
    owners: list[_Owner] | None = msgspec.field(name="ownerReferences", default=None)


class _Owned(msgspec.Struct):
    metadata: _OwnedMetadata


def owners_of(raw: bytes) -> tuple[str, ...]:
    """Uids of what made an object (JSON)."""
    return tuple(one.uid for one in msgspec.json.decode(raw, type=_Owned).metadata.owners or ())


def whole(raw: bytes, api_version: str, kind: str) -> bytes:
    """The object with its type: items of a list of built-in kinds come without."""
    typed = msgspec.json.decode(raw, type=_Typed)
    if typed.api_version and typed.kind:
        return raw
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    kept = {key: value for key, value in fields.items() if key not in ("apiVersion", "kind")}
    return msgspec.json.encode({"apiVersion": api_version, "kind": kind, **kept})
