"""The least that a terminal must be sent so that one frame becomes the next.

Cells that changed are written, in reading order; where two of them have few unchanged ones between them, those are
written again if that is shorter than a move of the cursor. Colours and attributes are told as differences, and stay as
they are from one frame to the next. Nothing is sent for whole frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyte


class Look(NamedTuple):
    fg: str = "default"
    bg: str = "default"
    marks: frozenset[int] = frozenset()


Cell = tuple[str, Look]
Frame = list[list[Cell]]

MARKS = {"bold": 1, "italics": 3, "underscore": 4, "blink": 5, "reverse": 7, "strikethrough": 9}
NAMED = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")


def frame_of(screen: pyte.Screen) -> Frame:
    return [[_cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def _cell(char: Any) -> Cell:
    marks = frozenset(code for name, code in MARKS.items() if getattr(char, name))
    return char.data, Look(char.fg, char.bg, marks)


class Least:
    """Bytes that a terminal had to be sent so far."""

    def __init__(self, frame: Frame) -> None:
        self.sent = 0
        self._frame = frame
        self._look = Look()
        self._at = (-1, -1)

    def show(self, frame: Frame) -> None:
        for y, (old, new) in enumerate(zip(self._frame, frame, strict=True)):
            if old == new:
                continue
            for x, cell in enumerate(new):
                # The second half of a wide character comes with the first.
                if cell != old[x] and cell[0]:
                    self._go(x, y, new)
                    self._write(cell)
        self._frame = frame

    def _go(self, x: int, y: int, line: Sequence[Cell]) -> None:
        if self._at == (x, y):
            return
        costs = [len(f"\x1b[{y + 1};{x + 1}H") if x else len(f"\x1b[{y + 1}H")]
        column, row = self._at
        if row == y and column < x:
            between = line[column:x]
            if all(look == self._look for _, look in between):
                costs.append(sum(len(text.encode()) for text, _ in between))
            costs.append(len(f"\x1b[{x - column}C") if x - column > 1 else 3)
        elif row >= 0 and column == x and row < y:
            costs.append(len(f"\x1b[{y - row}B") if y - row > 1 else 3)
        self.sent += min(costs)
        self._at = (x, y)

    def _write(self, cell: Cell) -> None:
        text, look = cell
        if look != self._look:
            self.sent += len(";".join(_told(self._look, look))) + 3
            self._look = look
        self.sent += len(text.encode())
        self._at = (self._at[0] + 1, self._at[1])


def _told(old: Look, new: Look) -> list[str]:
    """Codes that make one look the other, the shorter way."""
    first = [""] if old.marks - new.marks else []
    if first:
        old = Look()
    told = [*first, *(str(mark) for mark in new.marks - old.marks)]
    for before, after, base in ((old.fg, new.fg, 30), (old.bg, new.bg, 40)):
        if before != after:
            told.append(_code(after, base))
    return told


def _code(colour: str, base: int) -> str:
    if colour == "default":
        return str(base + 9)
    if colour in NAMED:
        return str(base + NAMED.index(colour))
    if colour.startswith("bright"):
        return str(base + 60 + NAMED.index(colour.removeprefix("bright")))
    return f"{base + 8};2;" + ";".join(str(int(colour[at : at + 2], 16)) for at in (0, 2, 4))
