"""Sessions side by side: a row a figure, with its trend over the days and what became better or worse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core.comparing.values import Comparison
from controlroom.tui.desk import Desk
from controlroom.tui.draw import comparison as draw
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import Reader, plain
from controlroom.tui.text import Row


class CompareSheet(Sheet[None]):
    PURPOSE = (
        "Sessions side by side, oldest first. Each figure has its trend, its value before and now, and whether that is "
        "better, worse, the same, a different measurement, or nothing that can be compared."
    )
    ENTERS = "the figure in every session, with its reasons"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "everything", "every metric, or those that left their limits", show=False)
    ]

    def __init__(self, moment: Moment, desk: Desk, found: Comparison) -> None:
        super().__init__(moment, f"{len(found.sessions)} sessions side by side", tall=True)
        self._desk = desk
        self._found = found
        self._everything = False
        self._lines: tuple[draw.Line, ...] = ()

    def parts(self) -> Iterable[Widget]:
        yield Text(lambda moment, width: draw.about(self._found, width), id="about")
        yield Scroll(self._rows)
        yield Text(plain((draw.LEGEND,), "dim"), id="legend")
        yield Text(
            plain(("up and down, enter shows a figure, a every metric, esc closes",), "dim"), id="hint"
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        self._lines = tuple(draw.lines(self._found, width - 1, self._everything))
        return tuple(line.row for line in self._lines)

    def action_everything(self) -> None:
        self._everything = not self._everything
        self.query_one(Scroll).redraw()

    def action_open_chosen(self) -> None:
        cursor = self.query_one(Scroll).cursor
        figure = self._lines[cursor].figure if cursor < len(self._lines) else None
        if figure is not None:
            found = self._found
            self._desk.open(
                Reader(self.now, figure.title, lambda moment, width: draw.whole(found, figure, width))
            )
