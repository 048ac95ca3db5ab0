"""Floating-point numbers as Go and Prometheus treat them, where Python differs."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

NAN = math.nan
INF = math.inf

_STALE_BITS = struct.pack("<Q", 0x7FF0000000000002)

#: Marks the end of a series (Prometheus, model/value/value.go). Compare with :func:`is_stale`, never with ==.
STALE_NAN: float = struct.unpack("<d", _STALE_BITS)[0]


def is_stale(value: float) -> bool:
    """Whether `value` is the staleness marker and not just any NaN."""
    return value != value and struct.pack("<d", value) == _STALE_BITS


def add_compensated(increment: float, total: float, compensation: float) -> tuple[float, float]:
    """One step of the Kahan-Neumaier sum: the new total and the new compensation."""
    new = total + increment
    if abs(total) >= abs(increment):
        return new, compensation + ((total - new) + increment)
    return new, compensation + ((increment - new) + total)


def divide(left: float, right: float) -> float:
    """IEEE 754 division: by zero gives an infinity or NaN instead of an error."""
    if right:
        return left / right
    if left != left or left == 0 or right != right:
        return NAN
    return math.copysign(INF, left) * math.copysign(1.0, right)


def power(left: float, right: float) -> float:
    """Go's math.Pow: no complex results, overflow gives an infinity."""
    try:
        return math.pow(left, right)
    except OverflowError:
        negative = left < 0 and right % 2 == 1
        return -INF if negative else INF
    except ValueError:
        if left == 0:
            odd = right % 2 == 1
            return math.copysign(INF, left) if odd else INF
        return NAN


def modulo(left: float, right: float) -> float:
    """Go's math.Mod: the sign of the dividend, NaN where there is no remainder."""
    try:
        return math.fmod(left, right)
    except ValueError:
        return NAN


def larger(left: float, right: float) -> float:
    """Go's math.Max: NaN where either is NaN, unless the other is +Inf."""
    if left == INF or right == INF:
        return INF
    return NAN if left != left or right != right else max(left, right)


def smaller(left: float, right: float) -> float:
    """Go's math.Min: NaN where either is NaN, unless the other is -Inf."""
    if left == -INF or right == -INF:
        return -INF
    return NAN if left != left or right != right else min(left, right)


def format_plain(value: float) -> str:
    """Go's strconv.FormatFloat(value, 'f', -1, 64): the shortest digits, never an exponent."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def format_value(value: float) -> str:
    """A sample value as the query API writes it: plain, with an exponent below 1e-6 and from 1e21."""
    size = abs(value)
    if size != 0 and (size < 1e-6 or size >= 1e21) and not math.isinf(value):
        return format_exponent(value)
    return format_plain(value)


def format_exponent(value: float) -> str:
    """Go's strconv.FormatFloat(value, 'e', -1, 64), as in the `value` of an alert: 9.1e-01, 0e+00."""
    if value != value or math.isinf(value):
        return format_plain(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    kept = "".join(map(str, digits)).lstrip("0").rstrip("0")
    if not kept:
        return "-0e+00" if sign else "0e+00"
    assert isinstance(exponent, int)
    power_of_ten = exponent + len("".join(map(str, digits)).lstrip("0")) - 1
    mantissa = kept[0] + ("." + kept[1:] if len(kept) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power_of_ten < 0 else '+'}{abs(power_of_ten):02d}"


def format_general(value: float) -> str:
    """Go's %v of a float64, as templates print it: an exponent below 1e-4 and from 1e21."""
    size = abs(value)
    if size != 0 and (size < 1e-4 or size >= 1e21) and not math.isinf(value):
        return format_exponent(value)
    return format_plain(value)


def parse_number(text: str) -> float | None:
    """A number as Go's strconv.ParseFloat reads it in an `le` label; None where it is not one."""
    if not text or text != text.strip() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
