"""The parameters of the HTTP API, read as Prometheus 2.42 reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controlroom.lab.prometheus.durations import parse_duration
from controlroom.lab.prometheus.engine import MOST_STEPS
from controlroom.lab.prometheus.errors import ParseError, QueryError
from controlroom.lab.prometheus.parsing import parse

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def invalid(parameter: str, message: str) -> QueryError:
    """A parameter that cannot be read."""
    return QueryError("bad_data", f'invalid parameter "{parameter}": {message}')


def _time_ms(text: str) -> int:
    """Unix milliseconds of Unix seconds or RFC 3339; raises ValueError with Prometheus's words."""
    try:
        if _FLOAT.fullmatch(text):
            return round(float(text) * 1000)
        if _RFC3339.fullmatch(text):
            return round(datetime.fromisoformat(text).timestamp() * 1000)
        raise ValueError("neither a number nor RFC 3339")
    except (ValueError, OverflowError) as error:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp') from error


def _duration_ms(text: str) -> int:
    """Milliseconds of a number of seconds or a duration; raises ValueError with Prometheus's words."""
    if _FLOAT.fullmatch(text):
        return round(float(text) * 1000)
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f'cannot parse "{text}" to a valid duration') from error


def time_or(parameters: Mapping[str, str], name: str, default_ms: int) -> int:
    """An optional time in Unix milliseconds."""
    text = parameters.get(name, "")
    if not text:
        return default_ms
    try:
        return _time_ms(text)
    except ValueError as error:
        raise invalid(name, f"Invalid time value for '{name}': {error}") from error


def _required(parameters: Mapping[str, str], name: str) -> int:
    try:
        return _time_ms(parameters.get(name, ""))
    except ValueError as error:
        raise invalid(name, str(error)) from error


def timeout_of(parameters: Mapping[str, str], default: float) -> float:
    """The seconds (real ones) that an evaluation may take."""
    text = parameters.get("timeout", "")
    if not text:
        return default
    try:
        return min(default, _duration_ms(text) / 1000)
    except ValueError as error:
        raise invalid("timeout", str(error)) from error


def query_of(parameters: Mapping[str, str]) -> str:
    """The expression, known to parse."""
    text = parameters.get("query", "")
    try:
        parse(text)
    except ParseError as error:
        raise invalid("query", error.message) from error
    return text


@dataclass(frozen=True)
class Span:
    """The steps of a range query, in Unix milliseconds."""

    start_ms: int
    end_ms: int
    step_ms: int


def span_of(parameters: Mapping[str, str]) -> Span:
    """`start`, `end` and `step` of a range query."""
    start, end = _required(parameters, "start"), _required(parameters, "end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    try:
        step = _duration_ms(parameters.get("step", ""))
    except ValueError as error:
        raise invalid("step", str(error)) from error
    if step <= 0:
        message = "zero or negative query resolution step widths are not accepted. Try a positive integer"
        raise invalid("step", message)
    if (end - start) // step > MOST_STEPS:
        raise QueryError(
            "bad_data",
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)",
        )
    return Span(start, end, step)
