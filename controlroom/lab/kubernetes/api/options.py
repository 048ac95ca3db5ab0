"""Query parameters and delete options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from controlroom.lab.kubernetes.api.errors import Cause, bad_request, invalid_options
from controlroom.lab.kubernetes.documents import Document

Validation = Literal["Strict", "Warn", "Ignore"]
_POLICIES = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a create, update or patch is to be done."""

    dry_run: bool = False
    manager: str = "unknown"
    manager_named: bool = False
    """Whether the request names its manager; else it is the start of its User-Agent."""
    validation: Validation = "Warn"
    force: bool = False


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How a deletion is to be done."""

    grace: int | None = None
    """Seconds; None for the object's own."""
    policy: str = "Background"
    dry_run: bool = False
    uid: str = ""
    """Precondition; empty for none."""
    resource_version: str = ""
    """Precondition; empty for none."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a list or watch asks for."""

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str = ""
    match: str = ""
    """resourceVersionMatch"""
    limit: int = 0
    continue_: str = ""
    bookmarks: bool = False
    send_initial_events: bool = False
    timeout: int | None = None
    """Real seconds until a watch ends; None for the server's choice."""
    include_object: str = "Metadata"


def write_options(query: Mapping[str, str], agent: str, kind: str) -> WriteOptions:
    """Reads a write's options; `kind` is CreateOptions, UpdateOptions or PatchOptions."""
    validation = query.get("fieldValidation") or "Warn"
    return WriteOptions(
        dry_run=_dry_run(query.get("dryRun"), kind),
        manager=query.get("fieldManager") or agent.partition("/")[0] or "unknown",
        manager_named=bool(query.get("fieldManager")),
        validation="Strict" if validation == "Strict" else "Ignore" if validation == "Ignore" else "Warn",
        force=query.get("force") == "true",
    )


def delete_options(query: Mapping[str, str], body: Document) -> DeleteOptions:
    """Reads a deletion's options from its body, else from the query."""
    policy = body.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
    if policy not in _POLICIES:
        allowed = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        text = f'Unsupported value: "{policy}": supported values: {allowed}'
        raise invalid_options("DeleteOptions", Cause("FieldValueNotSupported", text, "propagationPolicy"))
    grace = body.get("gracePeriodSeconds")
    if grace is None:
        grace = _integer(query, "gracePeriodSeconds")
    conditions = body.get("preconditions") or {}
    dry = body.get("dryRun") or query.get("dryRun")
    return DeleteOptions(
        grace=grace,
        policy=policy,
        dry_run=_dry_run(dry[0] if isinstance(dry, list) else dry, "DeleteOptions"),
        uid=conditions.get("uid", ""),
        resource_version=conditions.get("resourceVersion", ""),
    )


def list_options(query: Mapping[str, str]) -> ListOptions:
    """Reads a list's or watch's options; unknown parameters are ignored."""
    match = query.get("resourceVersionMatch", "")
    initial = query.get("sendInitialEvents") == "true"
    if initial and match != "NotOlderThan":
        text = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid_options("ListOptions", Cause("FieldValueForbidden", text, "resourceVersionMatch"))
    return ListOptions(
        label_selector=query.get("labelSelector", ""),
        field_selector=query.get("fieldSelector", ""),
        resource_version=query.get("resourceVersion", ""),
        match=match,
        limit=_integer(query, "limit") or 0,
        continue_=query.get("continue", ""),
        bookmarks=query.get("allowWatchBookmarks") in ("true", "1"),
        send_initial_events=initial,
        timeout=_integer(query, "timeoutSeconds"),
        include_object=query.get("includeObject") or "Metadata",
    )


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _dry_run(value: str | None, kind: str) -> bool:
    if value in (None, ""):
        return False
    if value != "All":
        text = f'Unsupported value: ["{value}"]: supported values: "All"'
        raise invalid_options(kind, Cause("FieldValueNotSupported", text, "dryRun"))
    return True
