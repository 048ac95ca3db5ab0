"""What the terminal shows, cell by cell, so that it is sent no more than what differs from it.

Textual paints every line that was touched from one end to the other. Over a slow line that is most of what is sent: of
a line of the metrics three digits change. Strips of Textual and its updates are internal doors; the version is pinned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from controlroom.tui.text import is_plain

Cell = tuple[str, str]
"""Text and codes of its look, as they stand in an SGR sequence. The text of the second half of a wide sign is empty."""

BRIDGE = 5
"""Cells that are written again rather than skipped: to move the cursor takes more bytes."""


class Paper:
    """What the terminal shows."""

    def __init__(self) -> None:
        self._lines: list[list[Cell | None]] = []
        """None: it is not known what is there."""
        self._size = (0, 0)

    def forget(self) -> None:
        """Something else may have been written, or the terminal has another size: all is painted anew."""
        self._size = (0, 0)

    def told(
        self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], colours: ColorSystem | None
    ) -> str:
        """What a terminal of that size is to be sent for the update; it is taken as sent. None: it has no colours,
        or is to show none."""
        if size != self._size:
            self._size = size
            self._lines = [[None] * size[0] for _ in range(size[1])]
        pen = _Pen()
        parts = _of_layout(update) if isinstance(update, LayoutUpdate) else _of_chops(update)
        for y, x, strip in parts:
            if y < len(self._lines):
                self._take(pen, y, x, _cells(strip, colours))
        return pen.written()

    def _take(self, pen: _Pen, y: int, x: int, cells: list[Cell]) -> None:
        line = self._lines[y]
        del cells[max(0, len(line) - x) :]
        old = line[x : x + len(cells)]
        if old == cells:
            return
        changed = [at for at, (was, own) in enumerate(zip(old, cells, strict=True)) if was != own]
        for first, last in _runs(changed, cells):
            pen.write(y, x + first, cells[first:last])
        line[x : x + len(cells)] = cells


def _runs(changed: Sequence[int], cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """From where to where is written: what changed, and what lies between where that is shorter than a move."""
    first = last = changed[0]
    for at in changed[1:]:
        look = cells[last][1]
        between = cells[last + 1 : at]
        if len(between) > BRIDGE or any(own != look or not text.isascii() for text, own in between):
            yield first, last + 1
            first = at
        last = at
    yield first, last + 1


def _of_layout(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield y, x, strip
            x += strip.cell_length


def _of_chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1:
                yield y, x, strip


def _codes(style: Style, colours: ColorSystem | None) -> str:
    if colours is None:
        return _bare(style)
    return Strip.render_ansi(style, colours) if style._ansi is None else style._ansi


@lru_cache(maxsize=1024)
def _bare(style: Style) -> str:
    """The look without its colours: what is light on dark stays plain, what is dark on light is reversed."""
    text, ground = (own.triplet if own is not None else None for own in (style.color, style.bgcolor))
    turned = text is not None and ground is not None and sum(ground) > sum(text)
    return Strip.render_ansi(
        Style(bold=style.bold, underline=style.underline, reverse=turned != bool(style.reverse)),
        ColorSystem.STANDARD,
    )


def _cells(strip: Strip, colours: ColorSystem | None) -> list[Cell]:
    found: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        codes = _codes(style, colours) if style is not None else ""
        if text.isascii():
            found += [(char, codes) for char in text]
            continue
        for char in text:
            cells = get_character_cell_size(char)
            if cells:
                found.append((char, codes))
                found += [("", codes)] * (cells - 1)
            elif found:  # a mark on the sign before
                at = len(found) - 1
                while at and not found[at][0]:
                    at -= 1
                found[at] = (found[at][0] + char, codes)
    del found[strip.cell_length :]
    return found


class _Look(NamedTuple):
    marks: frozenset[str] = frozenset()
    text: str = "39"
    ground: str = "49"


DEFAULT = _Look()


@lru_cache(maxsize=1024)
def _look(codes: str) -> _Look:
    """Codes taken apart: bold and its like, and the two colours."""
    marks, text, ground = [], DEFAULT.text, DEFAULT.ground
    rest = iter(codes.split(";") if codes else ())
    for code in rest:
        if code in ("38", "48"):
            kind = next(rest)
            own = ";".join((code, kind, *(next(rest) for _ in range(1 if kind == "5" else 3))))
        else:
            own = code
        number = int(code)
        if 30 <= number < 40 or 90 <= number < 98:
            text = own
        elif 40 <= number < 50 or 100 <= number < 108:
            ground = own
        else:
            marks.append(own)
    return _Look(frozenset(marks), text, ground)


@lru_cache(maxsize=4096)
def _turned(before: str, after: str) -> str:
    """The sequence that makes one look the other."""
    old, new = _look(before), _look(after)
    if new == old:
        return ""
    if new == DEFAULT:
        return "\x1b[0m"
    told: list[str] = []
    if old.marks - new.marks:
        told, old = ["0"], DEFAULT
    told += sorted(new.marks - old.marks)
    told += [own for was, own in ((old.text, new.text), (old.ground, new.ground)) if was != own]
    return f"\x1b[{';'.join(told)}m"


class _Pen:
    """Where the cursor stands and how it writes, in one frame. It begins and ends with a plain look."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._codes = ""
        self._at = (-1, -1)
        self._sure = True
        """Every terminal counts the sign before as we do: the cursor is where it is taken to be."""

    def write(self, y: int, x: int, cells: Iterable[Cell]) -> None:
        append = self._told.append
        for at, (text, codes) in enumerate(cells, x):
            if not text:
                self._at = (y, at + 1)  # it came with the one before
                continue
            if codes != self._codes:
                append(_turned(self._codes, codes))
                self._codes = codes
            sure = text.isascii() or is_plain(text)
            if self._at != (y, at) or (sure and not self._sure):
                append(f"\x1b[{y + 1};{at + 1}H")
            append(text)
            self._at, self._sure = (y, at + 1), sure

    def written(self) -> str:
        if self._codes:
            self._told.append(_turned(self._codes, ""))
        return "".join(self._told)
