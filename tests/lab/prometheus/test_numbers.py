"""Numbers are written and computed as Go does."""

from __future__ import annotations

import math

import pytest

from controlroom.lab.prometheus.durations import format_duration, parse_duration
from controlroom.lab.prometheus.numbers import (
    divide,
    format_exponent,
    format_general,
    format_value,
    larger,
    modulo,
    parse_number,
    power,
    smaller,
)

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "in_query", "in_alert", "in_template"),
    [
        (0.0, "0", "0e+00", "0"),
        (-0.0, "-0", "-0e+00", "-0"),
        (8.0, "8", "8e+00", "8"),
        (215.0, "215", "2.15e+02", "215"),
        (0.8541666666666666, "0.8541666666666666", "8.541666666666666e-01", "0.8541666666666666"),
        (1e-6, "0.000001", "1e-06", "1e-06"),
        (9.5e-7, "9.5e-07", "9.5e-07", "9.5e-07"),
        (1e20, "100000000000000000000", "1e+20", "100000000000000000000"),
        (1.5e21, "1.5e+21", "1.5e+21", "1.5e+21"),
        (-1e-300, "-1e-300", "-1e-300", "-1e-300"),
        (NAN, "NaN", "NaN", "NaN"),
        (-INF, "-Inf", "-Inf", "-Inf"),
    ],
)
def test_notations(value: float, in_query: str, in_alert: str, in_template: str) -> None:
    assert (format_value(value), format_exponent(value), format_general(value)) == (
        in_query,
        in_alert,
        in_template,
    )


def test_arithmetic_at_its_edges() -> None:
    assert (divide(1, 0.0), divide(-1, 0.0), divide(1, -0.0), divide(-INF, -0.0)) == (INF, -INF, -INF, INF)
    assert math.isnan(divide(0.0, 0.0)) and math.isnan(divide(NAN, 0.0))
    assert (power(-2, 2000), power(-2, 2001), power(0.0, -1), power(-0.0, -1)) == (INF, -INF, INF, -INF)
    assert math.isnan(power(-8, 1 / 3)) and math.isnan(modulo(5, 0)) and math.isnan(modulo(INF, 2))
    assert (larger(NAN, INF), smaller(-INF, NAN)) == (INF, -INF)
    assert math.isnan(larger(NAN, 1)) and math.isnan(smaller(1, NAN))


@pytest.mark.parametrize(
    ("text", "number"), [("0.5", 0.5), ("+Inf", INF), ("", None), ("1_0", None), ("x", None)]
)
def test_bounds_of_buckets(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "milliseconds", "shown"),
    [("90s", 90_000, "1m30s"), ("1h0m1ms", 3_600_001, "1h1ms"), ("0", 0, "0s"), ("1w", 604_800_000, "1w")],
)
def test_durations(text: str, milliseconds: int, shown: str) -> None:
    assert (parse_duration(text), format_duration(milliseconds)) == (milliseconds, shown)


@pytest.mark.parametrize("text", ["", "5", "s", "5x", "1s1m", "-5s", "1.5h"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a valid duration string"):
        parse_duration(text)
