"""OpenAPI, as little as kubectl needs: that fields may be validated and runs may be dry.

Version 3 is JSON. Version 2 is what kubectl before 1.27 reads, and only as protobuf: the messages are those
of github.com/google/gnostic's OpenAPIv2.proto, of which a few fields are written here.
"""

from __future__ import annotations

import hashlib
import json

from controlroom.lab.kubernetes.api.protobuf import message, text
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import RESOURCES, Resource, group_versions

# With a dot where Accept has an @: Go's media types may not hold an @, and kubectl refuses it.
V2_MEDIA = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


def _prefix(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index() -> Document:
    """/openapi/v3"""
    paths = {}
    for group, version in group_versions():
        digest = hashlib.sha256(json.dumps(document(group, version)).encode()).hexdigest()[:32]
        prefix = _prefix(group, version)
        paths[prefix] = {"serverRelativeURL": f"/openapi/v3/{prefix}?hash={digest.upper()}"}
    return {"paths": paths}


def document(group: str, version: str) -> Document:
    """/openapi/v3/apis/GROUP/VERSION: every kind an open object, every write with its query parameters."""
    found = [each for each in RESOURCES if (each.group, each.version) == (group, version)]
    paths: Document = {}
    schemas: Document = {}
    for resource in found:
        scope = "namespaces/{namespace}/" if resource.namespaced else ""
        base = f"/{_prefix(group, version)}/{scope}{resource.plural}"
        paths[base] = {"post": _operation(resource)}
        paths[f"{base}/{{name}}"] = {"patch": _operation(resource), "put": _operation(resource)}
        schemas[_schema_name(resource)] = {
            "type": "object",
            "x-kubernetes-group-version-kind": [_gvk(resource)],
            "x-kubernetes-preserve-unknown-fields": True,
        }
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _gvk(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schema_name(resource: Resource) -> str:
    parts = ".".join(reversed(resource.group.split("."))) or "io.k8s.api.core"
    return f"{parts}.{resource.version}.{resource.kind}"


def _operation(resource: Resource) -> Document:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS]
    return {
        "x-kubernetes-group-version-kind": _gvk(resource),
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    }


def version_2() -> bytes:
    """/openapi/v2 as protobuf: no definitions, so that nothing is checked on the client, and for each kind
    one path whose PATCH takes dryRun."""
    document_ = text(1, "2.0")
    document_ += message(2, text(1, "Kubernetes") + text(2, "v1.36.2"))
    paths = b"".join(message(2, _named_path(each)) for each in RESOURCES)
    return document_ + message(8, paths)


def _named_path(resource: Resource) -> bytes:
    scope = "namespaces/{namespace}/" if resource.namespaced else ""
    path = f"/{_prefix(resource.group, resource.version)}/{scope}{resource.plural}/{{name}}"
    query = text(2, "query") + text(4, "dryRun")
    # ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema
    parameter = message(8, message(1, message(2, message(3, query))))
    gvk = _gvk(resource)
    yaml = f"group: '{gvk['group']}'\nkind: {gvk['kind']}\nversion: {gvk['version']}\n"
    extension = message(13, text(1, "x-kubernetes-group-version-kind") + message(2, text(2, yaml)))
    operation = parameter + message(9, b"") + extension
    return text(1, path) + message(2, message(8, operation))
