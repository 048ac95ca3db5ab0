"""The keywords of JSON Schema that the published schema uses, as draft 2020-12 defines them. For tests only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
_KNOWN = frozenset(
    {"$schema", "$id", "$ref", "$defs", "title", "description", "default", "format", "discriminator"}
    | {"type", "enum", "const", "anyOf", "not", "properties", "required", "additionalProperties"}
    | {"items", "prefixItems", "minItems", "maxItems", "minimum", "maximum"}
)


def violations(value: object, schema: Schema) -> list[str]:
    """Where a decoded JSON value is not as the schema says. A keyword that is not known here is an error."""
    return list(_check(value, schema, schema, "$"))


def _check(value: object, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    unknown = schema.keys() - _KNOWN
    assert not unknown, f"{where}: this check does not know {unknown}"
    if "$ref" in schema:
        yield from _check(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{where}: {type(value).__name__} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "anyOf" in schema and all(any(_check(value, own, root, where)) for own in schema["anyOf"]):
        yield f"{where}: fits none of {len(schema['anyOf'])} forms"
    if "not" in schema and not any(_check(value, schema["not"], root, where)):
        yield f"{where}: is what it must not be"
    if isinstance(value, dict):
        yield from _object(value, schema, root, where)
    if isinstance(value, list):
        yield from _array(value, schema, root, where)
    if isinstance(value, int | float) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{where}: {value} is out of range"


def _is(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _object(value: dict[str, object], schema: Schema, root: Schema, where: str) -> Iterator[str]:
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{where}: {key} is missing"
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, own in value.items():
        if key in known:
            yield from _check(own, known[key], root, f"{where}.{key}")
        elif others is False:
            yield f"{where}: {key} is not known"
        elif isinstance(others, dict):
            yield from _check(own, others, root, f"{where}.{key}")


def _array(value: list[object], schema: Schema, root: Schema, where: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{where}: {len(value)} items"
    first = schema.get("prefixItems", [])
    for index, own in enumerate(value):
        form = first[index] if index < len(first) else schema.get("items", True)
        if form is False:
            yield f"{where}[{index}]: one too many"
        elif isinstance(form, dict):
            yield from _check(own, form, root, f"{where}[{index}]")
