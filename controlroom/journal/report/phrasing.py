"""Words, numbers and times of the report, and outside text made harmless for Markdown.

Everything that a person, a plan or a cluster wrote goes through :func:`escaped` (or :func:`paragraphs`), so
that it can open no table, no HTML, no link and no code of its own. Rules: CommonMark 0.31 sections 2.4
(backslash escapes) and 6, and the tables of GitHub Flavored Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controlroom.core.assessment import Cell, Evidence, Figure
from controlroom.core.clean import clean
from controlroom.core.plan import Metric

LONGEST = 10_000
"""Characters of one text that are kept."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_AT_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([#+\-=])(?=[\s#+\-=]|$)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """One line that a Markdown renderer shows as it was written, in a paragraph, a list or a table cell."""
    line = _SPECIAL.sub(r"\\\1", clean(text, LONGEST).strip())
    line = _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)
    return re.sub("[&<>]", lambda found: _HTML[found[0]], line)


def paragraphs(text: str) -> str:
    """The same for a text of several lines: they stay lines, within one list item or table cell."""
    return "<br>".join(escaped(line) for line in text.strip().splitlines())


def fenced(text: str, language: str = "") -> list[str]:
    """A code block whose fence is longer than any run of backticks in it."""
    lines = [clean(line, LONGEST) for line in text.strip("\n").splitlines()]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *lines, fence, ""]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; the cells are Markdown already."""
    return [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(" --- " for _ in header) + "|",
        *("| " + " | ".join(cell or " " for cell in row) + " |" for row in rows),
        "",
    ]


def span(seconds: float) -> str:
    """A length of time: `22 s`, `4:13`, `1:02:03`."""
    if abs(seconds) < 100:
        return f"{round(seconds, 1):g} s"
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    minutes, rest = divmod(whole, 60)
    return (
        f"{sign}{minutes}:{rest:02}"
        if minutes < 100
        else f"{sign}{minutes // 60}:{minutes % 60:02}:{rest:02}"
    )


def number(value: float, unit: str, decimals: int) -> str:
    return f"{value:.{decimals}f} {escaped(unit)}".rstrip()


def quantity(value: float, unit: str) -> str:
    """A value whose metric does not say how many decimals it deserves."""
    return span(value) if unit == "s" else f"{round(value, 3):g} {escaped(unit)}".rstrip()


class Times:
    """Session time and wall time of a session; the plan's zone where the system knows it, else UTC."""

    def __init__(self, opened_at: datetime, zone: str) -> None:
        self.opened_at = opened_at
        self.zone, self._info = _zone(zone)

    def at(self, t: float) -> datetime:
        """The moment of a session second."""
        return self.opened_at + timedelta(seconds=t)

    def session(self, at: datetime) -> str:
        """`T+15:03`; negative before the session was opened."""
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
    """A figure as a cell: its value, or its status and the reason."""
    note = f" ({escaped(found.reason)})" if found.reason else ""
    if found.status not in ("known", "provisional") or (found.value is None and found.at is None):
        return f"{found.status}: {escaped(found.reason)}" if found.reason else found.status
    value = times.both(found.at) if found.at is not None else span(found.value or 0.0)
    return (
        value + margin(found.uncertainty) + (", provisional" if found.status == "provisional" else "") + note
    )


def cell(found: Cell, metric: Metric, times: Times) -> str:
    """A cell of the metrics table, with its statistic; what is not known says why."""
    if found.value is None:
        return f"unknown: {escaped(found.reason)}" if found.reason else "unknown"
    when = f" at {times.session(found.at)}" if found.at is not None else ""
    return f"{number(found.value, metric.unit, metric.decimals)} ({found.statistic}{when})"


def margin(seconds: float) -> str:
    """How uncertain a moment or a duration is; empty where it is not."""
    return f" ± {seconds:.2g} s" if seconds else ""


def proof(own: Evidence, times: Times, titles: Mapping[str, str]) -> str:
    """One piece of evidence as a line; a query that is in `titles` goes by its metric's title."""
    parts = [f"**{escaped(own.source)}**"]
    if own.at is not None:
        parts.append(times.both(own.at) + margin(own.uncertainty))
    if own.text:
        parts.append(escaped(titles.get(own.text.strip(), own.text)))
    if own.value is not None:
        parts.append(f"value {own.value:.6g}")
    return ", ".join(parts)
