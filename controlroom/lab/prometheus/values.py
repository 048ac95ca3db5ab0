"""What a node evaluates to, for all steps of the query at once.

A *column* holds one entry for each step of the grid: a number, or None where the series has no sample.
Working by column, labels are matched, grouped and rewritten once for a query rather than once for a step.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from controlroom.lab.prometheus.errors import execution
from controlroom.lab.prometheus.labels import Labels

Column = list[float | None]
Scalars = list[float]

SAME_LABELSET = "vector cannot contain metrics with the same labelset"


@dataclass(frozen=True)
class Grid:
    """The steps of a query: Unix milliseconds from `start` to `end`, both included."""

    start: int
    end: int
    step: int

    @cached_property
    def times(self) -> list[int]:
        """Every step."""
        return list(range(self.start, self.end + 1, self.step))

    def __len__(self) -> int:
        return len(self.times)


@dataclass(slots=True)
class Series:
    """One element of an instant vector, over the steps."""

    labels: Labels
    column: Column

    @property
    def is_empty(self) -> bool:
        return all(value is None for value in self.column)


Vector = list[Series]


@dataclass(slots=True)
class Samples:
    """The samples of one series that the windows of a query may need, times in Unix milliseconds."""

    labels: Labels
    times: list[int]
    values: list[float]
    _resets: list[int] | None = None

    def resets_between(self, first: int, last: int) -> list[int]:
        """Indices i in (first, last] where the value is lower than the one before."""
        if self._resets is None:
            values = self.values
            self._resets = [i for i in range(1, len(values)) if values[i] < values[i - 1]]
        if not self._resets:
            return self._resets
        return self._resets[bisect_right(self._resets, first) : bisect_right(self._resets, last)]


@dataclass(slots=True)
class Window:
    """The samples `low` to `high` (excluded) of a series, seen from one step.

    `start` and `end` are the closed interval of the range, `now` is the step; all in Unix milliseconds.
    """

    samples: Samples
    low: int
    high: int
    start: int
    end: int
    now: int

    @property
    def values(self) -> list[float]:
        return self.samples.values[self.low : self.high]

    @property
    def times(self) -> list[int]:
        return self.samples.times[self.low : self.high]


@dataclass(slots=True)
class RangeVector:
    """Series with their samples, and the moment each step looks back from (Unix ms)."""

    series: list[Samples]
    ends: Sequence[int]
    range_ms: int
    grid: Grid

    def windows(self, samples: Samples) -> Iterable[Window | None]:
        """For each step the window of one series; None where it holds no sample."""
        times, range_ms = samples.times, self.range_ms
        for now, end in zip(self.grid.times, self.ends, strict=True):
            low = bisect_left(times, end - range_ms)
            high = bisect_right(times, end)
            yield Window(samples, low, high, end - range_ms, end, now) if high > low else None


def merged(vector: Iterable[Series]) -> Vector:
    """Joins series of one label set that have samples at different steps; at the same step is an error."""
    found: dict[Labels, Series] = {}
    for series in vector:
        earlier = found.setdefault(series.labels, series)
        if earlier is not series:
            found[series.labels] = Series(series.labels, _joined(earlier.column, series.column))
    return list(found.values())


def _joined(one: Column, other: Column) -> Column:
    if any(a is not None and b is not None for a, b in zip(one, other, strict=True)):
        raise execution(SAME_LABELSET)
    return [b if a is None else a for a, b in zip(one, other, strict=True)]


def distinct(vector: Vector) -> Vector:
    """The vector, having made sure that no two series have one label set at any steps."""
    if len({series.labels for series in vector}) != len(vector):
        raise execution(SAME_LABELSET)
    return vector
