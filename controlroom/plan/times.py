"""Times as people write them in a plan.

A *length* is `90s`, `15m`, `1h30m` or `2.5s`: a number always has its unit. A *moment* is either a length, counted
from the start of the phase that holds it, or a time of the day, counted from the start of the day: `t=15` is
minute 15, as game day documents write it; `t=15:30` is minute 15 and 30 seconds; `t=1:15:00` has hours in front;
`t=15m` is a length from the start of the day. `T+15:30` says the same as `t=15:30`.
"""

from __future__ import annotations

import re

from controlroom.core.values import Value

LENGTH = r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+"
DAY_TIME = r"[tT][=+](?:\d+|\d+:[0-5]\d|\d+:[0-5]\d:[0-5]\d|" + LENGTH + ")"

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_LENGTH = re.compile(LENGTH, re.ASCII)
_DAY_TIME = re.compile(DAY_TIME, re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = 7 * 24 * 3600.0
"""Seconds; a longer time in a plan is a slip of the pen."""


class Moment(Value):
    seconds: float
    of_day: bool
    """Counted from the start of the day; otherwise from the start of the phase."""


def length(text: str) -> float:
    """Seconds of a written length. Raises ValueError with a message for people."""
    if not _LENGTH.fullmatch(text):
        unit = " (a number needs a unit)" if re.fullmatch(r"[\d.:]+", text) else ""
        raise ValueError(f"`{shorten(text)}` is not a length like 90s, 15m or 1h30m{unit}")
    return _bounded(text, sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))


def moment(text: str) -> Moment:
    """A written moment. Raises ValueError with a message for people."""
    if _LENGTH.fullmatch(text):
        return Moment(seconds=length(text), of_day=False)
    if not _DAY_TIME.fullmatch(text):
        raise ValueError(
            f"`{shorten(text)}` is not a time: write t=15 (minute 15 of the day), t=15:30, "
            "or 5m (from the start of the phase)"
        )
    written = text[2:]
    if _LENGTH.fullmatch(written):
        return Moment(seconds=length(written), of_day=True)
    numbers = [float(number) for number in written.split(":")]
    if len(numbers) == 1:
        numbers.append(0.0)
    hours, minutes, seconds = [0.0] * (3 - len(numbers)) + numbers
    return Moment(seconds=_bounded(text, hours * 3600.0 + minutes * 60.0 + seconds), of_day=True)


def _bounded(text: str, seconds: float) -> float:
    if seconds > LONGEST:
        raise ValueError(f"`{shorten(text)}` is longer than a week")
    return seconds


def shorten(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
