"""What the models share: strictness, and the small written forms (lengths, moments, names)."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    InstanceOf,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from controlroom.plan import times

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
METRIC = r"[a-z][a-z0-9_]*"


class Strict(BaseModel):
    """Unknown keys are errors; values are frozen; keys are written with hyphens."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=False,
        alias_generator=lambda name: name.replace("_", "-"),
        allow_inf_nan=False,
        str_strip_whitespace=True,
    )


def _length(value: object) -> object:
    return times.length(value.strip()) if isinstance(value, str) else value


def _moment(value: object) -> object:
    return times.moment(value.strip()) if isinstance(value, str) else value


def _zone(value: str) -> str:
    import zoneinfo

    try:
        known = value == "UTC" or zoneinfo.ZoneInfo(value) is not None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        raise ValueError(
            f"`{times.shorten(value)}` is no time zone that this machine knows, like Europe/Berlin"
        )
    return value


_LENGTH_SCHEMA = {"type": "string", "pattern": f"^{times.LENGTH}$", "examples": ["90s", "15m", "1h30m"]}
_MOMENT_SCHEMA = {
    "type": "string",
    "pattern": f"^(?:{times.LENGTH}|{times.DAY_TIME})$",
    "examples": ["t=15", "t=15:30", "5m"],
}


def _command(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {error}") from None


Text = Annotated[str, StringConstraints(min_length=1)]
Length = Annotated[float, BeforeValidator(_length), WithJsonSchema(_LENGTH_SCHEMA)]
"""Seconds, written as a length."""
Moment = Annotated[InstanceOf[times.Moment], BeforeValidator(_moment), WithJsonSchema(_MOMENT_SCHEMA)]
Command = Annotated[
    tuple[Text, ...],
    BeforeValidator(_command),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Zone = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string"})]


def _named(pattern: str, form: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"`{times.shorten(value)}` is no name: {form}")
        return value

    return AfterValidator(check)


_SLUG_SCHEMA = {"type": "string", "pattern": f"^{SLUG}$"}
Id = Annotated[str, _named(SLUG, "write lower-case words joined by hyphens"), WithJsonSchema(_SLUG_SCHEMA)]
MetricId = Annotated[
    str,
    _named(METRIC, "write lower-case words joined by underscores"),
    WithJsonSchema({"type": "string", "pattern": f"^{METRIC}$"}),
]
Label = Annotated[str, _named(r"[a-zA-Z_][a-zA-Z0-9_]*", "a label has letters, digits and underscores")]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]

Worse = Literal["higher", "lower", "neither"]
Statistic = Literal["p95", "worst", "mean", "last"]


class OrText:
    """Lets an entry of a list be written as its text alone: `- What went well?`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def spread(value: object) -> object:
            return {"text": value} if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(spread, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


def slug(text: str, longest: int = 48) -> str:
    """A name made of a text's first words: `Notify all participants (no surprises!)` is `notify-all-participants-…`."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    name = words[0][:longest] if words else "item"
    for word in words[1:]:
        if len(name) + len(word) + 1 > longest:
            break
        name = f"{name}-{word}"
    return name


def identified(written: str | None, text: str) -> str:
    """The name that was written, or one made of the text."""
    return written if written is not None else slug(text)
