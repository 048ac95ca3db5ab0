"""What was found when the plan was checked, all of it, and the key that checks it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import intents as i
from controlroom.tui.desk import Desk
from controlroom.tui.draw.findings import rows, summary
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text


class FindingsSheet(Sheet[None]):
    PURPOSE = "What was found when the plan was checked against its cluster, its sources and its clocks."
    HEADING = "what the day counts on"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "again", "check again", show=False)]

    def __init__(self, moment: Moment, desk: Desk) -> None:
        super().__init__(moment, tall=True)
        self._desk = desk

    def parts(self) -> Iterable[Widget]:
        yield Text(lambda moment, width: (summary(moment), ()), id="about")
        yield Scroll(rows, paged=True)
        yield Text(self.hint("c checks again, esc closes"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def action_again(self) -> None:
        if self.now.live:
            self._desk.ask(i.CheckPlan(), "checked")
