"""Data loss: accepted and stored totals, read once after load stop when the queues have drained."""

from __future__ import annotations

from controlroom.conductor.context import PATIENCE, Part
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.core import events as e
from controlroom.core.figures import assess
from controlroom.core.plan import NoDataLoss
from controlroom.sources.ports import MetricSource, SourceError

EVERY = 2.0
EVERY_REAL = 0.25


class Reconciling(Part):
    """Reads the totals of every no-data-loss criterion."""

    def __init__(self, recorder: Recorder, source: MetricSource) -> None:
        super().__init__(recorder)
        self._source = source

    def _open(self) -> list[NoDataLoss]:
        return [
            criterion
            for criterion in self.plan.criteria
            if isinstance(criterion, NoDataLoss) and criterion.id not in self.state.reconciled
        ]

    async def run(self) -> None:
        clock = self.recorder.clock
        while self._open():
            stopped = self.state.loads[-1].end if self.state.loads else None
            if stopped is not None:
                for criterion in self._open():
                    if self.recorder.now() >= stopped + criterion.settle and self._settled(criterion):
                        await self._read(criterion, settled=True)
            await clock.sleep(max(EVERY, EVERY_REAL * clock.rate))

    async def finish(self) -> None:
        """At the end of the day: what has not settled is read as it is, and said to be so."""
        for criterion in self._open():
            if self.state.loads:
                await self._read(criterion, settled=self._settled(criterion))

    def _settled(self, criterion: NoDataLoss) -> bool:
        view = self.recorder.view
        limit = assess(view).limits.get(criterion.lag)
        latest = view.series(self.plan.metric_index(criterion.lag)).latest()
        if limit is None or limit.value is None or latest is None or latest[1] != latest[1]:
            return False
        return not limit.outside(latest[1])

    async def _read(self, criterion: NoDataLoss, *, settled: bool) -> None:
        at = self._newest()
        try:
            accepted = await self._whole(criterion.accepted, at)
            stored = await self._whole(criterion.stored, at)
        except SourceError as error:
            self.recorder.record(
                e.SourceFailed(source="prometheus", error=error.message, hint=error.hint), actor=SOURCE
            )
            return
        body = e.ReconciliationRead(criterion=criterion.id, accepted=accepted, stored=stored, settled=settled)
        await self.recorder.durably(body, actor=SOURCE, clock="prometheus", patience=PATIENCE)

    async def _whole(self, query: str, at: float) -> float | None:
        """A total; None where some of the server's stores did not answer: a part of a sum is no sum."""
        found = await self._source.value(query, at)
        return None if self._source.remarks("value").partial else found

    def _newest(self) -> float:
        """Prometheus's time of the newest stored step: the totals are of one moment."""
        ends = [
            first + (length - 1) * round(self.plan.sampling.step)
            for first, length in zip(self.state.first_step, self.state.lengths, strict=True)
            if first is not None
        ]
        return float(max(ends)) if ends else self.recorder.clock.time()
