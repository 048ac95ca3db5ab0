"""Turns what pydantic found into errors for people, with nearest matches."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from controlroom.plan import repair
from controlroom.plan.documents import Data, Loc
from controlroom.plan.errors import nearest
from controlroom.plan.models.plan import PlanFile
from controlroom.plan.times import shorten


class Finding(NamedTuple):
    """One error, at its place in the data."""

    loc: Loc
    message: str
    near: str | None = None
    """What was probably meant."""


def validate(data: Data) -> tuple[PlanFile | None, list[Finding]]:
    """The plan file's model, as far as one can be made, and all that is wrong with the data.

    With findings the model stands for a repaired plan: good for further checks, for nothing else.
    """
    try:
        return PlanFile.model_validate(data), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    unknown = [_unknown(detail["loc"], data) for detail in details if detail["type"] == "extra_forbidden"]
    repaired = copy.deepcopy(data)
    for finding in unknown:
        repair.rename(repaired, finding.loc, finding.near)
    model, others = _validate_known(repaired)
    placed = [finding._replace(loc=repair.place_of(data, finding.loc)) for finding in unknown + others]
    return model, placed


def _validate_known(data: Data) -> tuple[PlanFile | None, list[Finding]]:
    """The same where unknown keys are gone already; repairs `data`."""
    try:
        return PlanFile.model_validate(data), []
    except ValidationError as error:
        details = [one for one in error.errors(include_url=False) if one["type"] != "extra_forbidden"]
    findings = [_described(detail) for detail in details]
    for detail, finding in zip(details, findings, strict=True):
        repair.replace(data, detail["loc"], finding.near)
    try:
        return PlanFile.model_validate(data), findings
    except ValidationError:
        return None, findings


def _unknown(loc: Loc, data: Data) -> Finding:
    known = repair.keys_at(loc[:-1])
    present = repair.value_at(data, loc[:-1])
    free = [name for name in known if not isinstance(present, dict) or name not in present]
    word = str(loc[-1])
    return Finding(loc, f"unknown key `{shorten(word)}`", nearest(word, free) or nearest(word, known))


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
