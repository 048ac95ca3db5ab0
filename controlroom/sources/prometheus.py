"""Prometheus as a source of metrics and alerts: the port's three questions over one address."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from controlroom.clock import Clock
from controlroom.core.events import AlertObserved
from controlroom.core.plan import Metric
from controlroom.sources.login import Login
from controlroom.sources.ports import ClockReading, MetricColumn, Remarks, SourceError
from controlroom.sources.prometheus_alerts import AlertReader
from controlroom.sources.prometheus_answers import joined, number
from controlroom.sources.prometheus_client import Heard, PrometheusQueries
from controlroom.sources.prometheus_metrics import MetricReader

SOURCE = "Prometheus"

MOST_POINTS = 11_000
"""Prometheus refuses more steps a series in one range query."""

RESOLUTION = 0.001
"""Prometheus keeps time in milliseconds."""


class PrometheusSource:
    """Implements `MetricSource` for the metrics of a plan, in the plan's order.

    `clock` is the session's: :meth:`clock` compares with it. `timeout`: real seconds for one query.
    """

    def __init__(
        self,
        url: str,
        metrics: Sequence[Metric],
        clock: Clock,
        *,
        login: Login | None = None,
        timeout: float = 5.0,
    ) -> None:
        self._clock = clock
        self._heard: dict[str, Remarks] = {}
        self._queries = PrometheusQueries(SOURCE, url, login=login, timeout=timeout)
        self._metrics = MetricReader(self._queries, [metric.query for metric in metrics])
        self._alerts = AlertReader(SOURCE, url, self._queries, login=login, timeout=timeout)

    async def read(self, asked: Mapping[int, int], end: int, step: int) -> dict[int, MetricColumn]:
        """One column for every asked metric: its steps from its own first one to `end`, inclusive."""
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for index, first in asked.items():
            groups[first].append(index)
        self._metrics.next_turn()
        found: dict[int, MetricColumn] = {}
        with Heard() as heard:
            for first, indexes in groups.items():
                found |= await self._from(first, indexes, end, step)
        self._heard["metrics"] = heard.remarks
        return found

    def remarks(self, of: str) -> Remarks:
        return self._heard.get(of, Remarks())

    async def _from(self, first: int, indexes: list[int], end: int, step: int) -> dict[int, MetricColumn]:
        """Metrics with the same first step, in stretches that Prometheus accepts."""
        parts: dict[int, list[MetricColumn]] = {index: [] for index in indexes}
        for start in range(first, end + 1, MOST_POINTS * step):
            last = min(start + (MOST_POINTS - 1) * step, end)
            for index, part in (await self._metrics.read(indexes, start, last, step)).items():
                parts[index].append(part)
        return {index: joined(own) for index, own in parts.items()}

    async def value(self, query: str, at: float) -> float | None:
        """Raises SourceError where there are several series: which one is meant cannot be told."""
        with Heard() as heard:
            series = await self._queries.instant(f"(\n{query}\n)", at)
        self._heard["value"] = heard.remarks
        if len(series) > 1:
            raise SourceError(SOURCE, f"the query yields {len(series)} series, expected one")
        samples = series[0].samples if series else ()
        return number(samples[-1][1]) if samples else None

    async def alerts(self, since: float, until: float) -> Sequence[AlertObserved]:
        with Heard() as heard:
            found = await self._alerts.read(since, until)
        self._heard["alerts"] = heard.remarks
        return found

    async def alert_names(self) -> Sequence[str]:
        return await self._alerts.names()

    async def clock(self) -> ClockReading:
        """By `time()`; the best of three, so that the first connection does not blur it."""
        readings = [await self._compared() for _ in range(3)]
        return min(readings, key=lambda reading: reading.uncertainty)

    async def _compared(self) -> ClockReading:
        before = self._clock.time()
        series = await self._queries.instant("time()")
        after = self._clock.time()
        theirs = number(series[0].samples[0][1]) if series and series[0].samples else None
        if theirs is None or not math.isfinite(theirs):
            raise SourceError(SOURCE, f"{SOURCE} does not tell its time")
        return ClockReading(
            offset=theirs - (before + after) / 2, uncertainty=(after - before) / 2 + RESOLUTION
        )

    async def close(self) -> None:
        await asyncio.gather(self._queries.close(), self._alerts.close())
