"""Tells how the sources answer: each change once, with the reason and what to do next."""

from __future__ import annotations

import time

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.core.events import (
    MetricTroubled,
    SourceFailed,
    SourceMeasured,
    SourceRecovered,
    SourceRemarked,
)
from controlroom.sources.ports import ClockReading, Remarks, SourceError


class Watchman(Part):
    """Keeps the state of every source in the record."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self._away: dict[str, float] = {}
        self._said: dict[str, set[str]] = {}
        """Why each source that is away is away: several requests may fail in turn, each in its own words."""

    def failed(self, source: str, error: SourceError) -> None:
        """The source did not do what was asked. Said once in an outage for each reason."""
        self._away.setdefault(source, time.monotonic())
        said = self._said.setdefault(source, set())
        known = self.state.sources.get(source)
        if known is None or known.ok is not False or error.message not in said:
            said.add(error.message)
            body = SourceFailed(source=source, error=error.message, hint=error.hint)
            self.recorder.record(body, actor=SOURCE)

    def answered(self, source: str) -> None:
        """The source answered."""
        known = self.state.sources.get(source)
        if known is None or known.ok is not True:
            now = time.monotonic()
            away = now - self._away.pop(source, now)
            self._said.pop(source, None)
            self.recorder.record(SourceRecovered(source=source, seconds=round(away, 3)), actor=SOURCE)

    def remarked(self, source: str, remarks: Remarks) -> None:
        """What it said beside its answers; said again where that changes."""
        known = self.state.sources.get(source)
        before = Remarks(partial=known.partial, others=known.remarks) if known else Remarks()
        if before != remarks:
            body = SourceRemarked(source=source, partial=remarks.partial, others=remarks.others)
            self.recorder.record(body, actor=SOURCE)

    def measured(self, source: str, reading: ClockReading) -> None:
        """Its clock against ours; said again where it has moved by more than it is uncertain."""
        known = self.state.sources.get(source)
        before = known.offset if known else None
        if before is None or abs(before - reading.offset) > max(1.0, reading.uncertainty):
            body = SourceMeasured(
                source=source,
                offset=round(reading.offset, 3),
                uncertainty=round(reading.uncertainty, 3),
            )
            self.recorder.record(body, actor=SOURCE)

    def metric(self, metric: str, reason: str) -> None:
        """Why a metric has no value now; empty: it has."""
        if self.state.troubled.get(metric, "") != reason:
            self.recorder.record(MetricTroubled(metric=metric, reason=reason), actor=SOURCE)
