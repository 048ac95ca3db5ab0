"""Turns what pydantic found into errors for people, with nearest matches, and repairs what it can to look on.

An unknown key whose nearest match is not there is taken for it, and a bad value with a default is taken as not
written, so that one slip neither hides the others nor brings false ones along.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from controlroom.plan.documents import Data, Loc
from controlroom.plan.errors import nearest
from controlroom.plan.models.plan import PlanFile
from controlroom.plan.times import shorten

Schema = Mapping[str, object]


class Finding:
    """One error, at its place in the data."""

    def __init__(self, loc: Loc, message: str, near: str | None = None) -> None:
        self.loc = loc
        self.message = message
        self.near = near


@functools.cache
def schema() -> Schema:
    """JSON Schema of the plan file."""
    return PlanFile.model_json_schema(mode="validation")


def validate(data: Data) -> tuple[PlanFile | None, list[Finding]]:
    """The plan file's model, as far as one can be made, and all that is wrong with the data."""
    try:
        return PlanFile.model_validate(data), []
    except ValidationError as error:
        first = error.errors(include_url=False)
    unknown = [detail for detail in first if detail["type"] == "extra_forbidden"]
    findings = [_unknown(detail["loc"], data) for detail in unknown]
    repaired = copy.deepcopy(data)
    for finding in findings:
        _rename(repaired, finding)
    model, others = _again(repaired)
    return model, [_placed(finding, data) for finding in findings + others]


def _placed(finding: Finding, data: Data) -> Finding:
    """The finding without the tags of unions that pydantic puts into its locations."""
    kept: list[str | int] = []
    for number, part in enumerate(finding.loc):
        last = number == len(finding.loc) - 1
        holder = _at(data, tuple(kept))
        if last or isinstance(part, int) or not isinstance(holder, dict) or part in holder:
            kept.append(part)
    return Finding(tuple(kept), finding.message, finding.near)


def _again(data: Data) -> tuple[PlanFile | None, list[Finding]]:
    try:
        return PlanFile.model_validate(data), []
    except ValidationError as error:
        details = [
            detail for detail in error.errors(include_url=False) if detail["type"] != "extra_forbidden"
        ]
    findings = [_described(detail) for detail in details]
    for detail in details:
        _forget(data, detail["loc"])
    try:
        return PlanFile.model_validate(data), findings
    except ValidationError:
        return None, findings


def _unknown(loc: Loc, data: Data) -> Finding:
    known = list(_properties(loc[:-1]))
    present = _at(data, loc[:-1])
    taken = present.keys() if isinstance(present, dict) else ()
    word = str(loc[-1])
    near = nearest(word, [name for name in known if name not in taken]) or nearest(word, known)
    return Finding(loc, f"unknown key `{shorten(word)}`", near)


def _at(data: Data, loc: Loc) -> Data:
    """The data at a location; steps that name nothing (tags of unions) are passed over."""
    for part in loc:
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
    return data


def _rename(data: Data, finding: Finding) -> None:
    holder = _at(data, finding.loc[:-1])
    if not isinstance(holder, dict):
        return
    value = holder.pop(str(finding.loc[-1]), None)
    if finding.near is not None and finding.near not in holder:
        holder[finding.near] = value


def _forget(data: Data, loc: Loc) -> None:
    """Takes a value away where the plan can do without; where it cannot, the next validation says so."""
    holder = _at(data, loc[:-1])
    if isinstance(holder, dict) and loc[-1] in holder:
        del holder[str(loc[-1])]


def _properties(loc: Loc) -> Mapping[str, object]:
    """The keys that the schema knows at a location."""
    place: object = schema()
    for part in loc:
        place = _step(_resolved(place), part)
    found = _resolved(place).get("properties")
    return found if isinstance(found, dict) else {}


def _resolved(place: object) -> Schema:
    """A schema with its reference followed and, of alternatives, the one that is a mapping or a list."""
    while isinstance(place, dict):
        if "$ref" in place:
            place = _definition(str(place["$ref"]).rsplit("/", 1)[-1])
        elif "anyOf" in place:
            place = next(
                (one for one in place["anyOf"] if "$ref" in one or "items" in one), place["anyOf"][0]
            )
        else:
            return place
    return {}


def _definition(name: str) -> object:
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    return definitions[name]


def _step(place: Schema, part: str | int) -> object:
    if isinstance(part, int):
        return place.get("items", {})
    discriminator = place.get("discriminator")
    if isinstance(discriminator, dict) and part in discriminator["mapping"]:
        return {"$ref": discriminator["mapping"][part]}
    properties = place.get("properties")
    return properties.get(part, {}) if isinstance(properties, dict) else {}


_EXPECTED = {
    "string_type": "a text",
    "tuple_type": "a list (lines that begin with `- `)",
    "dict_type": "a mapping (lines of `key: value`)",
    "model_type": "a mapping (lines of `key: value`)",
    "model_attributes_type": "a mapping (lines of `key: value`)",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "is_instance_of": "a time like t=15 or 5m",
    "bool_type": "yes or no",
    "bool_parsing": "yes or no",
}


def _described(detail: ErrorDetails) -> Finding:
    loc, kind, value = detail["loc"], detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "missing":
        return Finding(loc[:-1], f"the key `{loc[-1]}` is missing")
    if value is None:
        return Finding(loc, "nothing is written here")
    if kind in ("literal_error", "union_tag_invalid"):
        return _choice(loc, value, context)
    if kind == "union_tag_not_found":
        return Finding(loc, "the key `type` is missing")
    if kind == "value_error":
        return Finding(loc, str(context["error"]))
    if kind in _EXPECTED:
        return Finding(loc, f"this must be {_EXPECTED[kind]}{_shown(value)}")
    if kind == "string_too_short":
        return Finding(loc, "this must not be empty")
    if kind == "too_short":
        return Finding(loc, "this must have at least one entry")
    return Finding(
        loc, detail["msg"].removeprefix("Input ").replace("should be", "this must be") + _shown(value)
    )


def _choice(loc: Loc, value: object, context: Mapping[str, object]) -> Finding:
    choices = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags")))
    tag = str(context.get("tag", value))
    listed = ", ".join(choices)
    place = (*loc, "type") if "tag" in context else loc
    return Finding(place, f"`{shorten(tag)}` is none of: {listed}", nearest(tag, choices))


def _shown(value: object) -> str:
    return f", not `{shorten(value)}`" if isinstance(value, str) else ""


def written(loc: Sequence[str | int]) -> str:
    """A location as people write it: `phases[0].steps[2].at`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
