"""When which samples came to be known, without the samples: what tells how long each column was at any moment.

A long session is nearly all samples. Their values lie in the columns; of each batch only its number, its moments, its
first step and its shape are kept, and the lengths after it are worked out again when somebody goes there.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import Protocol

from controlroom.core.columns import Counts, counts_of, grown
from controlroom.core.events import Samples

Lengths = tuple[tuple[int, ...], tuple[int | None, ...]]
"""How many steps each column has, and its first one."""


class Batch(Protocol):
    """An event of samples, or what is read of one."""

    @property
    def seq(self) -> int: ...

    @property
    def at(self) -> datetime: ...


class SampleLog:
    """Batches in the order in which they came."""

    EVERY = 256
    """Batches between two lengths that are kept."""

    def __init__(self, metrics: int) -> None:
        self.seqs: array[int] = array("q")
        self._newest: list[datetime] = []
        """The latest `at` of all batches so far."""
        self._starts: array[int] = array("q")
        self._shapes: array[int] = array("I")
        self._known: list[tuple[int, Counts]] = []
        """Every shape that came: step, and how many steps of each metric."""
        self._kept: list[Lengths] = [((0,) * metrics, (None,) * metrics)]
        self.lengths: Lengths = self._kept[0]
        """After the last one."""

    def __len__(self) -> int:
        return len(self.seqs)

    def add(self, batch: Batch, body: Samples) -> None:
        """The next batch. Its lengths count once :meth:`settle` has been called."""
        if len(self.seqs) % self.EVERY == 0 and self.seqs:
            self._kept.append(self.at(len(self.seqs)))
        self._starts.append(body.start)
        self._shapes.append(self._shape(body))
        self._newest.append(max(self._newest[-1], batch.at) if self._newest else batch.at)
        self.seqs.append(batch.seq)

    def settle(self) -> None:
        """Works out the lengths after the last batch."""
        self.lengths = self.at(len(self.seqs))

    def newest(self, count: int) -> datetime:
        """The latest `at` of the first `count` batches."""
        return self._newest[count - 1]

    def at(self, count: int) -> Lengths:
        """The lengths after the first `count` batches."""
        kept = min(count // self.EVERY, len(self._kept) - 1)
        lengths, firsts = self._kept[kept]
        # Of batches of one shape the latest reaches as far as all of them; the first says where a column begins.
        low: dict[int, int] = {}
        high: dict[int, int] = {}
        for index in range(kept * self.EVERY, count):
            shape, start = self._shapes[index], self._starts[index]
            if shape not in low:
                low[shape] = high[shape] = start
            elif start > high[shape]:
                high[shape] = start
        for ends in (low, high):
            for shape, start in ends.items():
                lengths, firsts = grown(start, *self._known[shape], lengths, firsts)
        return lengths, firsts

    def _shape(self, body: Samples) -> int:
        found = (body.step, counts_of(body))
        if self._shapes and self._known[self._shapes[-1]] == found:
            return self._shapes[-1]
        try:
            return self._known.index(found)
        except ValueError:
            self._known.append(found)
            return len(self._known) - 1
