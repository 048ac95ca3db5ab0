"""Samples in memory: one append-only column of numbers for each metric.

A column is contiguous on the sampling grid: index i is the step `first + i × step`. NaN stands for a step
without a value, whether nothing was there, the value was NaN, or nobody kept the record: unknown, all three.
Columns only grow, so the state at an earlier event sees a prefix of them (`State.lengths`).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from controlroom.core.events.sources import Samples
from controlroom.core.state import State

NAN = math.nan


class Block(NamedTuple):
    """What is known of :data:`BLOCK` samples that follow each other: looked at once, however often it is asked."""

    low: float
    high: float
    """Least and most of the known ones; NaN: none is known."""
    whole: bool
    """All of them are known."""


BLOCK = 256


def _block(values: array[float]) -> Block:
    total = sum(values)
    if total == total:
        return Block(min(values), max(values), True)
    known = [value for value in values if value == value]
    return Block(min(known, default=NAN), max(known, default=NAN), len(known) == len(values))


class Column:
    """The samples of one metric."""

    __slots__ = ("_blocks", "first", "step", "values")

    def __init__(self, step: int) -> None:
        self.step = step
        self.first: int | None = None
        self.values: array[float] = array("d")
        self._blocks: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        """The samples from `number` × :data:`BLOCK` on, all of which are there: they do not change any more."""
        found = self._blocks.get(number)
        if found is None:
            found = _block(self.values[number * BLOCK : (number + 1) * BLOCK])
            self._blocks[number] = found
        return found

    def extend(self, start: int, values: Sequence[float | None]) -> None:
        """Takes over consecutive steps from `start` (Unix seconds). A step that is already there stays."""
        if self.first is None:
            self.first = start
        at = (start - self.first) // self.step
        if at > len(self.values):
            self.values.extend([NAN] * (at - len(self.values)))
        self.values.extend(NAN if value is None else value for value in values[len(self.values) - at :])

    def append(self, start: int, several: Iterable[Sequence[float | None]]) -> None:
        """Takes over several stretches that follow each other from `start` on."""
        if self.first is not None and start != self.first + len(self.values) * self.step:
            self.extend(start, [*chain.from_iterable(several)])
            return
        if self.first is None:
            self.first = start
        values = chain.from_iterable(several)
        while True:
            try:
                self.values.extend(values)  # type: ignore[arg-type]
                return
            except TypeError:  # a step without a value; all before it are in
                self.values.append(NAN)


class Columns:
    """All columns of a session, in the order of the plan's metrics."""

    def __init__(self, metrics: int, step: int) -> None:
        self.step = step
        self.columns = tuple(Column(step) for _ in range(metrics))

    def absorb(self, batch: Samples) -> None:
        for column, values in zip(self.columns, batch.columns, strict=False):
            if values is not None:
                column.extend(batch.start, values)

    def absorb_all(self, batches: Sequence[Samples]) -> None:
        """The same as one after the other; batches that follow on each other go in together, column by column."""
        at = 0
        while at < len(batches):
            end = self._row(batches, at)
            if end - at < 2:
                self.absorb(batches[at])
            else:
                start, rows = batches[at].start, (batch.columns for batch in batches[at:end])
                for column, several in zip(self.columns, zip(*rows, strict=True), strict=True):
                    column.append(start, several)
            at = max(end, at + 1)

    def _row(self, batches: Sequence[Samples], at: int) -> int:
        """Where the batches from `at` on that are as long for all metrics, and follow each other, end."""
        following, counts = batches[at].start, counts_of(batches[at])
        count = counts[0] if counts else None
        if count is None or len(counts) != len(self.columns) or counts != (count,) * len(counts):
            return at
        for index in range(at, len(batches)):
            batch = batches[index]
            if batch.start != following or batch.step != self.step or counts_of(batch) != counts:
                return index
            following += count * batch.step
        return len(batches)

    def lengths(self) -> tuple[int, ...]:
        return tuple(len(column.values) for column in self.columns)


