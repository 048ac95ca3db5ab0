"""Tables, as `kubectl get` asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controlroom.lab.kubernetes.documents import (
    Document,
    is_deleting,
    labels_of,
    metadata,
    name_of,
    seconds_of,
)
from controlroom.lab.kubernetes.resources import (
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NETWORK_CHAOS,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STRESS_CHAOS,
    Resource,
)

Cell = str | int
NONE = "<none>"
UNKNOWN = "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `wide` ones show with `-o wide`."""

    name: str
    description: str
    wide: bool = False
    type: str = "string"
    format: str = ""


def table(resource: Resource, items: list[Document], meta: Document, now: float, include: str) -> Document:
    """A Table of these objects at `now` (Unix seconds); `include` is None, Metadata or Object."""
    columns, row = _PRINTERS.get(resource, (_custom_columns() if resource.custom else _PLAIN, _plain_row))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": [
            {
                "name": each.name,
                "type": each.type,
                "format": each.format,
                "description": each.description,
                "priority": 1 if each.wide else 0,
            }
            for each in columns
        ],
        "rows": [{"cells": row(each, now), "object": _row_object(each, include)} for each in items],
    }


def _row_object(document: Document, include: str) -> Document | None:
    if include == "None":
        return None
    if include == "Object":
        return document
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": document["metadata"],
    }


def human_duration(seconds: float) -> str:
    """k8s.io/apimachinery's HumanDuration: two units at most, the second only while it matters."""
    whole = int(seconds)
    if whole < 0:
        return "0s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def _age(text: str | None, now: float) -> str:
    return human_duration(now - seconds_of(text)) if text else UNKNOWN


def _created(document: Document, now: float) -> str:
    return _age(metadata(document).get("creationTimestamp"), now)


def _joined(pairs: dict[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in (pairs or {}).items()) or NONE


def _pod_row(pod: Document, now: float) -> list[Cell]:
    statuses = pod["status"].get("containerStatuses") or []
    ready = sum(1 for each in statuses if each["ready"])
    return [
        name_of(pod),
        f"{ready}/{len(pod['spec']['containers'])}",
        _pod_state(pod),
        _restarts(statuses, now),
        _created(pod, now),
        pod["status"].get("podIP") or NONE,
        pod["spec"].get("nodeName") or NONE,
        NONE,
        NONE,
    ]


def _pod_state(pod: Document) -> str:
    state = str(pod["status"].get("phase", "Unknown"))
    for each in pod["status"].get("containerStatuses") or ():
        for kind in ("waiting", "terminated"):
            state = each["state"].get(kind, {}).get("reason") or state
    return "Terminating" if is_deleting(pod) else state


def _restarts(statuses: list[Document], now: float) -> str:
    count = sum(each["restartCount"] for each in statuses)
    ended = [each["lastState"].get("terminated", {}).get("finishedAt") for each in statuses]
    times = [seconds_of(each) for each in ended if each]
    return f"{count} ({human_duration(now - max(times))} ago)" if count and times else str(count)


def _deployment_row(deployment: Document, now: float) -> list[Cell]:
    status, spec = deployment.get("status") or {}, deployment["spec"]
    containers = spec["template"]["spec"]["containers"]
    return [
        name_of(deployment),
        f"{status.get('readyReplicas', 0)}/{spec['replicas']}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _created(deployment, now),
        ",".join(each["name"] for each in containers),
        ",".join(each["image"] for each in containers),
        _joined(spec["selector"].get("matchLabels")),
    ]


def _replica_set_row(replica_set: Document, now: float) -> list[Cell]:
    status, spec = replica_set.get("status") or {}, replica_set["spec"]
    containers = spec["template"]["spec"]["containers"]
    return [
        name_of(replica_set),
        spec["replicas"],
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        _created(replica_set, now),
        ",".join(each["name"] for each in containers),
        ",".join(each["image"] for each in containers),
        _joined(spec["selector"].get("matchLabels")),
    ]


def _event_row(event: Document, now: float) -> list[Cell]:
    about, source = event["involvedObject"], event.get("source") or {}
    last = event.get("lastTimestamp") or event.get("eventTime")
    first = event.get("firstTimestamp") or event.get("eventTime")
    return [
        _age(last, now),
        event["type"],
        event["reason"],
        f"{about['kind'].lower()}/{about['name']}",
        about.get("fieldPath", ""),
        ", ".join(
            filter(None, (source.get("component") or event.get("reportingComponent"), source.get("host")))
        ),
        event["message"].strip(),
        _age(first, now),
        event.get("count", 1),
        name_of(event),
    ]


def _node_row(node: Document, now: float) -> list[Cell]:
    info, status = node["status"]["nodeInfo"], node["status"]
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status["conditions"])
    addresses = {each["type"]: each["address"] for each in status["addresses"]}
    roles = [key.partition("/")[2] for key in labels_of(node) if key.startswith("node-role.kubernetes.io/")]
    return [
        name_of(node),
        "Ready" if ready else "NotReady",
        ",".join(roles) or NONE,
        _created(node, now),
        info["kubeletVersion"],
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info["osImage"],
        info["kernelVersion"],
        info["containerRuntimeVersion"],
    ]


