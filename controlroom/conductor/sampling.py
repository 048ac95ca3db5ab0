"""Samples: one combined range query a tick, from the step after the last stored one to now.

Live polling, catching up, filling a gap after an outage and fast rehearsals are the same code: what is not
stored yet is asked for, and (metric, step) is unique because a column only grows.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Mapping

from controlroom.conductor.context import Part
from controlroom.conductor.pacing import follow
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.sources.ports import MetricColumn, MetricSource, SourceError

EVERY_REAL = 0.25
"""Least real seconds between two queries."""
BEHIND = 2.0
"""Session seconds that the newest asked step lies back: what was scraped later is in by then."""
BEHIND_REAL = 0.15
"""Real seconds by which our reading of virtual time may be ahead of the world."""
AGAIN_REAL = 0.1
"""Real seconds between two attempts of the last catching up."""
MOST_STEPS = 3000
"""Steps asked for at once; a longer gap is filled in stretches."""


class Sampler(Part):
    """Follows Prometheus."""

    name = "prometheus"

    def __init__(self, recorder: Recorder, source: MetricSource, watchman: Watchman) -> None:
        super().__init__(recorder)
        self._source = source
        self._watchman = watchman
        self._floor: int | None = None

    @property
    def step(self) -> int:
        return round(self.plan.sampling.step)

    async def run(self) -> None:
        """Stores what comes, until cancelled."""
        clock = self.recorder.clock
        every = float(self.step)
        await follow(self.read, self.name, self._watchman, clock, every=every, every_real=EVERY_REAL)

    async def catch_up(self) -> None:
        """Returns when every metric is up to the newest step."""
        for pause in itertools.chain((0.0,), itertools.repeat(AGAIN_REAL)):
            await asyncio.sleep(pause)
            if await self.once():
                return

    def newest(self) -> int:
        """The newest step that may be asked for, Unix seconds of Prometheus's clock."""
        clock = self.recorder.clock
        known = self.state.sources.get(self.name)
        offset = known.offset if known and known.offset is not None else 0.0
        behind = BEHIND + BEHIND_REAL * max(0.0, clock.rate - 1.0)
        return math.floor((clock.time() + offset - behind) / self.step) * self.step

    async def once(self) -> bool:
        """One reading; tells whether every metric is up to the newest step."""
        try:
            if await self.read():
                self._watchman.answered(self.name)
        except SourceError as error:
            self._watchman.failed(self.name, error)
            return False
        return not self._asked(self.newest() - self.step)

    async def read(self) -> bool:
        """Asks for what is missing and stores it; tells whether anything was. Raises SourceError."""
        end = self.newest()
        asked = self._asked(end)
        if not asked:
            return False
        end = min(end, min(asked.values()) + (MOST_STEPS - 1) * self.step)
        found = await self._source.read(asked, end, self.step)
        self._watchman.remarked(self.name, self._source.remarks("metrics"))  # before what it is about
        self._store(asked, found)
        return True

    def _asked(self, end: int) -> dict[int, int]:
        """Each metric's first missing step, where there is one up to `end`."""
        if self._floor is None:
            opened = self.state.opened_at
            assert opened is not None
            self._floor = math.ceil(opened.timestamp() / self.step) * self.step
        asked: dict[int, int] = {}
        for index in range(len(self.plan.metrics)):
            first = self.state.first_step[index] if index < len(self.state.first_step) else None
            start = self._floor if first is None else first + self.state.lengths[index] * self.step
            if start <= end:
                asked[index] = start
        return asked

    def _store(self, asked: Mapping[int, int], found: Mapping[int, MetricColumn]) -> None:
        by_start: dict[int, dict[int, tuple[float | None, ...]]] = {}
        for index, column in found.items():
            self._say_trouble(index, column)
            if not column.error and column.values:
                by_start.setdefault(asked[index], {})[index] = column.values
        for start, columns in sorted(by_start.items()):
            batch = tuple(columns.get(index) for index in range(len(self.plan.metrics)))
            self.recorder.record(
                e.Samples(start=start, step=self.step, columns=batch), actor=SOURCE, clock=self.name
            )

    def _say_trouble(self, index: int, column: MetricColumn) -> None:
        metric = self.plan.metrics[index].id
        reason = column.error
        if not reason and column.values and column.values[-1] is None:
            reason = column.remark or "no data"
        self._watchman.metric(metric, reason)
