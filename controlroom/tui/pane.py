"""The base of all panes: rows of toned text, painted line by line and only where a line changed."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from controlroom.tui.actions import BY_ID
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, fit_row, settled
from controlroom.tui.tones import palette_of, tones


def as_title(text: str) -> Any:
    """A text for a frame, where Textual takes its own markup: whatever stands in it is shown as it is."""
    return Content(settled(text))


class Pane(Widget):
    """Shows a moment. Subclasses say what with :meth:`rows`."""

    TITLE: ClassVar[str] = ""
    ACTION: ClassVar[str] = ""
    """The action that the pane is for: its key stands in the title, for those who have it."""

    moment: reactive[Moment | None] = reactive(None, repaint=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._styles_of: dict[str, Style] = {}
        self._unseen = False
        """It changed while it had no room. Textual does not tell one that gets back the size that it had before."""
        self._base = Style.null()
        """Colours of the theme; kept, as asking Textual for them costs more than a line."""

    def on_mount(self) -> None:
        self.entitle()
        self.watch(self.app, "theme", self._theme_changed, init=False)

    def entitle(self) -> None:
        """Puts the title on the frame, with the key where the seat has it."""
        if not self.TITLE:
            return
        key, moment = "", self.moment
        if moment is not None and self.ACTION and moment.info.seat in BY_ID[self.ACTION].seats:
            key = moment.keys.shown(self.ACTION)
        self.border_title = as_title(f"{self.TITLE} [{key}]" if key else self.TITLE)

    def wanted(self, moment: Moment) -> int:
        """Rows it would like, without a frame; only asked where the layout says `content`."""
        return 1

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        """What to show in that many cells and rows."""
        raise NotImplementedError

    def watch_moment(self) -> None:
        self.redraw()

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        """The rows are there for the very frame in which the pane gets its place, not for the one after it."""
        resized = super()._size_updated(size, virtual_size, container_size, layout)
        if resized:
            self.redraw()
        return resized

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.redraw()

    def _theme_changed(self) -> None:
        self._styles_of = {}
        self._base = Style.null()
        self.refresh()

    def redraw(self) -> None:
        """Computes the rows again and repaints those that differ."""
        width, height = self.size
        if self.moment is None or not width or not height:
            self._unseen = True
            return
        self._unseen = False
        rows = tuple(fit_row(row, width) for row in self.rows(self.moment, width, height)[:height])
        old, self._rows = self._rows, rows
        changed = [
            y
            for y in range(max(len(old), len(rows)))
            if (old[y] if y < len(old) else None) != (rows[y] if y < len(rows) else None)
        ]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        if self._unseen:
            self.redraw()
        if not self._base:
            self._base = self.rich_style
        width, base = self.size.width, self._base
        if y >= len(self._rows):
            return Strip.blank(width, base)
        return Strip([Segment(text, base + self._tone(tone)) for text, tone in self._rows[y] if text], width)

    def _tone(self, tone: str) -> Style:
        if not self._styles_of:
            self._styles_of = tones(palette_of(self.app.current_theme))
        return self._styles_of.get(tone, Style.null())


class ListPane(Pane, can_focus=True):
    """A pane with a chosen line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("enter", "screen.open_chosen", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    top = 0
    WHEEL: ClassVar[int] = 3
    """Lines that one turn of the wheel moves."""
    ABOVE: ClassVar[int] = 0
    """Lines of the pane above its list."""
    ALWAYS_CHOSEN: ClassVar[bool] = False
    """The chosen line is marked even while the cursor is elsewhere: keys act on it."""

    def count(self, moment: Moment) -> int:
        """How many lines there are to choose from."""
        raise NotImplementedError

    def line(self, moment: Moment, index: int, width: int) -> Row:
        """One of them."""
        raise NotImplementedError

    def listed(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        """The lines that fit, scrolled so that the chosen one is among them."""
        count = self.count(moment)
        self.cursor = min(max(0, self.cursor), max(0, count - 1))
        self.top = min(max(self.top, self.cursor - height + 1), self.cursor, max(0, count - height))
        shown = range(self.top, min(count, self.top + height))
        return tuple(self._line(moment, index, width) for index in shown)

    def _line(self, moment: Moment, index: int, width: int) -> Row:
        sign = "▸" if self.has_focus else "▹" if self.ALWAYS_CHOSEN else " "
        return ((sign if index == self.cursor else " ", "title"), *self.line(moment, index, width - 1))

    def watch_cursor(self) -> None:
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Chooses a line and nothing more: what acts is a key."""
        place = event.get_content_offset(self)
        if place is not None and self.moment is not None:
            self.picked(place.y)

    def picked(self, y: int) -> None:
        """That row of the pane was clicked."""
        index = self.top + y - self.ABOVE
        if self.moment is not None and y >= self.ABOVE and index < self.count(self.moment):
            self.cursor = index

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_move(self.WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_move(-self.WHEEL)

    def action_move(self, by: int) -> None:
        if self.moment is not None:
            self.cursor = min(max(0, self.cursor + by), max(0, self.count(self.moment) - 1))
