"""The base of all sheets: a box over the room, which goes on behind it; its top lines stay in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget

from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane, Pane
from controlroom.tui.text import Row

T = TypeVar("T")
Write = Callable[[Moment, int], tuple[Row, ...]]


class Text(Pane):
    """Rows of a sheet that are given anew at each moment."""

    def __init__(self, write: Write, id: str = "text") -> None:
        super().__init__(id)
        self._write = write

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return self._write(moment, width)


class Scroll(ListPane):
    """Rows that may be more than fit."""

    def __init__(self, write: Write, id: str = "scroll") -> None:
        super().__init__(id)
        self._write = write
        self._written: tuple[Row, ...] = ()

    def count(self, moment: Moment) -> int:
        return len(self._written)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return self._written[index]

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._written = self._write(moment, width - 1)
        return self.listed(moment, width, height)


class Sheet(ModalScreen[T]):
    """Escape closes it with no result."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]
    HEADING: ClassVar[str] = ""

    moment: reactive[Moment | None] = reactive(None, repaint=False)

    def __init__(self, moment: Moment, heading: str = "", tall: bool = False) -> None:
        super().__init__()
        self._heading = heading or self.HEADING
        self._tall = tall
        self.set_reactive(Sheet.moment, moment)

    def parts(self) -> Iterable[Widget]:
        """What lies in the box."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        box = Vertical(*self.parts(), id="box", classes="-tall" if self._tall else "")
        box.border_title = self._heading.replace("[", "\\[")
        yield box

    def on_mount(self) -> None:
        self._hand_down()

    def watch_moment(self) -> None:
        self._hand_down()

    def _hand_down(self) -> None:
        if self.is_mounted:
            for pane in self.query(Pane):
                pane.moment = self.moment

    @property
    def now(self) -> Moment:
        assert self.moment is not None
        return self.moment

    def action_close(self) -> None:
        self.dismiss(None)

    def action_open_chosen(self) -> None:
        """Enter in a list of the sheet; sheets with a list say what it does."""
