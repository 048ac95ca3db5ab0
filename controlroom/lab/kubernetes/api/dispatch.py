"""From a request to the verb that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controlroom.lab.kubernetes.api import bodies, errors
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.deletes import delete_collection, delete_one
from controlroom.lab.kubernetes.api.lists import Shape, get_one, list_objects
from controlroom.lab.kubernetes.api.options import delete_options, list_options, write_options
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.api.scale import get_scale, patch_scale, put_scale
from controlroom.lab.kubernetes.api.writes import Writer
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.resources import PODS

_OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose body has been read."""

    verb: str
    route: Route
    query: Mapping[str, str]
    content_type: str
    body: bytes
    agent: str
    """User-Agent; its first part is the field manager where none is named."""
    shape: Shape


def verb_of(method: str, route: Route, query: Mapping[str, str]) -> str:
    """The API verb that RBAC asks about; raises 405."""
    watching = query.get("watch") in ("true", "1") or route.legacy_watch
    match method:
        case "GET" if watching and not route.subresource:
            return "watch"
        case "GET":
            return "get" if route.name else "list"
        case "POST":
            # A custom resource may be posted to its own name; a built-in one has only its subresources there.
            if route.name and not route.subresource and not route.resource.custom:
                raise errors.method_not_allowed()
            return "create"
        case "PUT" if route.name:
            return "update"
        case "PATCH" if route.name:
            return "patch"
        case "DELETE":
            return "delete" if route.name else "deletecollection"
    raise errors.method_not_allowed()


def dispatch(cluster: Cluster, request: Request) -> Answer:
    """Does what the request asks for; raises the API's errors."""
    route = request.route
    if route.subresource:
        return _subresource(cluster, request)
    match request.verb:
        case "get":
            include = list_options(request.query).include_object
            return get_one(cluster, route, request.shape, include)
        case "list":
            return list_objects(cluster, route, list_options(request.query), request.shape)
        case "delete":
            return delete_one(cluster, route, delete_options(request.query, _delete_body(request)))
        case "deletecollection":
            options = delete_options(request.query, _delete_body(request))
            return delete_collection(cluster, route, list_options(request.query), options)
    return _write(cluster, request)


def _write(cluster: Cluster, request: Request) -> Answer:
    route, writer = request.route, Writer(cluster)
    options = write_options(request.query, request.agent, _OPTIONS[request.verb])
    if request.verb == "patch":
        accepted = bodies.accepted_patches(route.resource)
        if request.content_type not in accepted:
            raise errors.unsupported_media(accepted)
        patch = bodies.read_patch(request.body, request.content_type)
        return writer.patch(route, request.content_type, patch, options)
    document, twice = bodies.read_object(request.body, request.content_type, route.resource)
    if request.verb == "create":
        return writer.create(route, document, twice, options)
    return writer.replace(route, document, twice, options)


def _subresource(cluster: Cluster, request: Request) -> Answer:
    route = request.route
    if route.subresource not in route.resource.subresources:
        raise errors.not_found(route.resource, route.name)
    if route.subresource == "scale":
        return _scale(cluster, request)
    if route.subresource == "status":
        return _status(cluster, request)
    if route.subresource == "eviction" and request.verb == "create":
        held = cluster.store.get(PODS, route.namespace, route.name)
        if held is None:
            raise errors.not_found(PODS, route.name)
        delete_one(cluster, Route(PODS, route.namespace, route.name), delete_options({}, {}))
        return Answer(
            201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        )
    raise errors.method_not_allowed()


def _scale(cluster: Cluster, request: Request) -> Answer:
    if request.verb == "get":
        return get_scale(cluster, request.route)
    options = write_options(request.query, request.agent, _OPTIONS.get(request.verb, "UpdateOptions"))
    if request.verb == "patch":
        patch = bodies.read_patch(request.body, request.content_type)
        return patch_scale(cluster, request.route, request.content_type, patch, options)
    if request.verb == "update":
        scale = bodies.read_patch(request.body, bodies.JSON)
        return put_scale(cluster, request.route, scale, options)
    raise errors.method_not_allowed()


def _status(cluster: Cluster, request: Request) -> Answer:
    if request.verb == "get":
        return get_one(cluster, request.route, request.shape, "Metadata")
    options = write_options(request.query, request.agent, _OPTIONS.get(request.verb, "UpdateOptions"))
    if request.verb == "patch":
        patch = bodies.read_patch(request.body, request.content_type)
        return Writer(cluster).patch_status(request.route, request.content_type, patch, options)
    if request.verb == "update":
        document, _ = bodies.read_object(request.body, request.content_type, request.route.resource)
        return Writer(cluster).update_status(request.route, document, options)
    raise errors.method_not_allowed()


def _delete_body(request: Request) -> dict[str, object]:
    if not request.body.strip():
        return {}
    body = bodies.read_patch(request.body, bodies.JSON)
    return dict(body)
