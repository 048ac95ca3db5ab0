"""The base of all sheets: a box over the room, which goes on behind it; its top lines stay in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from controlroom.core.intents import Intent
from controlroom.tui.actions import ACTIONS
from controlroom.tui.moment import Moment, changed_since
from controlroom.tui.over import Over
from controlroom.tui.pane import ListPane, Pane, as_title
from controlroom.tui.text import Row, fit

T = TypeVar("T")
Write = Callable[[Moment, int], tuple[Row, ...]]


class Text(Pane):
    """Rows of a sheet that are given anew at each moment; as high as they are many."""

    def __init__(self, write: Write, id: str = "text") -> None:
        super().__init__(id)
        self._write = write
        self._height = 1

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._height = len(self._write(self.moment, width)) if self.moment is not None else 1
        return self._height

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        found = self._write(moment, width)
        if len(found) != self._height:
            self._height = len(found)
            self.refresh(layout=True)
        return found


class Scroll(ListPane):
    """Rows that may be more than fit: a list with a chosen line, or, `paged`, a text that is scrolled."""

    def __init__(self, write: Write, id: str = "scroll", paged: bool = False) -> None:
        super().__init__(id)
        self._write = write
        self._paged = paged
        self._written: tuple[Row, ...] = ()

    def count(self, moment: Moment) -> int:
        return max(1, len(self._written) - self.size.height + 1) if self._paged else len(self._written)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return self._written[index]

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._written = self._write(moment, width - 1)
        if self._paged:
            top = min(self.cursor, self.count(moment) - 1)
            return self._written[top : top + height]
        return self.listed(moment, width, height)


class Sheet(Over[T]):
    """Escape closes it with no result."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False),
    ]
    HEADING: ClassVar[str] = ""
    PURPOSE: ClassVar[str] = ""
    """What the sheet is for, in its help."""
    ENTERS: ClassVar[str] = ""
    """What enter does with the chosen line, in its help; empty: nothing, or its bindings say it."""

    moment: reactive[Moment | None] = reactive(None, repaint=False)

    def __init__(
        self, moment: Moment, heading: str = "", tall: bool = False, rests: Intent | None = None
    ) -> None:
        super().__init__()
        self._heading = heading or self.HEADING
        self._tall = tall
        self._rests = rests
        self.seen = moment.seen
        """What was shown when the question was opened: a decision made here rests on it."""
        self.opener = ""
        """The character that opened it; empty: it was none."""
        self.set_reactive(Sheet.moment, moment)
        self._bind(moment)

    def _bind(self, moment: Moment) -> None:
        """Keys that act in every sheet which has no other use for them; a text field takes characters first."""
        for own in ACTIONS:
            for key in moment.keys.of(own) if own.in_sheets else ():
                if key not in self._bindings.key_to_bindings:
                    self._bindings._add_binding(Binding(key, f"app.do('{own.id}')", own.label, show=False))

    @property
    def heading(self) -> str:
        return self._heading

    @property
    def purpose(self) -> str:
        return self.PURPOSE

    def help_keys(self) -> Iterable[tuple[str, str]]:
        """Keys of the sheet and what they do, for its help."""
        from controlroom.tui.screens.help import bound

        return bound(self)

    @property
    def overtaken(self) -> str:
        """Who has decided this meanwhile, and when; empty: nobody."""
        return "" if self._rests is None else changed_since(self.now, self._rests, self.seen)

    def hint(self, text: str) -> Write:
        """The line at the bottom: what the keys do, or why they do it no more."""

        def write(moment: Moment, width: int) -> tuple[Row, ...]:
            if why := self.overtaken:
                return (
                    ((fit(why, max(0, width - 13)).rstrip(), "warn"), ("  esc", "key"), (" closes", "dim")),
                )
            return (((text, "dim"),),)

        return write

    def parts(self) -> Iterable[Widget]:
        """What lies in the box."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        box = Vertical(*self.parts(), id="box", classes="-tall" if self._tall else "")
        box.border_title = as_title(self._heading)
        yield box

    def on_mount(self) -> None:
        self.hand_down()

    def watch_moment(self) -> None:
        if self.is_mounted:
            self.hand_down()

    def hand_down(self) -> None:
        """Gives the moment to every part; sheets that do more with it say so here."""
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
