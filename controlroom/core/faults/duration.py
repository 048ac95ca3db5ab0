"""Durations as Go writes them: `90s`, `1h30m`, `250ms`."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")


class NotADuration(ValueError):
    """The text is not a duration; the message quotes it."""


def seconds_of(text: str) -> float:
    """Seconds of a duration in Go's form (time.ParseDuration, without a sign). Raises :class:`NotADuration`."""
    if text == "0":
        return 0.0
    if not re.fullmatch(f"(?:{_PART.pattern})+", text):
        raise NotADuration(f"{text!r} is not a duration such as 90s, 45m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def written(seconds: float) -> str:
    """Whole seconds, rounded up, in the form that Chaos Mesh takes: `5400s` is written `1h30m0s`."""
    whole = -int(-seconds // 1)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"
