"""Which pods an experiment may hit, by its manifest alone: nobody is asked.

What a manifest leaves open (annotations, nodes, phases, fields, a share of the pods) counts as may. So does
everything where a manifest cannot be read: a pod is never taken for out of reach by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.core.values import Value
from controlroom.plan.documents import Json, objects_of
from controlroom.plan.errors import Flaw
from controlroom.sources.chaos_mesh import Expression, Selector
from controlroom.sources.ports import PodSeen


class Reach(Value):
    """Some pods of a cluster: those that fulfil everything that is said."""

    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    """Empty: any."""
    labels: Mapping[str, str] = {}
    expressions: tuple[Expression, ...] = ()
    names: frozenset[str] | None = None
    """`namespace/name` of each; None: any."""
    workload: str = ""
    """Name of what makes the pods, or of a pod; empty: any."""

    def may_hit(self, seen: PodSeen) -> bool:
        pod, own = seen.pod, seen.labels
        return (
            pod.cluster == self.cluster
            and (not self.namespaces or pod.namespace in self.namespaces)
            and (self.names is None or f"{pod.namespace}/{pod.name}" in self.names)
            and self.workload in ("", seen.workload, pod.name)
            and all(own.get(key) == value for key, value in self.labels.items())
            and all(_fulfils(own, one) for one in self.expressions)
        )


def _fulfils(labels: Mapping[str, str], one: Expression) -> bool:
    """A set-based requirement as the API has it: NotIn holds for a pod without the label."""
    value = labels.get(one.key)
    match one.operator:
        case "In":
            return value is not None and value in (one.values or ())
        case "NotIn":
            return value is None or value not in (one.values or ())
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return True


def reach_of(manifest: str, namespaces: Sequence[str], cluster: str = "") -> tuple[Reach, ...]:
    """Everything that the objects of a manifest reach; `namespaces` are the plan's, the first is the default."""
    try:
        documents = [document for document, _ in objects_of(manifest)]
    except Flaw:
        return (Reach(cluster=cluster),)
    return tuple(reach for document in documents for reach in _of(document, namespaces, cluster))


def _of(document: Json, namespaces: Sequence[str], cluster: str) -> Iterator[Reach]:
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        yield Reach(cluster=cluster)
        return
    metadata, spec = document["metadata"], document.get("spec")
    assert isinstance(metadata, dict)
    own = str(metadata.get("namespace") or (namespaces[0] if namespaces else ""))
    try:
        if str(document.get("apiVersion", "")).startswith(CHAOS_GROUP):
            for selector in _selectors(spec):
                yield _selected(msgspec.convert(selector, Selector), own, cluster)
            return
        # Whatever it is: pods of a workload of its name belong to it.
        yield Reach(cluster=cluster, namespaces=(own,), workload=str(metadata.get("name") or "-"))
        if isinstance(spec, dict):
            yield from _otherwise(spec, own, cluster)
    except msgspec.ValidationError:
        yield Reach(cluster=cluster)


def _selectors(value: Json) -> Iterator[Json]:
    """Every `selector` in an object, however deep: schedules and workflows hold other objects' specs."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "selector":
                yield part
            else:
                yield from _selectors(part)
    elif isinstance(value, list):
        for part in value:
            yield from _selectors(part)


def _selected(selector: Selector, own: str, cluster: str) -> Reach:
    if selector.pods:  # those override every other part
        named = frozenset(f"{place}/{name}" for place, names in selector.pods.items() for name in names)
        return Reach(cluster=cluster, names=named)
    return Reach(
        cluster=cluster,
        namespaces=selector.namespaces or (own,),
        labels=selector.label_selectors or {},
        expressions=selector.expression_selectors or (),
    )


class _Labels(Value, rename="camel"):
    """Kubernetes' own LabelSelector."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[Expression, ...] | None = None


def _otherwise(spec: dict[str, Json], own: str, cluster: str) -> Iterator[Reach]:
    """What objects of other kinds say of the pods that they are about: workloads, policies, scalers, Litmus."""
    for key in ("selector", "podSelector"):
        part = spec.get(key)
        if not isinstance(part, dict):
            continue
        if part and not {"matchLabels", "matchExpressions"} & part.keys():
            plain = msgspec.convert(part, dict[str, str])  # a Service's
            yield Reach(cluster=cluster, namespaces=(own,), labels=plain)
            continue
        labels = msgspec.convert(part, _Labels)
        yield Reach(
            cluster=cluster,
            namespaces=(own,),
            labels=labels.match_labels or {},
            expressions=labels.match_expressions or (),
        )
    scaled = spec.get("scaleTargetRef")
    if isinstance(scaled, dict):
        yield Reach(cluster=cluster, namespaces=(own,), workload=str(scaled.get("name") or ""))
    app = spec.get("appinfo")
    if isinstance(app, dict):
        wanted = [part.partition("=") for part in str(app.get("applabel") or "").split(",") if "=" in part]
        yield Reach(
            cluster=cluster,
            namespaces=(str(app.get("appns") or own),),
            labels={key.strip(): value.strip() for key, _, value in wanted},
        )
