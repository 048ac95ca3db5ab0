"""GET of one object and of a list: selectors, paging, the shapes that Accept asks for."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Literal

from controlroom.lab.kubernetes.api import errors
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.options import ListOptions
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.api.tables import table
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.documents import Document, labels_of, name_of, namespace_of
from controlroom.lab.kubernetes.resources import EVENTS, PODS, Resource
from controlroom.lab.kubernetes.selectors import BadSelector, field_value, parse_fields, parse_labels

Shape = Literal["Object", "Table", "PartialObjectMetadata"]
Test = Callable[[Document], bool]

_ANY_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: dict[Resource, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
}
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
    "the results. Continuing with the provided token results in an inconsistent list - objects that were "
    "created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


def get_one(cluster: Cluster, route: Route, shape: Shape, include: str) -> Answer:
    """One object; raises 404."""
    held = cluster.store.get(route.resource, route.namespace, route.name)
    if held is None:
        raise errors.not_found(route.resource, route.name)
    return Answer(200, shaped(cluster, route.resource, held, shape, include))


def shaped(cluster: Cluster, resource: Resource, document: Document, shape: Shape, include: str) -> Document:
    """One object in the shape asked for."""
    if shape == "Table":
        meta = {"resourceVersion": document["metadata"]["resourceVersion"]}
        return table(resource, [document], meta, cluster.now, include)
    return partial(document) if shape == "PartialObjectMetadata" else document


def partial(document: Document) -> Document:
    """An object's metadata alone."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": document["metadata"],
    }


def tester(route: Route, options: ListOptions) -> Test:
    """Whether an object is one of those asked for; raises 400 for selectors that do not parse."""
    try:
        labels = parse_labels(options.label_selector)
        fields = parse_fields(options.field_selector)
    except BadSelector as error:
        raise errors.bad_request(_selector_error(str(error))) from None
    known = (*_ANY_FIELDS, *_FIELDS.get(route.resource, ()))
    for path, _, _ in fields:
        if path not in known:
            raise errors.bad_request(f"field label not supported: {path}")

    def test(document: Document) -> bool:
        if route.namespace and namespace_of(document) != route.namespace:
            return False
        if route.name and name_of(document) != route.name:
            return False
        return labels(labels_of(document)) and all(
            (field_value(document, path) == value) is equal for path, equal, value in fields
        )

    return test


def _selector_error(text: str) -> str:
    if text.count("(") > text.count(")"):
        return "unable to parse requirement: found '', expected: ',', ')' or identifier"
    return f"unable to parse requirement: found '{text}', expected: in, notin, =, ==, !=, gt, lt"


def selected(cluster: Cluster, route: Route, options: ListOptions) -> list[Document]:
    """The objects that the selectors match."""
    test = tester(route, options)
    return [each for each in cluster.store.select(route.resource, route.namespace) if test(each)]


def check_revision(cluster: Cluster, options: ListOptions) -> None:
    """Raises 400 for no number, 410 for an exact revision, which nobody keeps here, 504 for a future one."""
    text = options.resource_version
    if not text:
        return
    if not text.isdigit():
        parse = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": {parse}'
        )
    current = cluster.store.revision
    if int(text) > current:
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise errors.StatusError(
            504,
            "Timeout",
            f"Timeout: Too large resource version: {text}, current: {current}",
            details={"causes": [cause], "retryAfterSeconds": 1},
            retry_after=1,
        )
    if options.match == "Exact" and int(text) < current:
        raise errors.expired("The resourceVersion for the provided list is too old.")


def list_objects(cluster: Cluster, route: Route, options: ListOptions, shape: Shape) -> Answer:
    """A list, or one page of it."""
    check_revision(cluster, options)
    found = selected(cluster, route, options)
    revision, start = _read_continue(cluster, route, options)
    if start:
        found = [each for each in found if _key(route, each) >= start]
    page = found[: options.limit] if options.limit else found
    meta: Document = {"resourceVersion": str(revision)}
    rest = len(found) - len(page)
    if rest:
        meta["continue"] = _continue(revision, _key(route, page[-1]) + "\0")
        if not options.label_selector and not options.field_selector:
            meta["remainingItemCount"] = rest
    if shape == "Table":
        return Answer(200, table(route.resource, page, meta, cluster.now, options.include_object))
    if shape == "PartialObjectMetadata":
        kind, items = "PartialObjectMetadataList", [partial(each) for each in page]
        return Answer(200, {"kind": kind, "apiVersion": "meta.k8s.io/v1", "metadata": meta, "items": items})
    return Answer(200, list_document(cluster, route.resource, page, meta))


def list_document(
    cluster: Cluster, resource: Resource, items: list[Document], meta: Document | None = None
) -> Document:
    """The list of a kind; the items of a built-in one carry neither kind nor apiVersion."""
    meta = meta or {"resourceVersion": str(cluster.store.revision)}
    if resource.custom:
        return {
            "apiVersion": resource.api_version,
            "items": items,
            "kind": f"{resource.kind}List",
            "metadata": {"continue": "", **meta},
        }
    bare = [
        {key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in items
    ]
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": meta,
        "items": bare,
    }


def _key(route: Route, document: Document) -> str:
    return name_of(document) if route.namespace else f"{namespace_of(document)}/{name_of(document)}"


def _continue(revision: int, start: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_continue(cluster: Cluster, route: Route, options: ListOptions) -> tuple[int, str]:
    """The revision and first key of a page; raises 400 for garbage, 410 for a page of long ago."""
    if not options.continue_:
        return cluster.store.revision, ""
    padded = options.continue_ + "=" * (-len(options.continue_) % 4)
    try:
        value = json.loads(base64.urlsafe_b64decode(padded))
        revision, start = int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError):
        raise errors.bad_request("invalid continue token: continue key is not valid") from None
    if revision == -1:
        return cluster.store.revision, start
    if revision < cluster.store.oldest:
        raise errors.expired(_TOO_OLD, _continue(-1, start))
    return revision, start