class Series:
    """A stretch of one column, as seen at one moment: nothing beyond `length` exists yet."""

    __slots__ = ("_column", "length")

    def __init__(self, column: Column, length: int) -> None:
        self._column = column
        self.length = length

    @property
    def first(self) -> int | None:
        """Unix seconds of the first step; None while there is none."""
        return self._column.first if self.length else None

    @property
    def step(self) -> int:
        return self._column.step

    @property
    def last(self) -> int | None:
        """Unix seconds of the last step."""
        return None if self.first is None else self.first + (self.length - 1) * self.step

    def time(self, index: int) -> int:
        """Unix seconds of a step."""
        return (self.first or 0) + index * self.step

    def span(self, start: float, end: float) -> range:
        """Indices of the steps with start <= time <= end (Unix seconds)."""
        if self.first is None:
            return range(0)
        low = max(0, math.ceil((start - self.first) / self.step))
        high = min(self.length, math.floor((end - self.first) / self.step) + 1)
        return range(low, max(low, high))

    def value(self, index: int) -> float:
        """The value at a step; NaN: unknown."""
        return self._column.values[index]

    def values(self, within: range) -> array[float]:
        """A copy of the values at those steps."""
        return self._column.values[within.start : within.stop]

    def known(self, within: range) -> list[float]:
        """The values at those steps that are numbers."""
        return [value for value in self.values(within) if value == value]

    def blocks(self, within: range) -> tuple[range, range, range]:
        """These steps as those before the first whole block among them, the numbers of whole blocks, those after."""
        first, last = -(-within.start // BLOCK), within.stop // BLOCK
        if first >= last:
            return within, range(0), range(within.stop, within.stop)
        return range(within.start, first * BLOCK), range(first, last), range(last * BLOCK, within.stop)

    def block(self, number: int) -> Block:
        return self._column.block(number)

    def extremes(self, within: range) -> tuple[float, float] | None:
        """The least and the most of the known values at those steps; None: none is known."""
        before, blocks, after = self.blocks(within)
        found = [own for part in (before, after) if part for own in self.known(part)]
        for block in map(self._column.block, blocks):
            if block.low == block.low:
                found += block[:2]
        return (min(found), max(found)) if found else None

    def whole(self, within: range) -> bool:
        """All values at those steps are known."""
        before, blocks, after = self.blocks(within)
        ends = (value == value for part in (before, after) for value in self.values(part))
        return all(ends) and all(self._column.block(number).whole for number in blocks)

    def items(self, within: range) -> Iterator[tuple[int, float]]:
        """(Unix seconds, value) at those steps."""
        for index in within:
            yield self.time(index), self._column.values[index]

    def latest(self) -> tuple[int, float] | None:
        """The last step and its value (NaN: unknown); None: there is no step."""
        return (self.time(self.length - 1), self._column.values[self.length - 1]) if self.length else None


Counts = tuple[int | None, ...]
"""How many steps a batch has of each metric; None: it does not speak of that one."""


def counts_of(batch: Samples) -> Counts:
    try:
        return tuple(map(len, batch.columns))  # type: ignore[arg-type]
    except TypeError:  # it does not speak of all of them
        return tuple(None if values is None else len(values) for values in batch.columns)


def grown(
    start: int, step: int, counts: Counts, lengths: tuple[int, ...], firsts: tuple[int | None, ...]
) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """Lengths and first steps after a batch, computed without the columns, as :meth:`Column.extend` does."""
    new_lengths, new_firsts = list(lengths), list(firsts)
    for index, count in zip(range(len(lengths)), counts, strict=False):
        if count is not None:
            first = new_firsts[index]
            if first is None:
                first = new_firsts[index] = start
            new_lengths[index] = max(new_lengths[index], (start - first) // step + count)
    return tuple(new_lengths), tuple(new_firsts)


class View:
    """A state together with the samples it knows of. What every figure is computed from."""

    def __init__(self, state: State, columns: Columns) -> None:
        self.state = state
        self.columns = columns

    def series(self, metric: int) -> Series:
        lengths = self.state.lengths
        return Series(self.columns.columns[metric], lengths[metric] if metric < len(lengths) else 0)
