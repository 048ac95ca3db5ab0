"""A screen over another one, which is seen around it."""

from __future__ import annotations

from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

T = TypeVar("T")


class Over(ModalScreen[T]):
    """Shows the lines of the screen below as they are, and takes anew only those that changed.

    Textual would make one text of all that lies below, style it again and cut it into lines: most of the time
    from a key to the sheet that it opens, and of every look at the clock behind an open sheet. The methods used
    here are internal doors of Textual; its version is pinned, and the golden pictures keep watch.
    """

    def __init__(self) -> None:
        super().__init__()
        self._below: list[Strip] = []
        self._stale: set[int] | None = None
        """Lines of the screen below that have changed since they were taken; None: all."""

    def _set_dirty(self, *regions: Region) -> None:
        super()._set_dirty(*regions)
        if not regions:
            self._stale = None
        elif self._stale is not None:
            self._stale.update(y for region in regions for y in region.line_range)

    def render_lines(self, crop: Region) -> list[Strip]:
        stack = self.app.screen_stack
        below = stack[stack.index(self) - 1] if self in stack else None
        if below is None or below is self or below.size != self.size or below._compositor.size != self.size:
            # The other size is known before the screen below has been laid out for it.
            return super().render_lines(crop)
        self._take(below)
        lines = self._below[crop.y : crop.bottom]
        if crop.column_span != (0, self.size.width):
            return [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def _take(self, below: Screen[object]) -> None:
        """Brings the lines up to date."""
        width, height = self.size
        stale = set(range(height)) if self._stale is None else self._stale & set(range(height))
        self._stale = set()
        if not stale:
            return
        top, bottom = min(stale), max(stale) + 1
        if len(self._below) != height:
            self._below = [Strip.blank(width)] * height
        chops = below._compositor._render_chops(Region(0, top, width, bottom - top), stale.__contains__)
        base = Style.from_color(self.rich_style.color)
        for y in stale:
            self._below[y] = _plain(Strip.join(chops[y].values()), base)


def _plain(line: Strip, base: Style) -> Strip:
    """The line in `base` where it has no colour of its own, and without what a mouse could do to it."""
    return Strip(
        [
            Segment(text, base + style.clear_meta_and_links() if style else base, control)
            for text, style, control in line
        ],
        line.cell_length,
    )
