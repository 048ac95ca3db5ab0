"""The few statistics that figures use, each in its plainest definition."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """Quantile of sorted numbers by linear interpolation between the two nearest (Hyndman and Fan's type 7).

    Raises ValueError where there are none.
    """
    if not ordered:
        raise ValueError("no numbers")
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(ordered: Sequence[float]) -> float:
    """Median of sorted numbers."""
    return quantile(ordered, 0.5)


def deviation(ordered: Sequence[float]) -> float:
    """Median absolute deviation from the median, unscaled."""
    middle = median(ordered)
    return median(sorted(abs(value - middle) for value in ordered))
