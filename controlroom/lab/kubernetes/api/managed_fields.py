"""Who owns which field: metadata.managedFields and server-side apply.

Field sets follow sigs.k8s.io/structured-merge-diff: a path is a tuple of FieldsV1 keys, `f:NAME` for a
map entry, `k:{"KEY":VALUE}` for an item of a keyed list, `v:VALUE` for an item of a set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from controlroom.lab.kubernetes.api.patches import MERGE_KEYS
from controlroom.lab.kubernetes.documents import Document, copied, stamp

Path = tuple[str, ...]

_SYSTEM = {
    ("f:metadata", f"f:{name}")
    for name in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
    ]
} | {("f:apiVersion",), ("f:kind",)}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that another manager owns with another value."""

    manager: str
    path: Path

    @property
    def text(self) -> str:
        """The path as the API server writes it: `.spec.containers[name="x"].image`."""
        return "".join(_step_text(step) for step in self.path)


def _step_text(step: str) -> str:
    if step.startswith("f:"):
        return f".{step[2:]}"
    if step.startswith("k:"):
        pairs = json.loads(step[2:]).items()
        return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in pairs) + "]"
    return f"[={step[2:]}]"


def field_set(document: Document) -> set[Path]:
    """The leaves of a document that somebody can own; status and system metadata left out."""
    found = set(_leaves({key: value for key, value in document.items() if key != "status"}, ()))
    return {path for path in found if path[:2] not in _SYSTEM and path[:1] not in _SYSTEM}


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, f"f:{key}"))
    elif isinstance(value, list) and value and path[-1] == "f:finalizers":
        for each in value:
            yield (*path, f"v:{json.dumps(each)}")
    elif isinstance(value, list) and (key := _list_key(path, value)) is not None:
        for each in value:
            yield from _leaves(each, (*path, f"k:{json.dumps({key: each[key]}, separators=(',', ':'))}"))
    else:
        yield path


def _list_key(path: Path, value: list[Any]) -> str | None:
    key = MERGE_KEYS.get(path[-1][2:])
    if key is None or not value or not all(isinstance(each, dict) and key in each for each in value):
        return None
    return key


def value_at(document: Any, path: Path) -> Any:
    """The value at a path, None where there is none."""
    for step in path:
        if step.startswith("f:"):
            document = document.get(step[2:]) if isinstance(document, dict) else None
        elif step.startswith("k:"):
            wanted = json.loads(step[2:])
            items = document if isinstance(document, list) else []
            document = next((each for each in items if wanted.items() <= each.items()), None)
        else:
            wanted_value = json.loads(step[2:])
            document = wanted_value if isinstance(document, list) and wanted_value in document else None
    return document


def _remove_at(document: Any, path: Path) -> None:
    """Removes the value at a path, and the maps that it leaves empty."""
    parent = value_at(document, path[:-1])
    last = path[-1]
    if isinstance(parent, dict) and last.startswith("f:"):
        parent.pop(last[2:], None)
        if not parent and len(path) > 2:
            _remove_at(document, path[:-1])
    elif isinstance(parent, list) and last.startswith("v:"):
        value = json.loads(last[2:])
        parent[:] = [each for each in parent if each != value]
        if not parent:
            _remove_at(document, path[:-1])
    elif isinstance(parent, list):
        wanted = json.loads(last[2:])
        parent[:] = [each for each in parent if not wanted.items() <= each.items()]


def _encode(paths: set[Path], *, dots: bool) -> Document:
    """FieldsV1 of a set; `dots` marks the maps themselves as owned, as updates do."""
    root: Document = {}
    for path in sorted(paths):
        node = root
        for depth, step in enumerate(path):
            node = node.setdefault(step, {})
            inner = depth < len(path) - 1
            if inner and (dots or path[depth + 1].startswith("v:")) and step != "f:metadata":
                node.setdefault(".", {})
    return root


def _decode(node: Document, path: Path = ()) -> Iterator[Path]:
    inner = {step: each for step, each in node.items() if step != "."}
    if not inner and path:
        yield path
    for step, each in inner.items():
        yield from _decode(each, (*path, step))


