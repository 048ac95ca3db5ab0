"""Saved sessions to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import plain
from controlroom.tui.text import Row, fit

if TYPE_CHECKING:
    from controlroom.tui.app import SavedSession


class SessionsSheet(Sheet[str]):
    """Its result is the path of the chosen session."""

    PURPOSE = "Saved sessions: open one in its room, as a recording."
    ENTERS = "open it as a recording"
    HEADING = "saved sessions"

    def __init__(self, moment: Moment, sessions: Sequence[SavedSession]) -> None:
        super().__init__(moment, tall=True)
        self._sessions = tuple(sessions)

    def parts(self) -> Iterable[Widget]:
        yield Scroll(self._rows)
        yield Text(plain(("enter leaves this room and opens it, esc closes",), "dim"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not self._sessions:
            return ((("No saved session so far.", "dim"),),)
        return tuple(
            (
                (fit(own.day, 12), "dim"),
                (fit(own.title, max(10, width - 32)), ""),
                (
                    fit(own.verdict, 20),
                    {"passed": "good", "needs improvement": "bad"}.get(own.verdict, "dim"),
                ),
            )
            for own in self._sessions
        )

    def action_open_chosen(self) -> None:
        if self._sessions:
            self.dismiss(str(self._sessions[self.query_one(Scroll).cursor].path))
