"""Sparklines: one cell for each stretch of time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from controlroom.core.columns import Series

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"


def bins(series: Series, start: float, end: float, cells: int, lower_is_worse: bool) -> list[float]:
    """The worst value of each of `cells` stretches of [start, end] (Unix seconds); NaN: unknown."""
    found = []
    length = (end - start) / cells if cells else 0.0
    for index in range(cells):
        low, high = start + index * length, start + (index + 1) * length
        ends = series.extremes(series.span(low, math.nextafter(high, low) if index < cells - 1 else high))
        found.append(math.nan if ends is None else ends[0] if lower_is_worse else ends[1])
    return found


def spark(values: Sequence[float], low: float, high: float) -> str:
    """One block for each value between low and high; a dot for what is unknown."""
    reach = high - low
    found = []
    for value in values:
        if math.isnan(value):
            found.append(GAP)
        elif reach <= 0:
            found.append(BLOCKS[0])
        else:
            found.append(BLOCKS[min(7, max(0, int((value - low) / reach * 8)))])
    return "".join(found)
