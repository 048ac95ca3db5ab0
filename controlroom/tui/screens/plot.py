"""One metric as a plot: baseline, limit, faults shaded. The plotting library is loaded when this opens."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual_plotext import PlotextPlot

from controlroom.core.plan import Metric
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.text import Row, clock, number
from controlroom.tui.tones import palette_of

POINTS = 400
"""At most so many samples are drawn; of each stretch the worst."""
SPANS = (None, 1800.0, 600.0, 180.0)
"""Seconds that are shown, up to the present; None: the whole day."""


class PlotSheet(Sheet[None]):
    PURPOSE = "One metric over the day, with its baseline, its limit and the faults."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(1)", show=False),
        Binding("minus", "zoom(-1)", show=False),
        Binding("left", "cross(-1)", show=False),
        Binding("right", "cross(1)", show=False),
        Binding("enter", "close", show=False),
    ]

    def __init__(self, moment: Moment, metric: Metric) -> None:
        super().__init__(moment, metric.title + (f" ({metric.unit})" if metric.unit else ""), tall=True)
        self._metric = metric
        self._zoom = 0
        self._cross: int | None = None
        self._points: list[tuple[float, float]] = []

    def parts(self) -> Iterable[Widget]:
        yield PlotextPlot()
        yield Text(self._said, id="hint")

    def hand_down(self) -> None:
        super().hand_down()
        self._draw()

    def _draw(self) -> None:
        moment, plan = self.now, self.now.plan
        opened = moment.state.opened_at
        if plan is None or opened is None:
            return
        zero = opened.timestamp()
        reach = SPANS[self._zoom]
        start = 0.0 if reach is None else max(0.0, moment.t - reach)
        series = moment.view.series(plan.metric_index(self._metric.id))
        within = series.span(zero + start, zero + moment.t)
        self._points = thinned(
            [(t - zero, value) for t, value in series.items(within)], self._metric.worse == "lower"
        )
        self._paint(start, moment)

    def _paint(self, start: float, moment: Moment) -> None:
        widget = self.query_one(PlotextPlot)
        plot, own = widget.plt, palette_of(self.app.current_theme)
        plot.clear_figure()
        known = [(t / 60, value) for t, value in self._points if not math.isnan(value)]
        if known:
            plot.plot(
                [t for t, _ in known], [value for _, value in known], color=_rgb(own.accent), marker="braille"
            )
        limit, base = (
            moment.figures.limits.get(self._metric.id),
            moment.figures.baselines.get(self._metric.id),
        )
        if base is not None and base.known:
            plot.hline(base.median, _rgb(own.dim))
        if limit is not None and limit.value is not None:
            plot.hline(limit.value, _rgb(own.warn))
        for begin, end in fault_spans(moment):
            for t in (begin, end):
                if t is not None and start <= t <= moment.t:
                    plot.vline(t / 60, _rgb(own.bad))
        if self._cross is not None and self._points:
            plot.vline(self._points[self._cross][0] / 60, _rgb(own.text))
        plot.xlabel("minutes")
        plot.xlim(start / 60, max(moment.t, start + 1) / 60)
        widget.refresh()

    def _said(self, moment: Moment, width: int) -> tuple[Row, ...]:
        metric, found = self._metric, moment.figures
        limit, base = found.limits.get(metric.id), found.baselines.get(metric.id)
        parts: list[tuple[str, str]] = []
        if self._cross is not None and self._points:
            t, value = self._points[min(self._cross, len(self._points) - 1)]
            text = "unknown" if math.isnan(value) else number(value, metric.decimals)
            parts.append((f"{clock(t)} {text}   ", "strong"))
        if base is not None:
            parts.append(
                (
                    f"baseline {number(base.median, metric.decimals)}   " if base.known else "no baseline   ",
                    "dim",
                )
            )
        if limit is not None and limit.value is not None:
            parts.append((f"limit {number(limit.value, metric.decimals)}   ", "warn"))
        parts += [("+ -", "key"), (" zoom  ", "dim"), ("← →", "key"), (" read off  ", "dim"), ("esc", "key")]
        return (tuple(parts),)

    def action_zoom(self, by: int) -> None:
        self._zoom = min(max(0, self._zoom + by), len(SPANS) - 1)
        self._cross = None
        self.hand_down()
        self.query_one("#hint", Text).redraw()

    def action_cross(self, by: int) -> None:
        if self._points:
            last = len(self._points) - 1
            self._cross = last if self._cross is None else min(max(0, self._cross + by), last)
            self._draw()
            self.query_one("#hint", Text).redraw()


def thinned(points: list[tuple[float, float]], lower_is_worse: bool) -> list[tuple[float, float]]:
    """At most :data:`POINTS` of them: of each stretch the worst."""
    if len(points) <= POINTS:
        return points
    size = math.ceil(len(points) / POINTS)
    pick = min if lower_is_worse else max
    found = []
    for index in range(0, len(points), size):
        part = points[index : index + size]
        known = [point for point in part if not math.isnan(point[1])]
        found.append(pick(known, key=lambda point: point[1]) if known else part[0])
    return found


def fault_spans(moment: Moment) -> list[tuple[float, float | None]]:
    """Session seconds in which each fault acted; None: it still does."""
    return [
        (moment.t_of(run.injection.first), moment.t_of(run.effect_end) if run.effect_end else None)
        for run in moment.state.runs.values()
        if run.injection is not None
    ]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
