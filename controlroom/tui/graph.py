"""The plot itself: the library draws curve and scales; what stands behind them is laid under its blank cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.color import Color
from rich.style import Style
from rich.text import Text
from textual_plotext import PlotextPlot

from controlroom.tui.draw.axis import HOURS, Axis, minutes
from controlroom.tui.draw.curve import Piece, nice, value_label
from controlroom.tui.safety import AsciiFilter
from controlroom.tui.text import clock
from controlroom.tui.tones import palette_of

ABOVE, BELOW = 1, 2
"""Rows of the frame over the curve; under it with the labels of the time."""
LABEL = 8
"""Cells of a value's label."""
APART = 13
"""Cells between two labels of the time at least."""


@dataclass(frozen=True)
class Drawn:
    """One curve with the range it is drawn in."""

    pieces: tuple[Piece, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Picture:
    """What is to be seen. Times are session seconds."""

    start: float
    end: float
    own: Drawn | None
    """None: nothing is known in that time."""
    other: Drawn | None = None
    """A second curve, with its scale on the right."""
    band: tuple[float, float] | None = None
    """The baseline's spread."""
    limit: float | None = None
    shaded: tuple[tuple[float, float], ...] = ()
    """When a fault acted."""
    turns: tuple[float, ...] = ()
    """When one began or ended."""
    edges: tuple[float, ...] = ()
    """Where a phase began."""
    cross: float | None = None


EMPTY = Picture(0.0, 1.0, None)


def axis_of(picture: Picture, width: int) -> Axis:
    """The columns of the curve in a plot so wide: lines that are to stand below it need the same."""
    right = LABEL + 1 if picture.other is not None else 1
    return Axis(max(2, width - LABEL - 1 - right), picture.end, picture.start)


class Graph(PlotextPlot):
    """Draws a :class:`Picture`."""

    def __init__(self) -> None:
        super().__init__(id="graph")
        self.theme = (
            "clear"  # the library's colours for a ground of its own would hide what lies under the curve
        )
        self.picture = EMPTY

    def show(self, picture: Picture) -> None:
        if picture != self.picture:
            self.picture = picture
            self.refresh()

    def render(self) -> Text:
        picture, (width, height) = self.picture, self.size
        if picture.own is None or width < 2 * LABEL + 4 or height < ABOVE + BELOW + 2:
            return Text("no value is known in this time" if picture.own is None else "too small for a plot")
        self._fill(picture, picture.own)
        found = super().render()
        assert isinstance(found, Text)
        lines = list(found.split("\n"))
        axis = axis_of(picture, width)
        self._underlay(lines[ABOVE : height - BELOW], axis, picture, picture.own)
        return Text("\n", style=Style(color=palette_of(self.app.current_theme).dim)).join(lines)

    @property
    def _ascii(self) -> bool:
        return any(isinstance(own, AsciiFilter) for own in self.app._filters)

    def _fill(self, picture: Picture, own: Drawn) -> None:
        colours = palette_of(self.app.current_theme)
        plot: Any = self.plt  # its own types say less than it takes
        plot.clear_figure()
        marker = "*" if self._ascii else "braille"
        rows = max(2, self.size.height - ABOVE - BELOW)
        curves = [(own, "left", colours.accent, marker)]
        if picture.other is not None:
            curves.insert(0, (picture.other, "right", colours.good, "o" if self._ascii else "braille"))
        for drawn, side, colour, sign in curves:
            for piece in drawn.pieces:
                how = plot.plot if len(piece) > 1 else plot.scatter
                how([t for t, _ in piece], [v for _, v in piece], color=_rgb(colour), marker=sign, yside=side)
            plot.ylim(drawn.low, drawn.high, yside=side)
            values = nice(drawn.low, drawn.high, max(2, rows // 3)) or [drawn.low]
            apart = values[1] - values[0] if len(values) > 1 else drawn.high - drawn.low
            # Each is as wide as any may become: the curve stays in its columns.
            labels = [f"{value_label(value, apart)[:LABEL]:>{LABEL}}" for value in values]
            plot.yticks(values, labels, yside=side)
        plot.xlim(picture.start, picture.end)
        axis = axis_of(picture, self.size.width)
        moments = axis.ticks(APART)
        shown = [minutes(t, picture.end) if picture.end >= HOURS else clock(t) for t in moments]
        plot.xticks(moments, shown)

    def _underlay(self, lines: list[Text], axis: Axis, picture: Picture, own: Drawn) -> None:
        """Shades, and puts a line's sign wherever the curve left a cell blank."""
        colours = palette_of(self.app.current_theme)
        left, rows = LABEL + 1, len(lines)

        def row(value: float) -> int:
            return rows - 1 - round((value - own.low) / (own.high - own.low) * (rows - 1))

        shade = Style(bgcolor=Color.parse(colours.surface))
        for start, end in picture.shaded:
            if end < picture.start or start > picture.end:
                continue
            first, last = left + axis.x(start), left + axis.x(end) + 1
            for line in lines:
                line.stylize(shade, first, last)
        for y, line in enumerate(lines):
            signs: dict[int, tuple[str, str]] = {}
            if picture.band is not None and row(picture.band[1]) <= y <= row(picture.band[0]):
                signs.update((left + x, ("·", colours.dim)) for x in range(0, axis.cells, 2))
            for t in picture.edges:
                if axis.shows(t):
                    signs[left + axis.x(t)] = ("┊", colours.frame)
            for t in picture.turns:
                if picture.start < t < picture.end:
                    signs[left + axis.x(t)] = ("┆", colours.bad)
            if picture.limit is not None and own.low <= picture.limit <= own.high and y == row(picture.limit):
                signs.update((left + x, ("╌", colours.warn)) for x in range(axis.cells))
            if picture.cross is not None and axis.shows(picture.cross):
                signs[left + axis.x(picture.cross)] = ("│", colours.text)
            _lay(line, signs)


def _lay(line: Text, signs: dict[int, tuple[str, str]]) -> None:
    """Puts signs on the blank cells of a line; its spans stay where they are, as no length changes."""
    plain = list(line.plain)
    for x, (sign, colour) in signs.items():
        if x < len(plain) and plain[x] in " \u2800":
            plain[x] = sign
            line.stylize(Style(color=colour), x, x + 1)
    line.plain = "".join(plain)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
