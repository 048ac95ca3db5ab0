"""One metric as a plot, to be looked into: moved along, drawn nearer, read off. The library loads with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import timeline
from controlroom.core.plan import Metric
from controlroom.tui.draw.plotted import about, below, picture, read, said_of, then
from controlroom.tui.graph import EMPTY, Graph, Picture, axis_of
from controlroom.tui.moment import Moment
from controlroom.tui.pane import Pane, as_title
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.text import Row, clock, row_width

LEAST = 20.0
"""Seconds that a plot shows at least."""
FAR = 10
"""Columns of a long step of the crosshair."""


@dataclass(frozen=True)
class Reach:
    """The stretch of the day that is shown."""

    length: float | None = None
    """Seconds; None: the whole day so far."""
    end: float | None = None
    """Session second at its right edge; None: the moment that is shown, wherever that goes."""

    def span(self, t: float) -> tuple[float, float]:
        """Its edges when the room shows t."""
        if self.length is None:
            return 0.0, max(t, LEAST)
        end = t if self.end is None else min(self.end, t)
        start = max(0.0, end - self.length)
        return start, max(end, start + min(self.length, LEAST))

    def zoomed(self, by: float, t: float, at: float | None) -> Reach:
        """`by` times as long, around `at`, or up to the same edge; as long as the day: the whole of it."""
        start, end = self.span(t)
        length = max(LEAST, (end - start) * by)
        if length >= t:
            return Reach()
        if at is None:
            return Reach(length, self.end)
        share = (at - start) / ((end - start) or 1.0)
        right = at + (1 - share) * length
        return Reach(length, None if right >= t else max(length, right))

    def moved(self, seconds: float, t: float) -> Reach:
        """Further along; at the newest moment it follows again."""
        if self.length is None:
            return self
        end = self.span(t)[1] + seconds
        return Reach(self.length, None if end >= t else max(self.length, end))


class PlotSheet(Sheet[None]):
    PURPOSE = (
        "One metric over the day: its baseline (dots), its limit (dashes), when faults acted (shaded), and what "
        "else went on, on the same columns. A hole in the curve is a time of which nothing is known."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cross(-1)", "read off, one column before", show=False),
        Binding("right", "cross(1)", "read off, one column on", show=False),
        Binding("shift+left", f"cross(-{FAR})", "ten columns before", show=False),
        Binding("shift+right", f"cross({FAR})", "ten columns on", show=False),
        Binding("plus,equals_sign", "zoom(0.5)", "nearer", show=False),
        Binding("minus", "zoom(2)", "further", show=False),
        Binding("pageup", "pan(-0.5)", "half a width before", show=False),
        Binding("pagedown", "pan(0.5)", "half a width on", show=False),
        Binding("0", "whole", "the whole day", show=False),
        Binding("1", "phase", "the phase", show=False),
        Binding("5", "last", "the last five minutes", show=False),
        Binding("up", "metric(-1)", "the metric above", show=False),
        Binding("down", "metric(1)", "the metric below", show=False),
        Binding("o", "overlay(1)", "another metric over it", show=False),
        Binding("backspace", "overlay(0)", "that one away", show=False),
        Binding("enter", "close", "close", show=False),
    ]

    def __init__(self, moment: Moment, metric: Metric, among: Sequence[Metric] = ()) -> None:
        super().__init__(moment, "plot", tall=True)
        self._metric = metric
        self._among = tuple(among) or (moment.plan.metrics if moment.plan else ())
        """The metrics that up and down go to, in the order of the table."""
        self._other: Metric | None = None
        self._reach = Reach()
        self._cross: float | None = None
        """Session second that is read off."""
        self._shown: Picture = EMPTY

    def parts(self) -> Iterable[Widget]:
        yield Graph()
        yield Text(self._lanes, id="below")
        yield Text(self._said, id="said")
        yield Text(self._keys, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self.hand_down)  # the sizes are known then

    def on_resize(self) -> None:
        self.call_after_refresh(self.hand_down)

    def hand_down(self) -> None:
        self._draw()
        super().hand_down()

    def _draw(self) -> None:
        graph, moment = self.query_one(Graph), self.now
        start, end = self._reach.span(moment.t)
        made = picture(moment, self._metric, self._other, start, end, graph.size.width)
        self._shown = replace(made, cross=self._cross)
        graph.show(self._shown)
        unit = f" ({self._metric.unit})" if self._metric.unit else ""
        over = f"  and ┤ {self._other.title}" if self._other is not None else ""
        title = f"{self._metric.title}{unit}{over} · {clock(start)} to {clock(end)}"
        self.query_one("#box").border_title = as_title(title)

    def _redraw(self) -> None:
        self._draw()
        for pane in self.query(Pane):
            pane.redraw()

    @property
    def _column(self) -> float:
        """Seconds that a column stands for."""
        axis = axis_of(self._shown, self.query_one(Graph).size.width)
        return (axis.end - axis.start) / max(1, axis.cells - 1)

    def _lanes(self, moment: Moment, width: int) -> tuple[Row, ...]:
        height = 5 if self.app.size.height >= 32 else 3 if self.app.size.height >= 22 else 2
        return below(moment, self._shown, width, height) if self._shown.own is not None else ()

    def _said(self, moment: Moment, width: int) -> tuple[Row, ...]:
        first = about(moment, self._metric, self._shown)
        if self._cross is None:
            return (first,)
        rows: list[Row] = []
        for metric in (self._metric, *([self._other] if self._other is not None else [])):
            found = read(moment, metric, self._cross, self._column)
            if found is not None:
                rows.append(said_of(moment, metric, found, bool(rows)))
        rows += then(moment, self._cross, width)
        return (*rows, first) if self.app.size.height >= 30 else tuple(rows)

    def _keys(self, moment: Moment, width: int) -> tuple[Row, ...]:
        found: list[tuple[str, str]] = []
        for key, what in (
            ("← →", "read off"),
            ("+ -", "zoom"),
            ("↑ ↓", "metric"),
            ("0 1 5", "day, phase, 5 min"),
            ("o", "overlay"),
            ("pgup pgdn", "along"),
        ):
            piece = [(key, "key"), (f" {what}  ", "dim")]
            if row_width((*found, *piece)) + 3 <= width:
                found += piece
        return ((*found, ("esc", "key")),)

    def action_cross(self, by: int) -> None:
        """Moves the crosshair; past an edge the plot goes along."""
        start, end = self._reach.span(self.now.t)
        here = min(end, self.now.t) if self._cross is None else self._cross + by * self._column
        here = min(max(0.0, here), self.now.t)
        if here > end or here < start:
            self._reach = self._reach.moved(here - end if here > end else here - start, self.now.t)
        self._cross = here
        self._redraw()

    def action_zoom(self, by: float) -> None:
        self._reach = self._reach.zoomed(by, self.now.t, self._cross)
        self._redraw()

    def action_pan(self, by: float) -> None:
        start, end = self._reach.span(self.now.t)
        self._reach = self._reach.moved(by * (end - start), self.now.t)
        self._redraw()

    def action_whole(self) -> None:
        self._reach = Reach()
        self._redraw()

    def action_phase(self) -> None:
        """The phase that is read off, else the open one."""
        moment = self.now
        at = moment.t if self._cross is None else self._cross
        for slot in timeline.slots(moment.state, moment.t):
            if slot.start <= at <= min(slot.end, moment.t):
                end = min(slot.end, moment.t)
                self._reach = Reach(max(LEAST, end - slot.start), None if end >= moment.t else end)
        self._redraw()

    def action_last(self) -> None:
        self._reach = Reach(300.0)
        self._redraw()

    def action_metric(self, by: int) -> None:
        names = [own.id for own in self._among]
        index = names.index(self._metric.id) if self._metric.id in names else 0
        self._metric = self._among[(index + by) % len(self._among)]
        if self._other is self._metric:
            self._other = None
        self._redraw()

    def action_overlay(self, by: int) -> None:
        """The next metric over this one, with a scale of its own; 0: none."""
        others = [own for own in self._among if own is not self._metric]
        if not by or not others:
            self._other = None
        else:
            index = others.index(self._other) + 1 if self._other in others else 0
            self._other = others[index % len(others)]
        self._redraw()
