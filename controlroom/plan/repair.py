"""Puts what is wrong in a plan's data provisionally right, so that one slip does not hide the others.

An unknown key is taken for its nearest match, a bad choice for the nearest one, another bad value for none at all or,
where one is needed, for a stand-in. Nothing of this is ever used but to look for further errors.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from controlroom.plan.documents import Data, Loc
from controlroom.plan.models.plan import PlanFile

Schema = Mapping[str, object]


@functools.cache
def schema() -> Schema:
    """JSON Schema of the plan file."""
    found = PlanFile.model_json_schema(mode="validation")
    for model in found["$defs"].values():
        for key in model.get("properties", {}).values():
            # Lengths are numbers once read, and texts where they are written.
            if "examples" in key and isinstance(key.get("default"), float):
                key["default"] = f"{key['default']:g}s"
    return found


def value_at(data: Data, loc: Loc) -> Data:
    """The data at a location; steps that name nothing (pydantic's tags of unions) are passed over."""
    for part in loc:
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
    return data


def place_of(data: Data, loc: Loc) -> Loc:
    """The location without the tags of unions that pydantic puts into it."""
    kept: list[str | int] = []
    for number, part in enumerate(loc):
        holder = value_at(data, tuple(kept))
        last = number == len(loc) - 1
        if last or isinstance(part, int) or not isinstance(holder, dict) or part in holder:
            kept.append(part)
    return tuple(kept)


def rename(data: Data, loc: Loc, name: str | None) -> None:
    """Takes the key at `loc` away and gives its value to the key `name`, unless that is there."""
    holder = value_at(data, loc[:-1])
    if isinstance(holder, dict):
        value = holder.pop(str(loc[-1]), None)
        if name is not None:
            holder.setdefault(name, value)


def replace(data: Data, loc: Loc, value: str | None) -> None:
    """Puts `value`, or else a stand-in, in the place of a bad or missing value; away with it where none is needed."""
    if not loc:
        return
    holder, key = value_at(data, loc[:-1]), loc[-1]
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        holder[key] = value or _stand_in(schema_at(loc))
    elif isinstance(holder, dict) and isinstance(key, str):
        required = schema_at(loc[:-1]).get("required")
        if value is not None or (isinstance(required, list) and key in required):
            holder[key] = value or _stand_in(schema_at(loc))
        else:
            holder.pop(key, None)


def _stand_in(place: Schema) -> Data:
    """A value that the schema takes at a place: a time of zero where times are written, which no check goes by."""
    examples = place.get("examples")
    if isinstance(examples, list):
        return "t=0" if str(examples[0]).startswith("t=") else "0s"
    return "1" if place.get("type") in ("number", "integer") else "x"


def keys_at(loc: Loc) -> list[str]:
    """The keys that the schema knows at a location."""
    found = schema_at(loc).get("properties")
    return list(found) if isinstance(found, dict) else []


def schema_at(loc: Loc) -> Schema:
    """The schema of what is at a location as pydantic gives it, tags of unions included."""
    place = schema()
    for part in loc:
        place = _resolved(_inside(place, part))
    return place


def _inside(place: Schema, part: str | int) -> object:
    if isinstance(part, int):
        return place.get("items", {})
    discriminator = place.get("discriminator")
    if isinstance(discriminator, dict) and part in discriminator["mapping"]:
        return {"$ref": discriminator["mapping"][part]}
    properties = place.get("properties")
    return properties.get(part, {}) if isinstance(properties, dict) else {}


def _resolved(place: object) -> Schema:
    """A schema with its reference followed and, of alternatives, the one that holds most."""
    while isinstance(place, dict):
        if "$ref" in place:
            place = definition(str(place["$ref"]).rsplit("/", 1)[-1])
        elif "anyOf" in place:
            place = next(
                (one for one in place["anyOf"] if "$ref" in one or "items" in one), place["anyOf"][0]
            )
        else:
            return place
    return {}


def definition(name: str) -> Schema:
    """The schema of one of the models, by its class's name."""
    definitions = schema()["$defs"]
    found = definitions[name] if isinstance(definitions, dict) else {}
    return found if isinstance(found, dict) else {}
