"""Texts for people: times, numbers, and lines cut to terminal cells. Pure; the only place that formats."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from controlroom.core.clean import clean

Row = tuple[tuple[str, str], ...]
"""One line of a pane: (text, tone) pieces. A tone is a name of :mod:`controlroom.tui.tones`."""

ELLIPSIS = "…"

MARKS = 4
"""Most combining marks on one character: more of them run over the lines above and below."""

_PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25ff]*")
"""What nearly every line is made of: letters of the West and our own signs."""

_UNSURE = re.compile(
    "[\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\u115f-\u11ff\ud7b0-\ud7ff\u3164\uffa0\U000e0100-\U000e01ef]"
)
"""Signs that change the one before, and letters that are nothing to see: terminals count them differently."""

_FLAGS = {0x1F1E6 + n: chr(ord("A") + n) for n in range(26)}
"""Halves of a flag, which takes two cells or four: the letters of its country instead."""


def span(seconds: float) -> str:
    """A length of time: `3:48`, `1:02:03`; negative ones with a sign."""
    sign = "-" if seconds <= -0.5 else ""
    whole = round(abs(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}:{left:02}" if hours else f"{sign}{minutes}:{left:02}"


def clock(seconds: float) -> str:
    """A session time as minutes and seconds from its start: `31:02`; past 100 minutes the minutes grow."""
    sign = "-" if seconds < 0 else ""
    minutes, left = divmod(int(abs(seconds)), 60)
    return f"{sign}{minutes:02}:{left:02}"


def age(seconds: float) -> str:
    """How old something is, shortly: `0.4s`, `12s`, `3m`, `2h`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}s"
    if seconds < 120:
        return f"{seconds:.0f}s"
    return f"{seconds / 60:.0f}m" if seconds < 7200 else f"{seconds / 3600:.0f}h"


def number(value: float, decimals: int) -> str:
    """A number with that many decimals; thousands with a `k`, millions with an `M`."""
    for bound, divisor, suffix in ((1e7, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= bound:
            return f"{value / divisor:.1f}{suffix}"
    return f"{value:.{decimals}f}"


def wall(at: datetime | None, zone: str) -> str:
    """Time of day in that zone (a name of the IANA database), `14:32:05 UTC`; empty for None."""
    if at is None:
        return ""
    if zone == "UTC":
        return at.strftime("%H:%M:%S UTC")
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S %Z")
    except (ZoneInfoNotFoundError, ValueError):
        return at.strftime("%H:%M:%S UTC")


@lru_cache(maxsize=1024)
def is_plain(text: str) -> bool:
    """Whether every terminal gives each of its signs one cell."""
    return _PLAIN.fullmatch(text) is not None


def settled(text: str) -> str:
    """The text as a line that takes the same cells in every terminal.

    What is joined, tinted or turned by a sign of its own (families, flags, skins, `❤` as a picture) is as wide as
    each terminal pleases, and the columns after it stand crooked. Such signs are left out here; the record keeps
    them. So are controls, all that is invisible, and marks with nothing to stand on.
    """
    return text if text.isascii() and text.isprintable() else _settled(text)


@lru_cache(maxsize=8192)
def _settled(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    found: list[str] = []
    marks = 0
    joined = unicodedata.normalize("NFC", clean(text, 10_000)).translate(_FLAGS)
    for char in _UNSURE.sub("", joined):
        kind = unicodedata.category(char)
        if kind in ("Mn", "Me"):
            marks += 1
            if marks > MARKS or not found:
                continue
        elif kind == "Cf":
            continue
        else:
            marks = 0
            char = "\ufffd" if kind in ("Cn", "Cs") else char
        found.append(char)
    return "".join(found)


def width(text: str) -> int:
    """Cells that a text takes in a terminal."""
    return cell_len(settled(text))


def fit(text: str, cells: int, align: str = "<") -> str:
    """The text in exactly that many cells: cut with an ellipsis, or filled up on one side (`<`, `>`, `^`)."""
    if cells <= 0:
        return ""
    text = settled(text)
    length = cell_len(text)
    if length > cells:
        kept = set_cell_size(text, cells - 1).rstrip(" ")
        return kept + ELLIPSIS + " " * (cells - 1 - cell_len(kept))
    pad = cells - length
    if align == ">":
        return " " * pad + text
    if align == "^":
        return " " * (pad // 2) + text + " " * (pad - pad // 2)
    return text + " " * pad


def row_width(row: Row) -> int:
    return sum(width(text) for text, _ in row)


def fit_row(row: Row, cells: int) -> Row:
    """The row in exactly that many cells."""
    found: list[tuple[str, str]] = []
    left = cells
    for index, (text, tone) in enumerate(row):
        text = settled(text)
        length = cell_len(text)
        if length > left:
            more = any(after.strip(" ") for after, _ in row[index + 1 :])
            text = text if more else text.rstrip(" ")  # blanks at the end are not missed
            if left == 0 and (more or text) and found:  # the piece before says that something is left out
                before, its_tone = found.pop()
                found.append((fit(before + ELLIPSIS, cell_len(before)), its_tone))
            else:
                found.append((fit(text, left), tone))
            return tuple(found)
        found.append((text, tone))
        left -= length
    if left:
        found.append((" " * left, ""))
    return tuple(found)


def spread(left: Row, right: Row, cells: int) -> Row:
    """Two rows on one line, the second at the right end; the first gives way."""
    room = cells - row_width(right)
    if room <= 0:
        return fit_row(right, cells)
    return (*fit_row(left, room), *right)


def wrapped(text: str, cells: int) -> list[str]:
    """The text in lines of at most that many cells, broken at spaces where there are any."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, paragraph = "", settled(paragraph)
        for word in re.split(r"(?<=\s)", paragraph):
            if cell_len(line) + cell_len(word.rstrip()) > cells and line:
                lines.append(line.rstrip())
                line = ""
            while cell_len(word) > cells:
                head = set_cell_size(word, cells)
                lines.append(head)
                word = word[len(head.rstrip()) or 1 :]
            line += word
        lines.append(line.rstrip())
    return lines
