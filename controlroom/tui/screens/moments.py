"""Where to go: a moment as it is typed, and below it what the text may become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Text
from controlroom.tui.screens.simple import Line, Prompt, plain
from controlroom.tui.text import Row, fit

MOST = 6
HOW = (
    "27:30 or T+27:30, 90s, -2:30 and +5m from here, @15:41 by the clock on the wall;",
    "alert: phase: exp: note: mark: bookmark: and a name, the next one from here.",
)


class MomentPrompt(Prompt):
    """Tab takes the first of the proposals, enter goes there."""

    PURPOSE = "Go to a moment: a time, or what happened then by its name. Tab completes."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete it", show=False, priority=True)
    ]

    def __init__(
        self, moment: Moment, wrong: Callable[[str], str], proposals: Callable[[str], Sequence[str]]
    ) -> None:
        super().__init__(moment, "go to", wrong=wrong)
        self._proposals = proposals
        self._found: tuple[str, ...] = ()

    def parts(self) -> Iterable[Widget]:
        yield Text(plain(HOW, "dim"), id="about")
        yield Line()
        yield Text(self._rows, id="proposals")
        yield Text(self.hint("enter goes there, tab completes, esc drops it"), id="hint")

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not self._found:
            return ((("", ""),),)
        more = len(self._found) - MOST
        rows = [
            ((fit(own, width), "accent" if at == 0 else ""),) for at, own in enumerate(self._found[:MOST])
        ]
        return (*rows, ((f"… and {more} more", "dim"),)) if more > 0 else tuple(rows)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        self._found = tuple(self._proposals(event.value))
        self.query_one("#proposals", Text).redraw()

    def action_complete(self) -> None:
        if self._found:
            line = self.query_one(Line)
            line.value = self._found[0]
            line.cursor_position = len(line.value)
