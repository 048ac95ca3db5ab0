"""Alerts and silences: read from Prometheus's own samples and from Alertmanager, recorded when they change."""

from __future__ import annotations

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.conductor.sampling import BEHIND, BEHIND_REAL
from controlroom.conductor.watchman import Watchman
from controlroom.core.state import episode
from controlroom.sources.ports import AlertSource, MetricSource, SourceError

EVERY = 1.0
EVERY_REAL = 0.4


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
        clock = self.recorder.clock
        while True:
            await self.read_alerts()
            await self.read_silences()
            await clock.sleep(max(EVERY, EVERY_REAL * clock.rate))

    async def read_alerts(self) -> None:
        """Alert episodes since the last reading. An alert's moment is the first sample that fires."""
        clock = self.recorder.clock
        known = self.state.sources.get("prometheus")
        offset = known.offset if known and known.offset is not None else 0.0
        until = clock.time() + offset - BEHIND - BEHIND_REAL * max(0.0, clock.rate - 1.0)
        if self._read_to is None:
            assert self.state.opened_at is not None
            self._read_to = self.state.opened_at.timestamp() + offset - 60.0
        if until <= self._read_to:
            return
        try:
            found = await self._metrics.alerts(self._read_to, until)
        except SourceError as error:
            self._watchman.failed("prometheus alerts", error)
            return
        self._watchman.answered("prometheus alerts")
        self._read_to = until
        for alert in found:
            if self.state.alerts.get(episode(alert)) != alert:
                moments = {
                    "pending": alert.active_at,
                    "firing": alert.firing_at,
                    "resolved": alert.resolved_at,
                }
                self.recorder.record(alert, actor=SOURCE, at=moments[alert.state], clock="prometheus")

    async def read_silences(self) -> None:
        try:
            found = await self._alerts.silences()
        except SourceError as error:
            self._watchman.failed("alertmanager", error)
            return
        self._watchman.answered("alertmanager")
        for silence in found:
            if self.state.silences.get(silence.silence) != silence:
                self.recorder.record(silence, actor=SOURCE, at=silence.starts_at, clock="alertmanager")
