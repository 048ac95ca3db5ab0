"""A column of samples as a curve of few points: spikes survive, and what is unknown is a hole. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controlroom.core.columns import Series

Piece = tuple[tuple[float, float], ...]
"""Points that belong together, (session second, value)."""


def curve(series: Series, zero: float, start: float, end: float, bins: int) -> list[Piece]:
    """What was sampled in [start, end] (session seconds, `zero` is their Unix second).

    Few samples stand as they are; of many, the least and the greatest of each of `bins` stretches. A step without
    a value ends a piece: nothing is drawn over what nobody knows.
    """
    within = series.span(zero + start, zero + end)
    if bins <= 0 or not within:
        return []
    if len(within) <= 2 * bins:
        return _pieces((series.time(index) - zero, series.value(index)) for index in within)
    found: list[Piece] = []
    piece: list[tuple[float, float]] = []
    size = len(within) / bins
    for n in range(bins):
        low, high = within.start + round(n * size), within.start + round((n + 1) * size)
        known = series.known(range(low, high))
        if not known:
            if piece:
                found.append(tuple(piece))
            piece = []
            continue
        t = series.time((low + high) // 2) - zero
        least, most = min(known), max(known)
        # The end that is nearer to where the curve comes from is gone to first.
        turned = piece and abs(piece[-1][1] - most) < abs(piece[-1][1] - least)
        piece += [(t, most), (t, least)] if turned else [(t, least), (t, most)]
    return [*found, tuple(piece)] if piece else found


def _pieces(points: Iterable[tuple[float, float]]) -> list[Piece]:
    found: list[Piece] = []
    piece: list[tuple[float, float]] = []
    for t, value in points:
        if not math.isfinite(value):
            if piece:
                found.append(tuple(piece))
            piece = []
        else:
            piece.append((t, value))
    return [*found, tuple(piece)] if piece else found


@dataclass(frozen=True)
class Reading:
    """What a column of the plot stands for."""

    t: float
    value: float
    """The last known sample in it; NaN: none is known."""
    low: float
    high: float
    count: int
    """Samples in it, known or not; 0: there was none."""


def reading(series: Series, zero: float, t: float, width: float) -> Reading:
    """The samples that a column `width` seconds wide about t stands for; at least the nearest one."""
    within = series.span(zero + t - width / 2, zero + t + width / 2)
    if not within and series.length and series.first is not None:
        nearest = round((zero + t - series.first) / series.step)
        if 0 <= nearest < series.length and abs(series.time(nearest) - zero - t) <= series.step:
            within = range(nearest, nearest + 1)
    known = series.known(within)
    if not known:
        return Reading(t, math.nan, math.nan, math.nan, len(within))
    return Reading(t, known[-1], min(known), max(known), len(within))


def reach(pieces: Iterable[Piece], marks: Sequence[float]) -> tuple[float, float] | None:
    """Least and greatest value to draw, with some air: the curve's, and of `marks` those that do not flatten it."""
    values = [value for piece in pieces for _, value in piece]
    if not values:
        return None
    low, high = min(values), max(values)
    for mark in sorted(marks, key=lambda own: max(low - own, own - high)):
        wider = max(high, mark) - min(low, mark)
        if math.isfinite(mark) and (wider <= FLATTEN * (high - low) or wider <= 0.5 * abs(mark)):
            low, high = min(low, mark), max(high, mark)
    air = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    # What is never negative has no room below nothing.
    return (0.0 if low >= 0 > low - air else low - air), high + air


FLATTEN = 6.0
"""A limit or a baseline that would make the curve lower than one part in this many stays off the plot."""


def nice(low: float, high: float, most: int) -> list[float]:
    """Round values within [low, high], at most so many."""
    if not high > low or most < 1:
        return []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(own * power for own in (1.0, 2.0, 5.0, 10.0, 20.0) if own * power >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def value_label(value: float, apart: float) -> str:
    """A value of the scale, with as many decimals as its neighbours need to differ."""
    for bound, divisor, suffix in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= bound:
            return f"{value / divisor:.{_decimals(apart / divisor)}f}{suffix}"
    return f"{value:.{_decimals(apart)}f}"


def _decimals(apart: float) -> int:
    return min(6, max(0, -math.floor(math.log10(apart) + 1e-9))) if apart > 0 else 0
