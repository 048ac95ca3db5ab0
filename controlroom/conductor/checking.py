"""The checklist's items that a machine can tick: looked at until they hold, then ticked with what was seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core.events import Ticked
from controlroom.sources.ports import AlertSource, MetricSource, SourceError

EVERY = 10.0
EVERY_REAL = 2.0

SOURCES = ("kubernetes", "prometheus", "alertmanager")


class Checking(Part):
    """Ticks what holds. An item that a person has ticked or unticked is left to people."""

    def __init__(self, recorder: Recorder, metrics: MetricSource, alerts: AlertSource) -> None:
        super().__init__(recorder)
        self._metrics = metrics
        self._alerts = alerts
        self._checks: dict[str, Callable[[], Awaitable[str]]] = {
            "observability": self._observability,
            "alert-routes": self._alert_routes,
        }

    async def run(self) -> None:
        """Returns when nothing is left to look at."""
        clock = self.recorder.clock
        while waiting := [
            item
            for item in self.plan.checklist
            if item.check in self._checks and item.id not in self.state.checklist
        ]:
            for item in waiting:
                assert item.check is not None
                if seen := await self._checks[item.check]():
                    body = Ticked(list="checklist", item=item.id, ticked=True, detail=seen)
                    self.recorder.record(body, actor=HOST)
            await clock.sleep(max(EVERY, EVERY_REAL * clock.rate))

    async def _observability(self) -> str:
        """Every source answers and every metric has data; empty: not so."""
        sources = self.state.sources
        if any((known := sources.get(name)) is None or known.ok is not True for name in SOURCES):
            return ""
        if self.state.troubled or not all(self.state.lengths):
            return ""
        return f"{', '.join(SOURCES)} answer; all {len(self.plan.metrics)} metrics have data"

    async def _alert_routes(self) -> str:
        """Prometheus has a rule for each experiment's alert, Alertmanager a receiver for it; empty: not so."""
        wanted = {own.alert.name for own in self.plan.experiments if own.alert is not None}
        try:
            known = set(await self._metrics.alert_names())
            receivers = await self._alerts.receivers()
        except SourceError:
            return ""  # the source's own trouble is on record by whoever reads it all the time
        if not wanted <= known or not receivers:
            return ""
        return f"rules for {', '.join(sorted(wanted))}; receivers {', '.join(receivers)}"
