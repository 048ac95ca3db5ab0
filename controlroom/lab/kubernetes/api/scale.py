"""The scale subresource of a Deployment."""

from __future__ import annotations

from typing import Any

from controlroom.lab.kubernetes.api import errors, patches
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.bodies import MERGE_PATCH, STRATEGIC_PATCH
from controlroom.lab.kubernetes.api.options import WriteOptions
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.documents import Document, copied, name_of, namespace_of, uid_of


def scale_of(document: Document) -> Document:
    """The Scale of a Deployment or ReplicaSet."""
    meta = document["metadata"]
    selector = document["spec"]["selector"].get("matchLabels") or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": name_of(document),
            "namespace": namespace_of(document),
            "uid": uid_of(document),
            "resourceVersion": meta["resourceVersion"],
            "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": {"replicas": document["spec"]["replicas"]},
        "status": {
            "replicas": (document.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        },
    }


def get_scale(cluster: Cluster, route: Route) -> Answer:
    return Answer(200, scale_of(_existing(cluster, route)))


def patch_scale(
    cluster: Cluster, route: Route, content_type: str, patch: Any, options: WriteOptions
) -> Answer:
    """A merge patch of the Scale, as `kubectl scale` sends it."""
    if content_type not in (MERGE_PATCH, STRATEGIC_PATCH):
        raise errors.unsupported_media((MERGE_PATCH, STRATEGIC_PATCH))
    held = _existing(cluster, route)
    return _set(cluster, route, held, patches.merge_patch(scale_of(held), patch), options)


def put_scale(cluster: Cluster, route: Route, scale: Document, options: WriteOptions) -> Answer:
    """A whole Scale; its resourceVersion, if given, has to be the present one."""
    held = _existing(cluster, route)
    revision = (scale.get("metadata") or {}).get("resourceVersion")
    if revision and revision != held["metadata"]["resourceVersion"]:
        raise errors.modified(route.resource, route.name)
    return _set(cluster, route, held, scale, options)


def _existing(cluster: Cluster, route: Route) -> Document:
    held = cluster.store.get(route.resource, route.namespace, route.name)
    if held is None:
        raise errors.not_found(route.resource, route.name)
    return held


def _set(cluster: Cluster, route: Route, held: Document, scale: Document, options: WriteOptions) -> Answer:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = {"reason": "FieldValueInvalid", "message": text, "field": "spec.replicas"}
        raise errors.StatusError(
            422,
            "Invalid",
            f'Scale.autoscaling "{route.name}" is invalid: spec.replicas: {text}',
            details={"name": route.name, "group": "autoscaling", "kind": "Scale", "causes": [cause]},
        )
    made = copied(held)
    made["spec"]["replicas"] = replicas
    if options.dry_run:
        return Answer(200, scale_of(cluster.store.revise(route.resource, made)))
    return Answer(200, scale_of(cluster.store.update(route.resource, made)))