class Managers:
    """The managedFields of one object, to be changed and written back."""

    def __init__(self, document: Document, now: float) -> None:
        self._now = now
        self._api_version = document.get("apiVersion", "v1")
        self._entries: list[Document] = copied(
            {"all": document.get("metadata", {}).get("managedFields") or []}
        )["all"]

    def owned(self, manager: str, operation: str) -> set[Path]:
        """What a manager owns by `Apply` or `Update`."""
        entry = self._entry(manager, operation)
        return set(_decode(entry["fieldsV1"])) if entry else set()

    def assign(self, manager: str, operation: str, paths: set[Path]) -> None:
        """Replaces what a manager owns; its time moves only if that differs."""
        entry = self._entry(manager, operation)
        if entry is not None and set(_decode(entry["fieldsV1"])) == paths:
            return
        if entry is not None:
            self._entries.remove(entry)
        if paths:
            self._entries.append(
                {
                    "apiVersion": self._api_version,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": _encode(paths, dots=operation == "Update"),
                    "manager": manager,
                    "operation": operation,
                    "time": stamp(self._now),
                }
            )

    def take_from_others(self, manager: str, operation: str, paths: set[Path]) -> None:
        """Nobody else owns these paths any more."""
        for entry in list(self._entries):
            who, how = entry["manager"], entry["operation"]
            if (who, how) == (manager, operation):
                continue
            held = set(_decode(entry["fieldsV1"]))
            if held & paths:
                time = entry["time"]
                self.assign(who, how, held - paths)
                kept = self._entry(who, how)
                if kept is not None:
                    kept["time"] = time

    def others(self, manager: str, operation: str) -> list[tuple[str, set[Path]]]:
        """The other managers with what they own."""
        return [
            (entry["manager"], set(_decode(entry["fieldsV1"])))
            for entry in self._entries
            if (entry["manager"], entry["operation"]) != (manager, operation)
        ]

    def write_to(self, document: Document) -> None:
        """Sets the object's managedFields: applies before updates, each by name."""
        document["metadata"].pop("managedFields", None)
        if self._entries:
            document["metadata"]["managedFields"] = sorted(
                self._entries, key=lambda entry: (entry["operation"], entry["manager"])
            )

    def _entry(self, manager: str, operation: str) -> Document | None:
        for entry in self._entries:
            if (entry["manager"], entry["operation"]) == (manager, operation):
                return entry
        return None


def note_update(old: Document | None, made: Document, manager: str, now: float) -> None:
    """Gives `manager` the fields that an ordinary write has set or changed."""
    managers = Managers(made, now)
    mine = field_set(made)
    gone: set[Path] = set()
    if old is not None:
        before = field_set(old)
        mine = {path for path in mine if path not in before or value_at(old, path) != value_at(made, path)}
        gone = before - field_set(made)
    managers.take_from_others(manager, "Update", mine | gone)
    managers.assign(manager, "Update", (managers.owned(manager, "Update") - gone) | mine)
    managers.write_to(made)


def apply(
    live: Document, applied: Document, manager: str, now: float, *, force: bool
) -> tuple[Document, list[Conflict]]:
    """Server-side apply of `applied` on `live`: the merged object, or the conflicts that forbid it."""
    managers = Managers(live, now)
    wanted = field_set(applied)
    changed = {path for path in wanted if value_at(live, path) != value_at(applied, path)}
    others = managers.others(manager, "Apply")
    conflicts = [Conflict(who, path) for who, held in others for path in sorted(held & changed)]
    if conflicts and not force:
        return live, conflicts
    made = merge_applied(copied(live), applied)
    owned_by_others = {path for _, held in others for path in held}
    for path in sorted(managers.owned(manager, "Apply") - wanted - owned_by_others, reverse=True):
        _remove_at(made, path)
    managers.take_from_others(manager, "Apply", changed)
    managers.assign(manager, "Apply", wanted)
    managers.write_to(made)
    return made, []


def merge_applied(live: Any, applied: Any, path: Path = ()) -> Any:
    """`applied` over `live`: maps and keyed lists merge, sets unite, all else is replaced."""
    if isinstance(live, dict) and isinstance(applied, dict):
        for key, value in applied.items():
            live[key] = merge_applied(live.get(key), value, (*path, f"f:{key}"))
        return live
    if isinstance(live, list) and isinstance(applied, list) and path:
        if path[-1] == "f:finalizers":
            return [*live, *(each for each in applied if each not in live)]
        key = _list_key(path, applied)
        if key is not None:
            return _merge_keyed(live, applied, key, path)
    return applied


def _merge_keyed(live: list[Any], applied: list[Any], key: str, path: Path) -> list[Any]:
    made = list(live)
    for each in applied:
        place = next((index for index, old in enumerate(made) if old.get(key) == each[key]), None)
        if place is None:
            made.append(each)
        else:
            made[place] = merge_applied(made[place], each, (*path, "item"))
    return made
