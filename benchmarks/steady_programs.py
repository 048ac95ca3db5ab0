"""What is compared in :mod:`benchmarks.steady_state`: our screen, and a DataTable app that shows the same numbers.

`python -m benchmarks.steady_programs room JOURNAL SECOND` or `… table ROWS`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from controlroom.core.events import Event, decode_event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent, Refused
from controlroom.core.playhead import History

TITLE = "Game Day: Inventory Service Failure Scenario"


def events_of(journal: Path) -> list[Event]:
    return [decode_event(line) for line in journal.read_bytes().splitlines()]


class Retold:
    """A room in which a recorded session happens once more, from that second on, each event at its time."""

    def __init__(self, events: list[Event], second: float) -> None:
        self.info = RoomInfo(session="steady", title=TITLE, name="robin", viewer="viewer-1")
        self.trouble = ""
        self._second = second
        self._events = [event for event in events if event.t > second]
        self._past = History()
        self._past.extend(event for event in events if event.t <= second)

    def past(self) -> History:
        return self._past

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        began = time.monotonic()
        for event in self._events:
            await asyncio.sleep(max(0.0, began + event.t - self._second - time.monotonic()))
            yield event

    async def submit(self, intent: Intent, seen: int = 0) -> Answer:
        return Refused(reason="nobody is here to be asked")

    async def close(self) -> None:
        """Nothing to leave behind."""


def room(journal: Path, second: float) -> None:
    from controlroom.tui.app import Settings, run

    told = Retold(events_of(journal), second)

    async def enter() -> Retold:
        return told

    run(enter, TITLE, Settings(seat="facilitator"))


def table(rows: Path) -> None:
    """A DataTable whose cells are told what changed in them, once a second; widths never change."""
    from textual.app import App, ComposeResult
    from textual.coordinate import Coordinate
    from textual.widgets import DataTable

    told: list[list[list[str]]] = json.loads(rows.read_text(encoding="utf-8"))
    widths = [max(len(row[column]) for own in told for row in own) for column in range(len(told[0][0]))]

    class Table(App[None]):
        second = 0

        def compose(self) -> ComposeResult:
            yield DataTable()

        def on_mount(self) -> None:
            found = self.query_one(DataTable)
            for number, width in enumerate(widths):
                found.add_column(f"c{number}", width=width)
            for row in told[0]:
                found.add_row(*row)
            self.set_interval(1.0, self.tell)

        def tell(self) -> None:
            before, self.second = told[self.second], min(self.second + 1, len(told) - 1)
            found = self.query_one(DataTable)
            for y, (old, new) in enumerate(zip(before, told[self.second], strict=True)):
                for x, (was, own) in enumerate(zip(old, new, strict=True)):
                    if was != own:
                        found.update_cell_at(Coordinate(y, x), own)

    Table().run()


if __name__ == "__main__":
    if sys.argv[1] == "room":
        room(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        table(Path(sys.argv[2]))
