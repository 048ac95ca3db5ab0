"""One plot a metric, as an SVG that stands alone: in a forge's page, in a browser, on paper, by day and night.

Drawn are the samples (a gap stays a gap), where the metric's limit was, and when faults acted. pygal draws; it is
imported when a report is made, and not before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

from controlroom.core.clean import clean
from controlroom.core.columns import Series, View
from controlroom.core.timeline import slots
from controlroom.journal.report.page import Page, Plot

FOLDER = "plots"
MOST = 600
"""Stretches that a plot is divided into; of each the lowest and the highest sample are drawn."""
WIDTH, HEIGHT = 960, 240

_STYLE = """
.pygal-chart { font: 13px sans-serif; background: #fff }
.pygal-chart .background { fill: #fff }
.pygal-chart .plot .background { fill: none }
.pygal-chart text { fill: #24292f; font-size: 13px }
.pygal-chart .axis.x text { text-anchor: middle }
.pygal-chart .axis.y text { text-anchor: end }
.pygal-chart path { fill: none; stroke: #8c959f; stroke-width: .5 }
.pygal-chart .guide { stroke-dasharray: 2 4 }
.pygal-chart .samples path { stroke: #0969da; stroke-width: 1.5; stroke-linejoin: round }
.pygal-chart .limit path { stroke: #cf222e; stroke-width: 1.2; stroke-dasharray: 7 5 }
.pygal-chart .fault path { fill: #cf222e; fill-opacity: .13; stroke: none }
@media screen and (prefers-color-scheme: dark) {
  .pygal-chart { background: #0d1117 }
  .pygal-chart .background { fill: #0d1117 }
  .pygal-chart .plot .background { fill: none }
  .pygal-chart text { fill: #d1d7e0 }
  .pygal-chart path { stroke: #656c76 }
  .pygal-chart .samples path { stroke: #4493f8 }
  .pygal-chart .limit path { stroke: #f85149 }
  .pygal-chart .fault path { fill: #f85149; stroke: none }
}
"""
"""Plain values: programs that make paper of Markdown know no variables."""

Point = tuple[float, float | None]
"""Session minutes and value; None: unknown."""


def plots(page: Page, view: View) -> tuple[Plot, ...]:
    """What there is to be drawn: every metric of which anything is known."""
    found = []
    for index, metric in enumerate(page.plan.metrics):
        series = view.series(index)
        known = [value for value in series.known(range(series.length)) if math.isfinite(value)]
        if not known:
            continue
        text = f"{metric.title}, from {min(known):.{metric.decimals}f} to {max(known):.{metric.decimals}f}"
        path = PurePosixPath(FOLDER, f"{_file_name(metric.id)}.svg")
        found.append(Plot(metric=metric.id, path=str(path), text=clean(f"{text} {metric.unit}".rstrip())))
    return tuple(found)


def drawn(page: Page, view: View) -> dict[str, bytes]:
    """The page's plots by their paths."""
    return {plot.path: _draw(page, plot, _points(page, view, plot.metric)) for plot in plots(page, view)}


def _file_name(metric: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in metric)


def _points(page: Page, view: View, metric: str) -> list[Point]:
    opened = page.times.opened_at.timestamp()
    series = view.series(page.plan.metric_index(metric))
    return [((at - opened) / 60, value) for at, value in thinned(series)]


def thinned(series: Series, most: int = MOST) -> Iterator[tuple[float, float | None]]:
    """(Unix seconds, value) of the lowest and highest sample of each of at most `most` stretches, in order.

    A stretch in which anything is unknown begins with a gap: the line never leads over what nobody knows.
    """
    every = max(1, math.ceil(series.length / most))
    for start in range(0, series.length, every):
        found = list(series.items(range(start, min(start + every, series.length))))
        known = [(at, value) for at, value in found if math.isfinite(value)]
        if len(known) < len(found):
            yield next(at for at, value in found if not math.isfinite(value)), None
        if known:
            ends = {min(known, key=lambda one: one[1]), max(known, key=lambda one: one[1])}
            yield from sorted(ends)


def _stretches(page: Page) -> Iterator[tuple[float, float]]:
    """Session minutes in which a fault acted."""
    end = page.state.t / 60
    for run in page.state.runs.values():
        if run.injection is not None:
            start = (run.injection.first - page.times.opened_at).total_seconds() / 60
            over = run.effect_end or run.object_end
            until = (over - page.times.opened_at).total_seconds() / 60 if over is not None else end
            yield start, max(until, start + end / WIDTH)


def _draw(page: Page, plot: Plot, points: list[Point]) -> bytes:
    import pygal
    from pygal.style import Style

    metric = page.plan.metric(plot.metric)
    values = [value for _, value in points if value is not None]
    limit = page.assessment.limits.get(metric.id)
    edge = limit.value if limit is not None else None
    low, high = _range([*values, *([edge] if edge is not None else [])])
    end = max(page.state.t / 60, points[-1][0])
    config: Any = {
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 12,
        "js": (),
        "show_legend": False,
        "show_dots": False,
        "allow_interruptions": True,
        "include_x_axis": False,
        "range": (low, high),
        "zero": low,
        "xrange": (0.0, end),
        "x_labels": [{"value": at, "label": f"T+{at:.0f}"} for at in _marks(page, end)],
        "y_labels": [{"value": at, "label": f"{at:.{_decimals(low, high)}f}"} for at in _ticks(low, high)],
        "style": Style(label_font_size=13),
        "css": (),
        "disable_xml_declaration": False,
    }
    chart = pygal.XY(**config)
    chart.uuid = f"plot-{_file_name(metric.id)}"
    names = []
    for start, until in _stretches(page):
        corners = [(start, low), (start, high), (until, high), (until, low)]
        chart.add("fault", corners, fill=True)
        names.append("fault")
    if edge is not None:
        chart.add("limit", [(0.0, edge), (end, edge)])
        names.append("limit")
    chart.add("samples", points)
    names.append("samples")
    chart.add_xml_filter(lambda root: _finished(root, names, plot.text))
    drawing: bytes = chart.render()
    return drawing


def _range(values: list[float]) -> tuple[float, float]:
    """From zero, where that is not far off; with a little air."""
    low, high = min(values), max(values)
    if 0 <= low < 0.6 * high or low == high >= 0:
        low = 0.0
    if (
        not high - low > max(abs(low), abs(high)) * 1e-9 > 1e-200
    ):  # a flat line, or numbers that cannot be told apart
        return low - max(1.0, abs(low) / 10), high + max(1.0, abs(high) / 10)
    air = high / 20 - low / 20
    return (low if low == 0 else low - air), high + air


def _ticks(low: float, high: float) -> list[float]:
    """About four round numbers between the two."""
    rough = high / 4 - low / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def _decimals(low: float, high: float) -> int:
    return max(0, 1 - math.floor(math.log10(high / 2 - low / 2)))


def _marks(page: Page, end: float) -> list[float]:
    """The beginnings of the phases as they were, and the end: session minutes, none beside another."""
    found = [own.start / 60 for own in slots(page.state, page.state.t) if own.status in ("done", "open")]
    kept: list[float] = []
    for at in sorted({0.0, *found}):
        if (not kept or at - kept[-1] > end / 15) and end - at > end / 15:
            kept.append(at)
    return [*kept, end]


def _finished(root: ElementTree.Element, names: Sequence[str], title: str) -> ElementTree.Element:
    """Without script, date, hover texts and pygal's own style; each series is named, for :data:`_STYLE`."""
    for parent in list(root.iter()):
        for child in list(parent):
            kind = child.get("class", "")
            comment = not isinstance(child.tag, str)
            if comment or child.tag in ("script", "title", "desc") or "overlay" in kind:
                parent.remove(child)
            elif child.tag == "style":
                child.text = _STYLE
            elif found := re.match(r"series serie-(\d+)", kind):
                child.set("class", names[int(found[1])])
    told = ElementTree.Element("title")
    told.text = title
    root.insert(0, told)
    root.set("role", "img")
    return root
