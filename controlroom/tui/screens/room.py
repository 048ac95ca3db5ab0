"""The screen of the room: panes where the layout wants them, and the keys of the action registry."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import reactive
from textual.screen import Screen

from controlroom.core.plan import Experiment, Metric
from controlroom.core.state import Note
from controlroom.core.stops import Stop
from controlroom.tui import layouts, panes
from controlroom.tui.actions import ACTIONS
from controlroom.tui.grid import Areas
from controlroom.tui.keymap import Keys
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane, Pane
from controlroom.tui.spine import Timeline
from controlroom.tui.table import Metrics

ENTER = {
    "metrics": "plot",
    "experiments": "details",
    "timeline": "stop_here",
    "checklist": "checklist",
    "notes": "edit_note",
    "criteria": "verdict",
    "questions": "debrief",
    "actions": "action_items",
}
"""What enter does in each pane: an action of the registry."""


class RoomScreen(Screen[None]):
    moment: reactive[Moment | None] = reactive(None, repaint=False)

    def __init__(self, moment: Moment, known: Mapping[str, layouts.Layout], wanted: str | None) -> None:
        super().__init__()
        self.set_reactive(RoomScreen.moment, moment)
        self._bind(moment.keys)
        self.known = dict(known)
        self.wanted = wanted
        self.own = layouts.FACILITATOR
        self._panes = [panes.make(name) for name in layouts.PANES]
        self._in_front: frozenset[str] = frozenset()
        self._away: str | None = None
        """The pane that had the cursor, while a small terminal has no room for it."""
        self._laid_out_for = ""
        """Seat of the layout; until the room is entered, the one that is asked for."""

    def _bind(self, keys: Keys) -> None:
        """The keys of the registry, as this viewer has them: no matter of the class."""
        for own in ACTIONS:
            for key in keys.of(own) if not own.everywhere and own.id != "commands" else ():
                do, first = f"app.do('{own.id}')", own.id == "next_pane"
                self._bindings._add_binding(
                    Binding(key, do, own.label, show=False, tooltip=own.help, priority=first)
                )

    def compose(self) -> ComposeResult:
        self._areas = Areas(*(pane.data_bind(RoomScreen.moment) for pane in self._panes))
        yield self._areas

    def on_mount(self) -> None:
        self.lay_out()

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out()

    def watch_moment(self) -> None:
        if self.is_mounted and (self.seat != self._laid_out_for or self._content() != self._areas.content):
            self.lay_out()

    @property
    def seat(self) -> str:
        return self.moment.info.seat if self.moment is not None else "facilitator"

    def lay_out(self) -> None:
        """Puts the panes where the layout for this terminal wants them."""
        width, height = self.app.size
        self._laid_out_for = self.seat
        self.own = layouts.choose(self.known, self.wanted, width, height, self.seat)
        shown = self.own.panes()
        if self.focused is not None and self.focused.id not in shown:
            self._away = self.focused.id
        for pane in self._panes:
            pane.display = pane.id in shown
            pane.entitle()
            pane.set_class(self.own.frames and pane.id not in layouts.ONE_LINE | {"banner"}, "-framed")
            headed = not self.own.frames and pane.TITLE != "" and pane.id != "timeline"
            pane.set_class(headed, "-headed")
        self._areas.rearrange(self.own, self._content(), self._in_front)
        if self._away in shown:
            self.set_focus(self.query_one(f"#{self._away}"))
            self._away = None

    def _content(self) -> dict[str, int]:
        """Rows that panes ask for, frames included."""
        if self.moment is None:
            return {}
        frame = 2 if self.own.frames else 0
        return {
            "banner": self._pane("banner").wanted(self.moment),
            "timeline": self._pane("timeline").wanted(self.moment) + frame,
            "stage": self._pane("stage").wanted(self.moment) + frame,
            "alerts": self._pane("alerts").wanted(self.moment) + (frame or 1),
        }

    def choose(self, name: str) -> None:
        """Puts the cursor into a pane, in front of those it shares its area with."""
        if name not in self.own.panes():
            return
        shared = next(area.split("+") for row in self.own.areas for area in row if name in area.split("+"))
        self._in_front = self._in_front - set(shared) | {name}
        self._away = None
        self.lay_out()
        self.query_one(f"#{name}").focus()

    def shows(self, name: str) -> bool:
        """Whether the pane is in sight: the layout has it, and no other stands in front of it."""
        areas = (area.split("+") for row in self.own.areas for area in row)
        shared = next((panes for panes in areas if name in panes), None)
        return shared is not None and name == next(
            (own for own in shared if own in self._in_front), shared[0]
        )

    def next_pane(self) -> None:
        """The next pane with a cursor, in reading order."""
        names = [name for name in self.own.panes() if isinstance(self._pane(name), ListPane)]
        if not names:
            return
        focused = self.focused.id if self.focused else None
        index = names.index(focused) + 1 if focused in names else 0
        self.choose(names[index % len(names)])

    def next_layout(self) -> str:
        """The next layout that this terminal has room for; its title."""
        width, height = self.app.size
        fitting = [
            own for own in self.known.values() if own.tall and layouts.fits(own, width, height, self.seat)
        ]
        if not fitting:
            return self.own.title
        names = [own.name for own in fitting]
        index = names.index(self.own.name) + 1 if self.own.name in names else 0
        self.wanted = names[index % len(names)]
        self.lay_out()
        return self.own.title

    def _pane(self, name: str) -> Pane:
        return self._panes[layouts.PANES.index(name)]

    def pane(self) -> Pane | None:
        return self.focused if isinstance(self.focused, Pane) else None

    def experiment(self) -> Experiment | None:
        pane = self._pane("experiments")
        return pane.chosen() if isinstance(pane, panes.Experiments) else None

    def metric(self) -> Metric | None:
        pane = self._pane("metrics")
        return pane.chosen() if isinstance(pane, Metrics) else None

    def metrics(self) -> Metrics | None:
        pane = self._pane("metrics")
        return pane if isinstance(pane, Metrics) and "metrics" in self.own.panes() else None

    def note(self) -> Note | None:
        pane = self._pane("notes")
        return pane.chosen() if isinstance(pane, panes.Notes) else None

    def stop(self) -> Stop | None:
        pane = self._pane("timeline")
        return pane.chosen() if isinstance(pane, Timeline) else None

    def action_open_chosen(self) -> None:
        """Enter in a pane: its details."""
        what = ENTER.get(self.focused.id or "" if self.focused else "")
        if what:
            self.app.call_later(self.app.run_action, f"do('{what}')")