def _namespace_row(namespace: Document, now: float) -> list[Cell]:
    return [name_of(namespace), namespace["status"]["phase"], _created(namespace, now)]


def _service_row(service: Document, now: float) -> list[Cell]:
    spec = service["spec"]
    ports = ",".join(f"{each['port']}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or ())
    return [
        name_of(service),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP", NONE),
        NONE,
        ports or NONE,
        _created(service, now),
        _joined(spec.get("selector")),
    ]


def _network_chaos_row(chaos: Document, now: float) -> list[Cell]:
    return [name_of(chaos), chaos["spec"].get("action", ""), chaos["spec"].get("duration", "")]


def _stress_chaos_row(chaos: Document, now: float) -> list[Cell]:
    return [name_of(chaos), chaos["spec"].get("duration", "")]


def _plain_row(document: Document, now: float) -> list[Cell]:
    return [name_of(document), _created(document, now)]


_NAME = Column(
    "Name",
    "Name must be unique within a namespace. Is required when creating resources, although some resources may "
    "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
    "for creation idempotence and configuration definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    format="name",
)
_AGE = Column("Age", "The time since the object was created, on the server's clock.")
_CONTAINERS = (
    Column("Containers", "Names of each container in the template.", wide=True),
    Column("Images", "Images referenced by each container in the template.", wide=True),
    Column("Selector", "Label selector for pods.", wide=True),
)


def _custom_columns() -> tuple[Column, ...]:
    """The columns of a custom resource that declares none of its own."""
    return (_NAME, Column("Age", _AGE.description, type="date"))


_PLAIN = (_NAME, _AGE)
_PRINTERS: dict[Resource, tuple[tuple[Column, ...], Callable[[Document, float], list[Cell]]]] = {
    PODS: (
        (
            _NAME,
            Column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
            Column("Status", "The aggregate status of the containers in this pod."),
            Column("Restarts", "The number of times the containers in this pod have been restarted."),
            _AGE,
            Column("IP", "podIP address allocated to the pod.", wide=True),
            Column("Node", "NodeName indicates in which node this pod is scheduled.", wide=True),
            Column("Nominated Node", "The node that a preempting pod is to run on.", wide=True),
            Column("Readiness Gates", "Conditions that are evaluated besides readiness.", wide=True),
        ),
        _pod_row,
    ),
    DEPLOYMENTS: (
        (
            _NAME,
            Column("Ready", "Number of the pod with ready state"),
            Column("Up-to-date", "Total number of pods that have the desired template spec."),
            Column("Available", "Total number of available pods."),
            _AGE,
            *_CONTAINERS,
        ),
        _deployment_row,
    ),
    REPLICA_SETS: (
        (
            _NAME,
            Column("Desired", "Replicas is the number of desired pods.", type="integer"),
            Column("Current", "Replicas is the most recently observed number of pods.", type="integer"),
            Column("Ready", "The number of pods with a Ready Condition.", type="integer"),
            _AGE,
            *_CONTAINERS,
        ),
        _replica_set_row,
    ),
    EVENTS: (
        (
            Column("Last Seen", "The time at which the most recent occurrence was recorded."),
            Column("Type", "Type of this event (Normal, Warning), new types could be added in the future"),
            Column("Reason", "Why the object is in its present status, in one word."),
            Column("Object", "The object that this event is about."),
            Column("Subobject", "The part of the object that this event is about.", wide=True),
            Column("Source", "The component reporting this event.", wide=True),
            Column("Message", "A human-readable description of the status of this operation."),
            Column("First Seen", "The time at which the event was first recorded.", wide=True),
            Column("Count", "The number of times this event has occurred.", wide=True),
            Column("Name", _NAME.description, wide=True, format="name"),
        ),
        _event_row,
    ),
    NODES: (
        (
            _NAME,
            Column("Status", "The status of the node"),
            Column("Roles", "The roles of the node"),
            _AGE,
            Column("Version", "Kubelet Version reported by the node."),
            Column("Internal-IP", "List of addresses reachable to the node.", wide=True),
            Column("External-IP", "List of addresses reachable to the node.", wide=True),
            Column("OS-Image", "OS Image reported by the node.", wide=True),
            Column("Kernel-Version", "Kernel Version reported by the node.", wide=True),
            Column("Container-Runtime", "ContainerRuntime Version reported by the node.", wide=True),
        ),
        _node_row,
    ),
    NAMESPACES: ((_NAME, Column("Status", "The status of the namespace"), _AGE), _namespace_row),
    SERVICES: (
        (
            _NAME,
            Column("Type", "How the service is exposed."),
            Column("Cluster-IP", "The IP address of the service."),
            Column("External-IP", "IP addresses outside the cluster."),
            Column("Port(s)", "The ports that the service exposes."),
            _AGE,
            Column("Selector", "Labels of the pods that traffic goes to.", wide=True),
        ),
        _service_row,
    ),
    NETWORK_CHAOS: (
        (
            _NAME,
            Column("action", "the action of network chaos"),
            Column("duration", "the duration of network chaos"),
        ),
        _network_chaos_row,
    ),
    STRESS_CHAOS: ((_NAME, Column("duration", "the duration of stress chaos")), _stress_chaos_row),
}
