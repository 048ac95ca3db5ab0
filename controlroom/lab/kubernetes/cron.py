"""When a Schedule is due: `@every 30s` and the five fields of cron, in UTC."""

from __future__ import annotations

from datetime import timedelta

from controlroom.clock import utc
from controlroom.lab.kubernetes.quantities import go_duration

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
#: No cron expression that is ever due waits longer than from one leap day to the next.
_LONGEST_WAIT = timedelta(days=8 * 366)


class BadSchedule(ValueError):
    """A schedule that does not parse."""


def next_due(text: str, after: float) -> float:
    """The first time strictly later than `after` (both Unix seconds); raises :class:`BadSchedule`."""
    if text.startswith("@every "):
        return after + max(1.0, go_duration(text.removeprefix("@every ").strip()))
    minutes, hours, days, months, weekdays = _fields(_NAMED.get(text, text))
    any_day, any_weekday = len(days) == 31, len(weekdays) == 7
    moment = utc(after).replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = moment + _LONGEST_WAIT
    while moment < end:
        by_day, by_weekday = moment.day in days, (moment.weekday() + 1) % 7 in weekdays
        # Where both kinds of day are restricted, either of them is enough.
        right_day = by_day and by_weekday if any_day or any_weekday else by_day or by_weekday
        if moment.month not in months or not right_day:
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment.timestamp()
    raise BadSchedule(f"{text} is never due")


def _fields(text: str) -> list[set[int]]:
    parts = text.split()
    if len(parts) != 5:
        raise BadSchedule(f"expected exactly 5 fields, found {len(parts)}: [{text}]")
    return [_field(part, low, high) for part, (low, high) in zip(parts, _RANGES, strict=True)]


def _field(text: str, low: int, high: int) -> set[int]:
    """The values of one field: `*`, numbers, ranges, lists of those, each with a step."""
    found: set[int] = set()
    try:
        for part in text.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            start = low if first in ("*", "?") else int(first)
            stop = high if first in ("*", "?") or (step and not last) else int(last or first)
            found |= set(range(start, stop + 1, int(step or 1)))
    except ValueError as error:
        raise BadSchedule(f"{text}: {error}") from None
    # Sunday is 0 and 7.
    return {0 if high == 6 and value == 7 else value for value in found}
