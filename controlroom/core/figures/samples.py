"""Samples against a limit, as one code a grid step: fast to combine and to search.

An unknown sample is neither inside nor outside: it starts no impact, proves no recovery, and breaks a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from controlroom.core.assessment import Limit
from controlroom.core.columns import BLOCK, Series

INSIDE: Final = 0
UNKNOWN: Final = 1
OUTSIDE: Final = 2
"""In this order the worst code of several metrics says how the service is at that step."""

Code = Literal[0, 1, 2]


_ALL_INSIDE, _ALL_OUTSIDE = bytes([INSIDE]) * BLOCK, bytes([OUTSIDE]) * BLOCK


def codes(series: Series, limit: Limit, numbers: range) -> bytes:
    """One code for each grid step in `numbers` (Unix seconds ÷ step, by Prometheus's clock)."""
    found = bytearray([UNKNOWN]) * len(numbers)
    bound, first = limit.value, series.first
    if bound is None or first is None:
        return bytes(found)
    origin = first // series.step
    low = max(numbers.start, origin)
    high = max(low, min(numbers.stop, origin + series.length))
    lower = limit.worse != "higher"
    before, blocks, after = series.blocks(range(low - origin, high - origin))
    read = bytearray(_coded(series.values(before), bound, lower))
    for number in blocks:
        block = series.block(number)
        if block.whole and (block.low >= bound if lower else block.high <= bound):
            read += _ALL_INSIDE
        elif block.whole and (block.high < bound if lower else block.low > bound):
            read += _ALL_OUTSIDE
        else:
            read += _coded(series.values(range(number * BLOCK, (number + 1) * BLOCK)), bound, lower)
    read += _coded(series.values(after), bound, lower)
    found[low - numbers.start : high - numbers.start] = read
    return bytes(found)


def _coded(values: Iterable[float], bound: float, lower: bool) -> bytes:
    """NaN is neither: both comparisons are false."""
    if lower:
        return bytes(OUTSIDE if v < bound else INSIDE if v >= bound else UNKNOWN for v in values)
    return bytes(OUTSIDE if v > bound else INSIDE if v <= bound else UNKNOWN for v in values)


def worst(several: Sequence[bytes]) -> bytes:
    """The worst code of each step."""
    return several[0] if len(several) == 1 else bytes(map(max, *several))


def unbroken(found: bytes, code: Code, length: int, start: int = 0) -> int:
    """Index of the first run of `length` equal codes at or after `start`; -1: there is none."""
    return found.find(bytes([code]) * length, start)


def known_share(found: bytes) -> float:
    """Share of the steps whose sample is known; 0 where there are no steps."""
    return 1 - found.count(UNKNOWN) / len(found) if found else 0.0
