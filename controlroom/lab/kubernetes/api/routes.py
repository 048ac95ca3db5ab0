"""Request paths."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.api.errors import page_not_found, resource_not_found
from controlroom.lab.kubernetes.resources import Resource, by_path, group_versions


@dataclass(frozen=True, slots=True)
class Route:
    """What a resource path names."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    legacy_watch: bool = False
    """Whether it is one of the deprecated /watch/ paths."""


def parse_route(path: str) -> Route:
    """The route of a path under /api/v1 or /apis/GROUP/VERSION.

    Raises the 404 that the API server gives: a Status for core, text for a group or custom kind.
    """
    parts = path.rstrip("/").split("/")[1:]
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    if "" in rest:
        raise resource_not_found()
    if (group, version) not in group_versions():
        raise page_not_found()
    legacy = bool(rest) and rest[0] == "watch"
    if legacy:
        rest = rest[1:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and by_path(group, version, rest[2]) is not None:
        namespace, rest = rest[1], rest[2:]
    elif len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        raise _missing(group)
    resource = by_path(group, version, rest[0]) if rest else None
    if resource is None:
        raise _missing(group)
    name, subresource = [*rest[1:], "", ""][:2]
    return Route(resource, namespace, name, subresource, legacy)


def _missing(group: str) -> Exception:
    return page_not_found() if "." in group else resource_not_found()
