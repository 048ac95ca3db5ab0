"""Merge patch, strategic merge patch and JSON patch."""

from __future__ import annotations

from typing import Any

from controlroom.lab.kubernetes.documents import Document, copied

#: The lists that a strategic merge patch merges by a key instead of replacing them.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "conditions": "type",
    "ownerReferences": "uid",
    "imagePullSecrets": "name",
}


class CannotApply(ValueError):
    """A JSON patch that does not fit the object."""


def merge_patch(document: Document, patch: Document) -> Document:
    """RFC 7386; null removes a field, and a map that null emptied stays only if it was given."""
    made = dict(document)
    for field, value in patch.items():
        if value is None:
            made.pop(field, None)
        elif isinstance(value, dict):
            held = made.get(field)
            made[field] = merge_patch(held if isinstance(held, dict) else {}, value)
        else:
            made[field] = value
    return made


def strategic_merge_patch(document: Document, patch: Document) -> Document:
    """As a merge patch, with keyed lists merged and the directives $patch and $deleteFromPrimitiveList."""
    if patch.get("$patch") == "replace":
        return {field: value for field, value in patch.items() if field != "$patch"}
    made = dict(document)
    for field, value in patch.items():
        if field.startswith("$"):
            _directive(made, field, value)
        elif value is None:
            made.pop(field, None)
        elif isinstance(value, dict):
            held = made.get(field)
            if value.get("$patch") == "delete":
                made.pop(field, None)
            else:
                made[field] = strategic_merge_patch(held if isinstance(held, dict) else {}, value)
        elif isinstance(value, list):
            made[field] = _merge_list(field, made.get(field) or [], value)
        else:
            made[field] = value
    return made


def _directive(made: Document, field: str, value: Any) -> None:
    """Orders and deletions of primitive lists; $retainKeys keeps only the fields it names."""
    if field.startswith("$deleteFromPrimitiveList/"):
        name = field.partition("/")[2]
        made[name] = [each for each in made.get(name, ()) if each not in value]
    elif field == "$retainKeys":
        for name in [name for name in made if name not in value]:
            del made[name]


def _merge_list(field: str, held: list[Any], patch: list[Any]) -> list[Any]:
    key = MERGE_KEYS.get(field)
    if field == "finalizers":
        return [*held, *(each for each in patch if each not in held)]
    if key is None or not all(isinstance(each, dict) for each in patch):
        return patch
    if any(each.get("$patch") == "replace" for each in patch):
        return [each for each in patch if "$patch" not in each]
    made = list(held)
    for each in patch:
        place = next((index for index, old in enumerate(made) if old.get(key) == each.get(key)), None)
        if each.get("$patch") == "delete":
            if place is not None:
                del made[place]
        elif place is None:
            made.append(each)
        else:
            made[place] = strategic_merge_patch(made[place], each)
    return made


def json_patch(document: Document, operations: list[Document]) -> Document:
    """RFC 6902; raises :class:`CannotApply`."""
    made: Any = copied(document)
    for operation in operations:
        made = _operate(made, operation)
    if not isinstance(made, dict):
        raise CannotApply("the result is no object")
    return made


def _operate(document: Any, operation: Document) -> Any:
    path = _steps(operation.get("path", ""))
    match operation.get("op"):
        case "test":
            if _find(document, path) != operation.get("value"):
                raise CannotApply("test failed")
            return document
        case "remove":
            _remove(document, path)
            return document
        case "add":
            return _add(document, path, operation.get("value"))
        case "replace":
            _find(document, path)
            if path:
                _remove(document, path)
            return _add(document, path, operation.get("value"))
        case "move" | "copy" as op:
            source = _steps(operation.get("from", ""))
            value = copied({"value": _find(document, source)})["value"]
            if op == "move":
                _remove(document, source)
            return _add(document, path, value)
        case other:
            raise CannotApply(f"unknown operation {other}")


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise CannotApply(pointer)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _find(document: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            raise CannotApply("/".join(path))
    return document


def _remove(document: Any, path: list[str]) -> None:
    _find(document, path)
    parent = _find(document, path[:-1])
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _find(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and (last == "-" or (last.isdigit() and int(last) <= len(parent))):
        parent.insert(len(parent) if last == "-" else int(last), value)
    else:
        raise CannotApply("/".join(path))
    return document
