"""A line of cells to draw on: what is put later lies on top."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from rich.cells import cell_len

from controlroom.tui.text import Row, settled, width


class Canvas:
    """One row of `cells` terminal cells."""

    def __init__(self, cells: int) -> None:
        self.cells = cells
        self._texts = [" "] * cells
        self._tones = [""] * cells
        self._taken = [False] * cells

    def copy(self) -> Canvas:
        """Another with the same on it."""
        other = Canvas(self.cells)
        other._texts, other._tones, other._taken = self._texts[:], self._tones[:], self._taken[:]
        return other

    def put(self, x: int, text: str, tone: str = "") -> int:
        """Writes from cell x on, cut at both ends; the cell after it is returned."""
        for char in settled(text):
            size = cell_len(char)
            if size == 0:
                if 0 < x <= self.cells:
                    self._texts[x - 1] += char
                continue
            if x >= 0 and x + size <= self.cells:
                self._part(x)
                self._part(x + size)
                self._texts[x] = char
                for at in range(x, x + size):
                    self._tones[at], self._taken[at] = tone, True
                    if at > x:
                        self._texts[at] = ""
            x += size
        return x

    def _part(self, x: int) -> None:
        """Makes cell x the beginning of a character: a wide one that reaches over it leaves blanks."""
        if 0 < x < self.cells and self._texts[x] == "":
            self._texts[x - 1] = self._texts[x] = " "

    def at(self, x: int) -> str:
        """What stands on cell x; empty: the second half of a wide character, or nothing is there."""
        return self._texts[x] if 0 <= x < self.cells else ""

    def fill(self, x: int, sign: str, tone: str) -> None:
        """One sign on cell x, where nothing lies yet; the cell counts as free afterwards."""
        if self.free(x, 1):
            self._texts[x], self._tones[x] = sign, tone

    def free(self, x: int, cells: int) -> bool:
        """Whether nothing lies on those cells and they are on the line."""
        return x >= 0 and x + cells <= self.cells and not any(self._taken[x : x + cells])

    def put_free(self, x: int, text: str, tone: str = "") -> bool:
        """Writes only where nothing lies yet."""
        if not self.free(x, width(text)):
            return False
        self.put(x, text, tone)
        return True

    def row(self) -> Row:
        found: list[tuple[str, str]] = []
        for text, tone in zip(self._texts, self._tones, strict=True):
            if found and found[-1][1] == tone:
                found[-1] = (found[-1][0] + text, tone)
            else:
                found.append((text, tone))
        return tuple(found)


KEPT = 32
"""Lines that are kept: a few of the timeline and of a plot, for the moments that somebody goes between."""
_kept: dict[tuple[object, ...], tuple[tuple[object, ...], Canvas]] = {}


def kept(draw: Callable[[], Canvas], of: tuple[object, ...], at: Hashable) -> Canvas:
    """The line as it was drawn from the very same things: a day of a thousand notes is drawn when one comes, not
    each second. What it is drawn `of` are parts of a state, which never change; `at` says how it was drawn."""
    key = (at, *map(id, of))
    found = _kept.pop(key, None) or (of, draw())  # `of` is held, so that its identity stays its own
    _kept[key] = found
    if len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return found[1].copy()
