"""DELETE of one object and of a collection."""

from __future__ import annotations

from controlroom.lab.kubernetes.api import errors
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.lists import list_document, selected
from controlroom.lab.kubernetes.api.options import DeleteOptions, ListOptions
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.deletion import FOREGROUND, ORPHAN, delete
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    metadata,
    name_of,
    stamp,
    uid_of,
)
from controlroom.lab.kubernetes.resources import NAMESPACES, PODS, RESOURCES, Resource


def delete_one(cluster: Cluster, route: Route, options: DeleteOptions) -> Answer:
    """The object where something holds it, or a pod in any case; else a Status Success with its uid."""
    resource = route.resource
    held = cluster.store.get(resource, route.namespace, route.name)
    if held is None:
        raise errors.not_found(resource, route.name)
    _check_preconditions(resource, held, options)
    if options.dry_run:
        return _answer(resource, _as_if(cluster, resource, held, options), gone=not _is_held(held, options))
    if resource is NAMESPACES:
        return Answer(200, _delete_namespace(cluster, held))
    done = delete(cluster.store, cluster.timers, resource, held, grace=options.grace, policy=options.policy)
    return _answer(resource, done.object, gone=done.gone)


def delete_collection(
    cluster: Cluster, route: Route, selection: ListOptions, options: DeleteOptions
) -> Answer:
    """Deletes what the selectors match; the list shows the objects as they were before."""
    found = selected(cluster, route, selection)
    body = list_document(cluster, route.resource, found)
    if not options.dry_run:
        for each in found:
            delete(
                cluster.store,
                cluster.timers,
                route.resource,
                each,
                grace=options.grace,
                policy=options.policy,
            )
    return Answer(200, body)


def _check_preconditions(resource: Resource, held: Document, options: DeleteOptions) -> None:
    if options.uid and options.uid != uid_of(held):
        text = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid_of(held)}). "
            "The object might have been deleted and then recreated"
        )
        raise errors.precondition_failed(resource, name_of(held), text)
    revision = held["metadata"]["resourceVersion"]
    if options.resource_version and options.resource_version != revision:
        text = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
            f"ResourceVersion in record ({revision}). The object might have been modified"
        )
        raise errors.precondition_failed(resource, name_of(held), text)


def _is_held(held: Document, options: DeleteOptions) -> bool:
    return bool(metadata(held).get("finalizers")) or options.policy in ("Foreground", "Orphan")


def _as_if(cluster: Cluster, resource: Resource, held: Document, options: DeleteOptions) -> Document:
    """The object as a deletion would leave it."""
    made = copied(held)
    meta = made["metadata"]
    extra = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(options.policy)
    if extra:
        meta["finalizers"] = [*(meta.get("finalizers") or ()), extra]
    if is_deleting(held):
        return made
    seconds = 0
    if resource is PODS:
        own = held["spec"].get("terminationGracePeriodSeconds", 30)
        seconds = own if options.grace is None else options.grace
    meta["deletionTimestamp"] = stamp(cluster.now + seconds)
    meta["deletionGracePeriodSeconds"] = seconds
    if resource.counts_generation:
        meta["generation"] = meta.get("generation", 1) + 1
    return made


def _answer(resource: Resource, document: Document, *, gone: bool) -> Answer:
    if not gone or resource is PODS:
        return Answer(200, document)
    details = {"name": name_of(document)}
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.plural, "uid": uid_of(document)}
    success: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return Answer(200, {**success, "details": details})


def _delete_namespace(cluster: Cluster, namespace: Document) -> Document:
    """Marks the namespace and deletes what is in it; it goes when it is empty."""
    name = name_of(namespace)
    terminating = {**copied(namespace), "status": {"phase": "Terminating"}}
    marked = cluster.store.begin_deletion(NAMESPACES, terminating, cluster.now, None)
    for resource in RESOURCES:
        if resource.namespaced:
            for each in list(cluster.store.select(resource, name)):
                if not is_deleting(each):
                    delete(cluster.store, cluster.timers, resource, each)
    cluster.timers.after(1.0, lambda: _finish_namespace(cluster, name))
    return marked


def _finish_namespace(cluster: Cluster, name: str) -> None:
    held = cluster.store.get(NAMESPACES, "", name)
    if held is None or not is_deleting(held):
        return
    left = [
        each for resource in RESOURCES if resource.namespaced for each in cluster.store.select(resource, name)
    ]
    if left:
        cluster.timers.after(1.0, lambda: _finish_namespace(cluster, name))
    else:
        cluster.store.remove(NAMESPACES, held)
