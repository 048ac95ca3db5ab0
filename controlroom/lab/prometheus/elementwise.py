"""Functions of one number: mathematics, rounding, clamping and the parts of a date (Prometheus 2.42)."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from controlroom.lab.prometheus.numbers import INF, NAN, divide

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _guarded(function: Callable[[float], float]) -> Callable[[float], float]:
    """Outside its domain a function is NaN, and what overflows is infinite, as IEEE 754 has it."""

    def guarded(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return NAN
        except OverflowError:
            return INF

    return guarded


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    guarded = _guarded(function)
    return lambda value: -INF if value == 0 else guarded(value)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: value if value != value or math.isinf(value) else float(function(value))


def _sign(value: float) -> float:
    return math.copysign(1.0, value) if value and value == value else value


def _sinh(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(INF, value)


def _atanh(value: float) -> float:
    return math.copysign(INF, value) if abs(value) == 1 else _guarded(math.atanh)(value)


def round_to(value: float, nearest: float) -> float:
    """`round(v, nearest)`: halves go up."""
    inverse = divide(1.0, nearest)
    scaled = value * inverse + 0.5
    if scaled != scaled or math.isinf(scaled):
        return scaled / inverse if inverse else NAN
    return math.floor(scaled) / inverse


MATH: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "exp": _guarded(math.exp),
    "sqrt": _guarded(math.sqrt),
    "ln": _logarithm(math.log),
    "log2": _logarithm(math.log2),
    "log10": _logarithm(math.log10),
    "sgn": _sign,
    "deg": lambda value: value * 180 / math.pi,
    "rad": lambda value: value * math.pi / 180,
    "sin": _guarded(math.sin),
    "cos": _guarded(math.cos),
    "tan": _guarded(math.tan),
    "asin": _guarded(math.asin),
    "acos": _guarded(math.acos),
    "atan": math.atan,
    "sinh": _sinh,
    "cosh": _guarded(math.cosh),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": _guarded(math.acosh),
    "atanh": _atanh,
}


def _moment(value: float) -> datetime | None:
    """Unix seconds, cut to whole ones, in UTC; None where no calendar reaches."""
    try:
        return _EPOCH + timedelta(seconds=int(value))
    except (ValueError, OverflowError):
        return None


def _part(of: Callable[[datetime], int]) -> Callable[[float], float]:
    def part(value: float) -> float:
        moment = _moment(value)
        return NAN if moment is None else float(of(moment))

    return part


DATE: dict[str, Callable[[float], float]] = {
    "minute": _part(lambda moment: moment.minute),
    "hour": _part(lambda moment: moment.hour),
    "day_of_week": _part(lambda moment: moment.isoweekday() % 7),
    "day_of_month": _part(lambda moment: moment.day),
    "day_of_year": _part(lambda moment: moment.timetuple().tm_yday),
    "days_in_month": _part(lambda moment: calendar.monthrange(moment.year, moment.month)[1]),
    "month": _part(lambda moment: moment.month),
    "year": _part(lambda moment: moment.year),
}
"""Of Unix seconds, UTC; without an argument of the step's time."""
