"""Kubernetes objects as the API holds them: JSON documents.

An API server keeps what it was given, unknown fields of opaque kinds included, so objects stay documents
here rather than becoming typed values; what leaves the package towards the world model is typed
(see :mod:`controlroom.lab.kubernetes.views`). A stored document is never changed in place: writers copy it.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""One JSON object. Its values are whatever JSON allows, which Python's types cannot say recursively."""


def metadata(document: Document) -> Document:
    """The metadata, empty where there is none."""
    found = document.get("metadata")
    return found if isinstance(found, dict) else {}


def name_of(document: Document) -> str:
    """The name; empty before generateName has been drawn on."""
    return str(metadata(document).get("name", ""))


def namespace_of(document: Document) -> str:
    """The namespace; empty for cluster-scoped objects."""
    return str(metadata(document).get("namespace", ""))


def uid_of(document: Document) -> str:
    """The uid; empty for an object that is not stored yet."""
    return str(metadata(document).get("uid", ""))


def labels_of(document: Document) -> dict[str, str]:
    """The labels, empty where there are none."""
    return metadata(document).get("labels") or {}


def annotations_of(document: Document) -> dict[str, str]:
    """The annotations, empty where there are none."""
    return metadata(document).get("annotations") or {}


def is_deleting(document: Document) -> bool:
    """Whether a DELETE has been accepted and the object still stands."""
    return metadata(document).get("deletionTimestamp") is not None


def controller_of(document: Document) -> Document | None:
    """The owner reference that says `controller: true`, if there is one."""
    for owner in metadata(document).get("ownerReferences") or ():
        if owner.get("controller"):
            return dict(owner)
    return None


def owner_reference(owner: Document) -> Document:
    """The reference by which `owner` controls a child."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def copied(document: Document) -> Document:
    """A copy that may be changed."""
    return copy.deepcopy(document)


def stamp(seconds: float) -> str:
    """metav1.Time: RFC 3339, whole seconds, of `seconds` since the Unix epoch."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(seconds: float) -> str:
    """metav1.MicroTime: RFC 3339 with microseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Unix seconds of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()
