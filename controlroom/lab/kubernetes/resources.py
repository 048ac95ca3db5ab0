"""The resources this API server serves: one table that discovery, routing, storage and printing read."""

from __future__ import annotations

from dataclasses import dataclass

CHAOS_GROUP = "chaos-mesh.org"
READ_WRITE = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type of one API version."""

    group: str
    """The API group; empty for core."""
    version: str
    plural: str
    kind: str
    singular: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = READ_WRITE
    subresources: tuple[str, ...] = ()
    custom: bool = False
    """Whether it comes from a CustomResourceDefinition: other key order, patch types and list shape."""
    counts_generation: bool = False
    """Whether metadata.generation counts changes of the spec; a custom one counts all but metadata."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The resource as an error message names it: `podchaos.chaos-mesh.org`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


def _chaos(
    plural: str, kind: str, *, short: tuple[str, ...] = (), subresources: tuple[str, ...] = ()
) -> Resource:
    return Resource(
        CHAOS_GROUP,
        "v1alpha1",
        plural,
        kind,
        singular=plural if plural.endswith("chaos") else plural[:-1],
        verbs=("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"),
        short_names=short,
        subresources=subresources,
        custom=True,
        counts_generation=True,
    )


PODS = Resource(
    "",
    "v1",
    "pods",
    "Pod",
    "pod",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "log", "eviction"),
    counts_generation=True,
)
EVENTS = Resource("", "v1", "events", "Event", "event", short_names=("ev",))
NODES = Resource(
    "", "v1", "nodes", "Node", "node", namespaced=False, short_names=("no",), subresources=("status",)
)
NAMESPACES = Resource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    "namespace",
    namespaced=False,
    short_names=("ns",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    subresources=("status",),
)
SERVICES = Resource(
    "",
    "v1",
    "services",
    "Service",
    "service",
    short_names=("svc",),
    categories=("all",),
    subresources=("status",),
)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", "configmap", short_names=("cm",))
DEPLOYMENTS = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    "deployment",
    short_names=("deploy",),
    categories=("all",),
    subresources=("scale", "status"),
    counts_generation=True,
)
REPLICA_SETS = Resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    "replicaset",
    short_names=("rs",),
    categories=("all",),
    subresources=("scale", "status"),
    counts_generation=True,
)
JOBS = Resource(
    "batch", "v1", "jobs", "Job", "job", categories=("all",), subresources=("status",), counts_generation=True
)
NETWORK_POLICIES = Resource(
    "networking.k8s.io",
    "v1",
    "networkpolicies",
    "NetworkPolicy",
    "networkpolicy",
    short_names=("netpol",),
    counts_generation=True,
)
POD_CHAOS = _chaos("podchaos", "PodChaos")
NETWORK_CHAOS = _chaos("networkchaos", "NetworkChaos")
STRESS_CHAOS = _chaos("stresschaos", "StressChaos")
SCHEDULES = _chaos("schedules", "Schedule")

#: The kinds that share the life cycle of records, conditions and the finalizer chaos-mesh/records.
CHAOS_KINDS = (
    POD_CHAOS,
    NETWORK_CHAOS,
    STRESS_CHAOS,
    _chaos("iochaos", "IOChaos"),
    _chaos("timechaos", "TimeChaos"),
    _chaos("httpchaos", "HTTPChaos"),
    _chaos("dnschaos", "DNSChaos"),
)
RESOURCES: tuple[Resource, ...] = (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    DEPLOYMENTS,
    REPLICA_SETS,
    JOBS,
    NETWORK_POLICIES,
    *CHAOS_KINDS,
    SCHEDULES,
    _chaos("workflows", "Workflow", short=("wf",), subresources=("status",)),
    _chaos("podnetworkchaos", "PodNetworkChaos", subresources=("status",)),
)

_BY_PATH = {(each.group, each.version, each.plural): each for each in RESOURCES}
_BY_KIND = {(each.api_version, each.kind): each for each in RESOURCES}


def by_path(group: str, version: str, plural: str) -> Resource | None:
    """The resource of a request path, or None where this server has none."""
    return _BY_PATH.get((group, version, plural))


def by_kind(api_version: str, kind: str) -> Resource | None:
    return _BY_KIND.get((api_version, kind))


def group_versions() -> tuple[tuple[str, str], ...]:
    """Every (group, version) in the order of the table, each once."""
    return tuple(dict.fromkeys((each.group, each.version) for each in RESOURCES))
