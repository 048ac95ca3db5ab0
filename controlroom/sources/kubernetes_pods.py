"""The pods that a selector of Chaos Mesh matches now."""

from __future__ import annotations

import asyncio

import msgspec

from controlroom.core.values import Value
from controlroom.sources.chaos_mesh import Candidate, Selector, matches
from controlroom.sources.errors import Doing, decoded
from controlroom.sources.kubernetes_api import Api, path_of
from controlroom.sources.ports import SourceError

NOT_FOUND = 404


class _Meta(Value, rename="camel"):
    name: str
    namespace: str = ""
    annotations: dict[str, str] | None = None
    deletion_timestamp: str | None = None


class _Spec(Value, rename="camel"):
    node_name: str | None = None
    host_network: bool = False


class _PodStatus(Value):
    phase: str = ""


class _Pod(Value):
    metadata: _Meta
    spec: _Spec = _Spec()
    status: _PodStatus = _PodStatus()


class _Pods(Value):
    items: tuple[_Pod, ...] | None = None


_PODS = msgspec.json.Decoder(_Pods)
_POD = msgspec.json.Decoder(_Pod)


async def matching_pods(api: Api, selector: Selector, own_namespace: str) -> list[str]:
    """`namespace/name` of each."""
    return [pod.key for pod in await matching(api, selector, own_namespace)]


async def matching(api: Api, selector: Selector, own_namespace: str) -> list[Candidate]:
    """The pods. Those listed by name override every other part of a selector."""
    if selector.pods:
        named = [(namespace, name) for namespace, names in selector.pods.items() for name in names]
        pods = await asyncio.gather(*(_named(api, namespace, name) for namespace, name in named))
        return [pod for pod in pods if pod is not None and not pod.going]
    nodes = await _nodes(api, selector) if selector.node_selectors else None
    places = selector.namespaces or (own_namespace,)
    found = await asyncio.gather(*(_listed(api, selector, namespace) for namespace in places))
    return [pod for some in found for pod in some if matches(selector, pod, nodes)]


async def _listed(api: Api, selector: Selector, namespace: str) -> list[Candidate]:
    doing = Doing(what=f"list pods in {namespace}")
    query = {"labelSelector": selector.labels_query(), "fieldSelector": selector.fields_query()}
    given = {key: value for key, value in query.items() if value}
    pods = decoded(_PODS, await api.get(path_of("v1", "pods", namespace), doing, **given), doing)
    return [_candidate(pod, namespace) for pod in pods.items or ()]


async def _named(api: Api, namespace: str, name: str) -> Candidate | None:
    doing = Doing(what=f"read pod {name}")
    try:
        return _candidate(
            decoded(_POD, await api.get(path_of("v1", "pods", namespace, name), doing), doing), namespace
        )
    except SourceError as error:
        if error.status == NOT_FOUND:
            return None
        raise


async def _nodes(api: Api, selector: Selector) -> frozenset[str]:
    doing = Doing(what="list nodes")
    wanted = ",".join(f"{key}={value}" for key, value in sorted((selector.node_selectors or {}).items()))
    nodes = decoded(_PODS, await api.get(path_of("v1", "nodes"), doing, labelSelector=wanted), doing)
    return frozenset(node.metadata.name for node in nodes.items or ())


def _candidate(pod: _Pod, namespace: str) -> Candidate:
    return Candidate(
        key=f"{pod.metadata.namespace or namespace}/{pod.metadata.name}",
        phase=pod.status.phase,
        node=pod.spec.node_name or "",
        annotations=pod.metadata.annotations or {},
        going=pod.metadata.deletion_timestamp is not None,
        host_network=pod.spec.host_network,
    )
