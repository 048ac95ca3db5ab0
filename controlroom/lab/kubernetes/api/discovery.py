"""Discovery: /api, /apis, their aggregated forms, /version."""

from __future__ import annotations

from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import RESOURCES, Resource, group_versions

VERSION: Document = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "98b35193b2ac7a23a673325f5e9b830ecd5ba406",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
#: Groups without stored objects: the reviews.
REVIEW_GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    "authentication.k8s.io": (("selfsubjectreviews", "SelfSubjectReview"),),
    "authorization.k8s.io": (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ),
}
_SUBRESOURCE_VERBS = {"log": ("get",), "eviction": ("create",)}
_SUBRESOURCE_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction")}


def groups() -> tuple[str, ...]:
    """Every group but core, each once, in a fixed order."""
    return (*dict.fromkeys(group for group, _ in group_versions() if group), *REVIEW_GROUPS)


def api_versions(address: str) -> Document:
    """/api; `address` is host:port of this server."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def api_group_list() -> Document:
    """/apis"""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in groups()]}


def api_group(name: str) -> Document:
    """/apis/GROUP"""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def _versions(group: str) -> list[str]:
    return [version for name, version in group_versions() if name == group] or ["v1"]


def _group(name: str) -> Document:
    versions = [{"groupVersion": f"{name}/{each}", "version": each} for each in _versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def api_resource_list(group: str, version: str) -> Document:
    """/api/v1 and /apis/GROUP/VERSION"""
    found: list[Document] = []
    for resource in RESOURCES:
        if (resource.group, resource.version) == (group, version):
            found.append(_resource(resource))
            found += [_subresource(resource, each) for each in resource.subresources]
    for plural, kind in REVIEW_GROUPS.get(group, ()):
        found.append(
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": False,
                "kind": kind,
                "verbs": ["create"],
            }
        )
    if not group:
        # The oldest list of all has no apiVersion.
        return {"kind": "APIResourceList", "groupVersion": version, "resources": found}
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}",
        "resources": found,
    }


def _resource(resource: Resource) -> Document:
    made: Document = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        made["shortNames"] = list(resource.short_names)
    if resource.categories:
        made["categories"] = list(resource.categories)
    return made


def _subresource(resource: Resource, name: str) -> Document:
    group, version, kind = _SUBRESOURCE_KINDS.get(name, ("", "", resource.kind))
    made: Document = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
    }
    if group:
        made |= {"group": group, "version": version}
    return made | {"kind": kind, "verbs": list(_SUBRESOURCE_VERBS.get(name, ("get", "patch", "update")))}


def aggregated(*, core: bool) -> Document:
    """The APIGroupDiscoveryList of /api or of /apis."""
    names = ("",) if core else groups()
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_aggregated_group(name) for name in names],
    }


def _aggregated_group(name: str) -> Document:
    versions = [
        {
            "version": version,
            "resources": _aggregated_resources(name, version),
            "freshness": "Current",
        }
        for version in (_versions(name) if name else ["v1"])
    ]
    return {"metadata": {"name": name} if name else {}, "versions": versions}


def _aggregated_resources(group: str, version: str) -> list[Document]:
    found = [_aggregated(each) for each in RESOURCES if (each.group, each.version) == (group, version)]
    for plural, kind in REVIEW_GROUPS.get(group, ()):
        found.append(
            {
                "resource": plural,
                "responseKind": {"group": "", "version": "", "kind": kind},
                "scope": "Cluster",
                "singularResource": kind.lower(),
                "verbs": ["create"],
            }
        )
    return found


def _aggregated(resource: Resource) -> Document:
    # Built-in kinds leave the group and version of their responseKind empty; custom kinds fill them in.
    own = (resource.group, resource.version) if resource.custom else ("", "")
    made: Document = {
        "resource": resource.plural,
        "responseKind": {"group": own[0], "version": own[1], "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        made["shortNames"] = list(resource.short_names)
    if resource.categories:
        made["categories"] = list(resource.categories)
    if resource.subresources:
        made["subresources"] = [
            _aggregated_subresource(resource, each, own) for each in resource.subresources
        ]
    return made


def _aggregated_subresource(resource: Resource, name: str, own: tuple[str, str]) -> Document:
    group, version, kind = _SUBRESOURCE_KINDS.get(name, (*own, resource.kind))
    return {
        "subresource": name,
        "responseKind": {"group": group, "version": version, "kind": kind},
        "verbs": list(_SUBRESOURCE_VERBS.get(name, ("get", "patch", "update"))),
    }
