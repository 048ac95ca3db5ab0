"""The timeline's pane: moments are chosen on it, by keys and by clicks."""

from __future__ import annotations

from textual import events
from textual.message import Message

from controlroom.core.stops import Stop
from controlroom.tui.draw import timeline
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane, as_title
from controlroom.tui.text import Row, clock


class Timeline(ListPane):
    """The spine. Left and right choose a moment worth seeing, up and down one of its kind; enter opens it."""

    TITLE = "timeline"

    BINDINGS = [
        ("left", "move(-1)", "the tick before"),
        ("right", "move(1)", "the tick after"),
        ("up", "like(-1)", "the one before of its kind"),
        ("down", "like(1)", "the next of its kind"),
    ]

    ROOMY = 34
    """Rows of a terminal from which on a shared screen has room for it."""
    RICH = 46
    """Rows of a terminal from which on it shows all it has."""

    class Pointed(Message):
        """Somebody pointed at a moment of the day, and at no tick."""

        def __init__(self, t: float) -> None:
            super().__init__()
            self.t = t
            """Session seconds."""

    def wanted(self, moment: Moment) -> int:
        if moment.info.seat == "audience" and self.app.size.height < self.ROOMY:
            return 0
        return timeline.wanted_rows(moment, self.app.size.height >= self.RICH)

    def count(self, moment: Moment) -> int:
        return len(moment.stops)

    def chosen(self) -> Stop | None:
        stops = self.moment.stops if self.moment else ()
        return stops[self.cursor] if self.cursor < len(stops) else None

    def choose(self, stop: Stop) -> None:
        """Puts the cursor on a stop."""
        if self.moment is not None and stop in self.moment.stops:
            self._visited = True
            self.cursor = list(self.moment.stops).index(stop)

    def watch_has_focus(self, has_focus: bool) -> None:
        """One that is come to shows what is nearest to the moment on screen: the past, at its newest end."""
        moment = self.moment
        if has_focus and moment is not None and not self._visited:
            self._visited = True
            known = sum(1 for stop in moment.stops if stop.t <= moment.t)
            self.set_reactive(Timeline.cursor, max(0, known - 1))
        super().watch_has_focus(has_focus)

    _visited = False
    """It had the cursor before: where that stood is kept."""

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        picked = self.chosen() if self.has_focus else None
        self.border_subtitle = as_title(
            f"{clock(picked.happened)} {picked.kind}: {picked.text}" if picked else ""
        )
        return timeline.timeline_rows(moment, width, height, picked)

    def action_like(self, by: int) -> None:
        """The next one of the kind of the chosen one: the next alert from an alert."""
        chosen, stops = self.chosen(), self.moment.stops if self.moment else ()
        if chosen is None:
            return
        ahead = range(self.cursor + by, len(stops) if by > 0 else -1, by)
        self.cursor = next((index for index in ahead if stops[index].kind == chosen.kind), self.cursor)

    def picked(self, y: int) -> None:
        """A row is no moment: :meth:`on_click` knows which one a place stands for."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """From here on the mouse is the timeline's until it is let go: whoever drags leaves the line easily."""
        if self.moment is not None and not self.moment.info.live:
            self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """With the button down: the moment follows the pointer."""
        moment = self.moment
        if moment is None or moment.info.live or not event.button:
            return
        event.stop()
        box = self.content_region
        column = min(max(0, int(event.screen_x) - box.x), box.width - 1)
        t = timeline.time_at(moment, column, *self.size)
        if t is not None:
            self.post_message(self.Pointed(min(max(0.0, t), moment.head)))

    def on_click(self, event: events.Click) -> None:
        """A tick is chosen and opened; any other place says which moment it stands for."""
        moment, (width, height) = self.moment, self.size
        offset = event.get_content_offset(self)
        if moment is None or offset is None:
            return
        event.stop()
        stop = timeline.stop_at(moment, moment.stops, offset.x, offset.y, width, height)
        if stop is not None:
            self.focus()
            self.choose(stop)
            self.call_later(self.screen.run_action, "open_chosen")
            return
        t = timeline.time_at(moment, offset.x, width, height)
        if t is not None and t <= moment.head:
            self.post_message(self.Pointed(t))
