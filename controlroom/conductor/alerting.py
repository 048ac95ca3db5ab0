"""Alerts and silences: read from Prometheus's own samples and from Alertmanager, recorded when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Part
from controlroom.conductor.pacing import follow
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.conductor.sampling import BEHIND, BEHIND_REAL
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import AlertSuppressed
from controlroom.core.state import episode
from controlroom.sources.ports import AlertSource, MetricSource

EVERY = 1.0
EVERY_REAL = 0.4
LOOK_BACK = 60.0
"""Seconds before the opening that are looked at, too: an alert may fire already."""


class Alerting(Part):
    """Follows both alert sources."""

    def __init__(
        self, recorder: Recorder, metrics: MetricSource, alerts: AlertSource, watchman: Watchman
    ) -> None:
        super().__init__(recorder)
        self._metrics = metrics
        self._alerts = alerts
        self._watchman = watchman
        self._read_to: float | None = None

    async def run(self) -> None:
        """Follows both, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow("prometheus alerts", self.read_alerts))
            group.create_task(self._follow("alertmanager", self.read_silences))

    async def _follow(self, source: str, read: Callable[[], Awaitable[bool]]) -> None:
        clock = self.recorder.clock
        await follow(read, source, self._watchman, clock, every=EVERY, every_real=EVERY_REAL)

    async def read_alerts(self) -> bool:
        """Alert episodes since the last reading; an alert's moment is the first sample that fires.

        Tells whether there was anything to ask. Raises SourceError.
        """
        until = self._until()
        if until <= self._since:
            return False
        found = await self._metrics.alerts(self._since, until)
        self._read_to = until
        self._watchman.remarked("prometheus alerts", self._metrics.remarks("alerts"))
        for alert in found:
            if self.state.alerts.get(episode(alert)) != alert:
                moments = {
                    "pending": alert.active_at,
                    "firing": alert.firing_at,
                    "resolved": alert.resolved_at,
                }
                self.recorder.record(alert, actor=SOURCE, at=moments[alert.state], clock="prometheus")
        return True

    @property
    def _offset(self) -> float:
        known = self.state.sources.get("prometheus")
        return known.offset if known and known.offset is not None else 0.0

    def _until(self) -> float:
        """What Prometheus has evaluated for certain by now, Unix seconds of its clock."""
        clock = self.recorder.clock
        return clock.time() + self._offset - BEHIND - BEHIND_REAL * max(0.0, clock.rate - 1.0)

    @property
    def _since(self) -> float:
        if self._read_to is None:
            assert self.state.opened_at is not None
            self._read_to = self.state.opened_at.timestamp() + self._offset - LOOK_BACK
        return self._read_to

    async def read_silences(self) -> bool:
        """What is acknowledged, and what people are not told of. Raises SourceError."""
        for silence in await self._alerts.silences():
            if self.state.silences.get(silence.silence) != silence:
                at = silence.ends_at if silence.state == "expired" else silence.starts_at
                self.recorder.record(silence, actor=SOURCE, at=at, clock="alertmanager")
        found = await self._alerts.suppressed()
        known = self.state.suppressed.values()
        for alert in found:
            if alert not in known:
                self.recorder.record(alert, actor=SOURCE)
        still = [(alert.name, alert.labels) for alert in found]
        for alert in tuple(self.state.suppressed.values()):
            if (alert.name, alert.labels) not in still:
                self.recorder.record(AlertSuppressed(name=alert.name, labels=alert.labels), actor=SOURCE)
        return True
