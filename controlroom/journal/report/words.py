"""Numbers, times and figures in plain words, for every kind of report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controlroom.core.assessment import Cell, Evidence, Figure
from controlroom.core.plan import Metric

SHOWN = 0.05
"""Seconds: half of the last digit that a length of time is given with."""


def span(seconds: float) -> str:
    """A length of time: `22 s`, `4:13`, `1:02:03`."""
    if abs(seconds) < 100:
        return f"{round(seconds, 1):g} s"
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes < 100:
        return f"{sign}{minutes}:{rest:02}"
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{rest:02}"


def margin(seconds: float) -> str:
    """How uncertain a moment or a duration is; empty where that is less than the value shows."""
    return f" ± {seconds:.2g} s" if seconds >= SHOWN else ""


def number(value: float, unit: str, decimals: int) -> str:
    return f"{value:.{decimals}f} {unit}".rstrip()


def quantity(value: float, unit: str) -> str:
    """A value of which nobody has said how many decimals it deserves."""
    return span(value) if unit == "s" else f"{round(value, 3):g} {unit}".rstrip()


class Times:
    """Session time and wall time of a session; in the plan's zone where the system knows it, else in UTC."""

    def __init__(self, opened_at: datetime, zone: str) -> None:
        self.opened_at = opened_at
        self.zone, self._info = _zone(zone)

    def at(self, t: float) -> datetime:
        """The moment of a session second."""
        return self.opened_at + timedelta(seconds=t)

    def session(self, at: datetime) -> str:
        """`T+15:03`; with a minus before the session was opened."""
        seconds = int((at - self.opened_at).total_seconds())
        minutes, rest = divmod(abs(seconds), 60)
        return f"T{'-' if seconds < 0 else '+'}{minutes:02}:{rest:02}"

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self._info)

    def wall(self, at: datetime) -> str:
        """Time of day in the room's zone."""
        return f"{self.local(at):%H:%M:%S}"

    def day(self, at: datetime) -> str:
        return f"{self.local(at):%Y-%m-%d}"

    def both(self, at: datetime) -> str:
        return f"{self.session(at)} ({self.wall(at)})"


def _zone(name: str) -> tuple[str, tzinfo]:
    if name == "UTC":
        return name, UTC
    try:
        return name, ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC", UTC


def figure(found: Figure, times: Times) -> str:
    """A figure's value and uncertainty, or its status and the reason."""
    if found.status not in ("known", "provisional") or (found.value is None and found.at is None):
        return f"{found.status}: {found.reason}" if found.reason else found.status
    value = times.both(found.at) if found.at is not None else span(found.value or 0.0)
    provisional = ", provisional" if found.status == "provisional" else ""
    return value + margin(found.uncertainty) + provisional + (f" ({found.reason})" if found.reason else "")


def cell(found: Cell, metric: Metric, times: Times) -> str:
    """A cell of the metrics table, with its statistic; what is not known says why."""
    if found.value is None:
        return f"unknown: {found.reason}" if found.reason else "unknown"
    when = f" at {times.session(found.at)}" if found.at is not None else ""
    return f"{number(found.value, metric.unit, metric.decimals)} ({found.statistic}{when})"


def proof(own: Evidence, times: Times, titles: Mapping[str, str]) -> str:
    """One piece of evidence as a line; a query that is in `titles` goes by its metric's title."""
    parts = [own.source]
    if own.at is not None:
        parts.append(times.both(own.at) + margin(own.uncertainty))
    if own.text:
        parts.append(titles.get(own.text.strip(), own.text))
    if own.value is not None:
        parts.append(f"value {own.value:.0f}" if own.value.is_integer() else f"value {own.value:.6g}")
    return ", ".join(parts)
