"""Two recordings beside each other, or below where there is no room: one playhead moves both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from controlroom.core.aligning import Alignment, alignments
from controlroom.tui.actions import BY_ID
from controlroom.tui.draw import beside, foot
from controlroom.tui.follower import Follower
from controlroom.tui.moment import Moment
from controlroom.tui.pane import Pane
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.text import Row, clock, fit, row_width, width

LOOK = 0.25
"""Real seconds between two looks at whether the other one's figures are due or there."""
SIDE_BY_SIDE = 120
"""Columns from which on they stand beside each other."""
ROOMY = 100
"""Columns from which on the line above them has whole sentences."""
TRANSPORT = (
    "start_stop", "slower", "faster", "seek_back", "seek_on", "fine_back", "fine_on", "stop_before", "stop_after",
    "stop_kind", "phase_before", "phase_after", "go_to", "to_start", "to_end", "loop_from", "loop_to", "end_loop",
    "bookmark", "bookmarks",
)  # fmt: skip
"""Actions that move the playhead; they do here what they do in the room."""


class Half(Pane):
    """One of the two."""

    def __init__(self, id: str, of: Callable[[Moment], Moment]) -> None:
        super().__init__(id)
        self._of = of

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return beside.half_rows(self._of(moment), width, height)


class BesideSheet(Sheet[None]):
    """The room's own recording first; the other stands where the alignment has it."""

    PURPOSE = "Two recordings on one clock: aligned by an injection, moved by one playhead."
    HEADING = "two recordings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "next_alignment", "aligned by something else", show=False)
    ]

    def __init__(self, moment: Moment, own: Follower, other: Follower) -> None:
        super().__init__(moment, tall=True)
        self._other = other
        self._own = own
        self._at = 0
        for name in TRANSPORT:
            for key in moment.keys.of(BY_ID[name]):
                self._bindings._add_binding(Binding(key, f"app.do('{name}')", BY_ID[name].label, show=False))

    @property
    def alignment(self) -> Alignment:
        by = alignments(self._own.history.head, self._other.history.head)
        return by[self._at % len(by)]

    def parts(self) -> Iterable[Widget]:
        yield Text(self._aligned, id="aligned")
        yield Container(Half("here", lambda moment: moment), Half("there", self.there), id="halves")
        yield Text(lambda moment, width: (foot.transport_row(moment, width),), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self._place(self.app.size)
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        if self._other.due or self._other.urgent:
            self.query_one("#there", Half).redraw()

    def on_resize(self) -> None:
        self._place(self.app.size)

    def _place(self, size: Size) -> None:
        self.set_class(size.width >= SIDE_BY_SIDE, "-wide")

    def there(self, moment: Moment) -> Moment:
        """The other recording's moment while the first is at this one."""
        t = min(max(0.0, moment.t + self.alignment.shift), self._other.head)
        if t != self._other.playhead.t or self._other.playhead.pinned:
            self._other.seek(t)  # only then: figures that are computed beside the screen wait until it rests
        return replace(self._other.moment(), keys=moment.keys)

    def _aligned(self, moment: Moment, cells: int) -> tuple[Row, ...]:
        t = moment.t + self.alignment.shift
        end = self._other.head
        where = "has not begun" if t < 0 else "is over" if t > end else f"is at T+{clock(t)}"
        stands = f"   the second {where}"
        keys: Row = (("   a", "key"), (" by another  ", "dim"), ("esc", "key"), (" closes", "dim"))
        start = "aligned by " if cells >= ROOMY else "by "
        room = cells - len(start) - len(stands) - row_width(keys)
        title = self.alignment.title
        by: Row = ((start, "dim"), (fit(title, max(1, min(room, width(title)))), "accent"))
        return ((*by, (stands, "dim"), *keys),)

    def action_next_alignment(self) -> None:
        self._at += 1
        for pane in self.query(Pane):
            pane.redraw()
