"""Go durations and Kubernetes quantities as chaos specs write them."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]*(?:\.[0-9]*)?)([^0-9.]*)")
_SIZE = re.compile(r"([0-9.]+)\s*([A-Za-z]*)")
_SIZE_UNITS = {"": 1, "B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


class BadDuration(ValueError):
    """A text that Go's time.ParseDuration refuses; the message is Go's own."""


def go_duration(text: str) -> float:
    """Seconds of a Go duration such as "1h30m" or "-1.5s"; raises :class:`BadDuration`."""
    sign, rest = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if rest == "0":
        return 0.0
    if not rest:
        raise BadDuration(f'time: invalid duration "{text}"')
    total, position = 0.0, 0
    while position < len(rest):
        match = _PART.match(rest, position)
        if match is None or not match[1].strip("."):
            raise BadDuration(f'time: invalid duration "{text}"')
        if not match[2]:
            raise BadDuration(f'time: missing unit in duration "{text}"')
        if match[2] not in _UNITS:
            raise BadDuration(f'time: unknown unit "{match[2]}" in duration "{text}"')
        total += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    return sign * total


def memory_size(text: str) -> tuple[float, float]:
    """A StressChaos memory size as (bytes, share of the limit): one of the two is 0.

    Sizes are powers of 1024 whatever their unit's spelling, as github.com/docker/go-units reads them.
    """
    if text.endswith("%"):
        return 0.0, float(text[:-1]) / 100
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return 0.0, 0.0
    unit = match[2].upper().removesuffix("IB").removesuffix("B")
    return float(match[1]) * _SIZE_UNITS.get(unit, 1), 0.0
