"""Binary operators on numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from controlroom.lab.prometheus.numbers import divide, modulo, power

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}

DROPS_NAME = frozenset(ARITHMETIC) - {"atan2"}
"""Operators whose result has no metric name; that of atan2 keeps it in Prometheus 2.42."""

COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def scalar_function(op: str) -> Callable[[float, float], float]:
    """An operator between two scalars; a comparison (always with `bool`) gives 0 or 1."""
    if op in ARITHMETIC:
        return ARITHMETIC[op]
    compare = COMPARISON[op]
    return lambda left, right: 1.0 if compare(left, right) else 0.0


def element_function(op: str, *, as_bool: bool, kept_side: int = 0) -> Callable[[float, float], float | None]:
    """An operator between elements: a comparison without `bool` keeps one side's value or gives None."""
    if op in ARITHMETIC or as_bool:
        return scalar_function(op)
    compare = COMPARISON[op]
    if kept_side:
        return lambda left, right: right if compare(left, right) else None
    return lambda left, right: left if compare(left, right) else None
