"""A time axis in terminal cells, and what every line along one is drawn with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controlroom.tui.draw.canvas import Canvas
from controlroom.tui.text import fit, width

STEPS = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0)
"""Seconds that may lie between two labels."""
HOURS = 10800.0
"""Session seconds from which on an axis counts in hours."""


@dataclass(frozen=True)
class Axis:
    """Session seconds from `start` to `end` on that many cells."""

    cells: int
    end: float
    start: float = 0.0

    def x(self, t: float) -> int:
        """The cell of a moment; what lies outside is put on the nearer edge."""
        share = (t - self.start) / ((self.end - self.start) or 1.0)
        return min(self.cells - 1, max(0, round(share * (self.cells - 1))))

    def t(self, x: float) -> float:
        """The moment in the middle of a cell."""
        share = min(1.0, max(0.0, x / max(1, self.cells - 1)))
        return self.start + share * (self.end - self.start)

    @property
    def second(self) -> float:
        """Cells that a second takes."""
        return (self.cells - 1) / ((self.end - self.start) or 1.0)

    def shows(self, t: float) -> bool:
        return self.start <= t <= self.end

    def ticks(self, apart: int) -> list[float]:
        """Round moments at least so many cells apart."""
        step = next((own for own in STEPS if own * self.second >= apart), None)
        if step is None:
            step = STEPS[-1] * max(1, round(apart / (STEPS[-1] * self.second)))
        first = -(-self.start // step)
        return [n * step for n in range(int(first), int(self.end // step) + 1)]


def minutes(t: float, end: float) -> str:
    """A label of an axis that reaches to `end`: minutes, `15`; on a long day hours, `2h` and `2h30`."""
    if end < HOURS:
        return f"{t / 60:.4g}"
    hours, left = divmod(round(t / 60), 60)
    return f"{hours}h{left:02}" if left else f"{hours}h"


def bar(canvas: Canvas, axis: Axis, start: float, end: float, sign: str, tone: str) -> None:
    """A stretch of time, at least one cell of it; nothing where it lies outside the axis."""
    if end < axis.start or start > axis.end:
        return
    canvas.put(axis.x(start), sign * max(1, axis.x(end) - axis.x(start) + 1), tone)


def title(canvas: Canvas, axis: Axis, start: float, end: float, text: str, tone: str) -> None:
    """Words on a stretch, cut to it."""
    space = axis.x(end) - axis.x(start) - 2
    if space >= 3:
        canvas.put(axis.x(start) + 1, fit(text, min(space, width(text))), tone)


def ends(canvas: Canvas, axis: Axis, moments: Iterable[float]) -> None:
    """The edges of stretches that follow each other."""
    known = list(moments)
    for index, t in enumerate(known):
        sign = "├" if index == 0 else "┤" if index == len(known) - 1 else "┼"
        if axis.shows(t):
            canvas.put(axis.x(t), sign, "frame")


def labels(canvas: Canvas, axis: Axis, moments: Iterable[tuple[float, str]], tone: str = "dim") -> None:
    """Words at their moments, where there is still room: the first in the list come first."""
    for t, text in moments:
        if not axis.shows(t):
            continue
        x = min(axis.x(t), axis.cells - width(text))
        if canvas.free(max(0, x - 1), min(width(text) + 2, axis.cells - max(0, x - 1))):
            canvas.put(x, text, tone)
