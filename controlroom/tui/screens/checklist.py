"""Checklist, steps and after-actions: ticked where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import intents as i
from controlroom.tui.desk import Desk
from controlroom.tui.draw.checklist import items
from controlroom.tui.draw.findings import summary
from controlroom.tui.moment import Moment
from controlroom.tui.panes import Checklist
from controlroom.tui.screens.findings import FindingsSheet
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.text import Row, wrapped


class ChecklistSheet(Sheet[None]):
    PURPOSE = "What has to be done before, during and after the day. A command is shown, never run from here."
    ENTERS = "tick or untick"
    HEADING = "checklist, steps, after-actions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open_chosen", "tick or untick", show=False),
        Binding("c", "checks", "what was found when the plan was checked", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk) -> None:
        super().__init__(moment, tall=True)
        self._desk = desk

    def parts(self) -> Iterable[Widget]:
        yield Text(lambda moment, width: (summary(moment),), id="checked")
        yield Checklist(id="checklist")
        yield Text(self._about, id="about")

    def on_mount(self) -> None:
        super().on_mount()
        pane = self.query_one(Checklist)
        late = [n for n, item in enumerate(items(self.now)) if item.tick is None or not item.tick.ticked]
        pane.cursor = late[0] if late else 0
        pane.focus()
        self.watch(pane, "cursor", lambda: self.query_one("#about", Text).redraw(), init=False)

    def _about(self, moment: Moment, width: int) -> tuple[Row, ...]:
        """What belongs to the chosen line; the command is shown, never run from here."""
        item = self.query_one(Checklist).chosen()
        rows: list[Row] = [(("", ""),)]
        for text in (item.details + tuple(item.command.splitlines()))[:5] if item else ():
            rows.append((("  " + wrapped(text, max(1, width - 2))[0], "dim"),))
        rows += [(("", ""),)] * (6 - len(rows))
        opened = moment.state.opened
        absent = "   Grafana and chat: not in the lab" if opened is not None and opened.lab else ""
        keys = (
            ("space", "key"),
            (" ticks or unticks   ", "dim"),
            ("c", "key"),
            (" checks   ", "dim"),
            ("esc", "key"),
            (" closes", "dim"),
        )
        rows.append((*keys, (absent, "dim")))
        return tuple(rows)

    def action_checks(self) -> None:
        """All that was found when the plan was checked."""
        self._desk.open(FindingsSheet(self.now, self._desk))

    def action_open_chosen(self) -> None:
        item = self.query_one(Checklist).chosen()
        if item is None or not self.now.live:
            return
        ticked = item.tick is None or not item.tick.ticked
        self._desk.ask(i.SetTick(list=item.list, item=item.id, ticked=ticked))
