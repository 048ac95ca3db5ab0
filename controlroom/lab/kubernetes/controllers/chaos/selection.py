"""Which pods a chaos object selects, and how many of them its mode takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from controlroom.lab.kubernetes.documents import (
    Document,
    annotations_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
)
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.resources import NODES, PODS
from controlroom.lab.kubernetes.selectors import expression_matches, field_value
from controlroom.lab.kubernetes.store import Store


def matching_pods(store: Store, selector: Document, default_namespace: str) -> list[Document]:
    """The pods that a PodSelectorSpec matches, in the order of their names.

    Pods that are being deleted are left out: a fault in them would end with them.
    """
    found = (
        _by_name(store, selector) if selector.get("pods") else _by_labels(store, selector, default_namespace)
    )
    return [pod for pod in found if not is_deleting(pod)]


def _by_name(store: Store, selector: Document) -> Iterator[Document]:
    """`selector.pods` overrides every other part of the selector."""
    for namespace, names in sorted(selector["pods"].items()):
        for name in names:
            pod = store.get(PODS, namespace, name)
            if pod is not None:
                yield pod


def _by_labels(store: Store, selector: Document, default_namespace: str) -> Iterator[Document]:
    for namespace in selector.get("namespaces") or [default_namespace]:
        for pod in store.select(PODS, namespace):
            if _matches(store, selector, pod):
                yield pod


def _matches(store: Store, selector: Document, pod: Document) -> bool:
    labels, annotations = labels_of(pod), annotations_of(pod)
    node = pod["spec"].get("nodeName", "")
    phases = selector.get("podPhaseSelectors")
    node_labels = selector.get("nodeSelectors")
    return (
        _contains(labels, selector.get("labelSelectors"))
        and _contains(annotations, selector.get("annotationSelectors"))
        and all(
            field_value(pod, path) == text for path, text in (selector.get("fieldSelectors") or {}).items()
        )
        and all(expression_matches(each, labels) for each in selector.get("expressionSelectors") or ())
        and (not phases or pod["status"]["phase"] in phases)
        and (not selector.get("nodes") or node in selector["nodes"])
        and (not node_labels or _contains(labels_of(store.get(NODES, "", node) or {}), node_labels))
    )


def _contains(held: dict[str, str], wanted: dict[str, str] | None) -> bool:
    return all(held.get(key) == value for key, value in (wanted or {}).items())


def take(names: list[str], mode: str, value: str, namer: Namer) -> list[str]:
    """Those of `names` that a mode takes; all but `all` draw at random.

    `fixed-percent` rounds up; `random-max-percent` draws the percentage first and may take none.
    """
    match mode:
        case "all":
            return names
        case "one":
            count = 1
        case "fixed":
            count = int(value)
        case "fixed-percent":
            count = math.ceil(len(names) * int(value) / 100)
        case _:
            count = math.floor(len(names) * namer.uniform(0, int(value)) / 100)
    return namer.sample(names, min(count, len(names)))


def pod_keys(pods: list[Document]) -> list[str]:
    """`namespace/name` of each pod."""
    return [f"{namespace_of(pod)}/{name_of(pod)}" for pod in pods]
