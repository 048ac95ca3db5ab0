"""Days of the lab on which nothing is disturbed, judged as if something had been."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime

from controlroom.core import events as e
from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Actor, Event
from controlroom.core.figures import assess
from controlroom.core.figures.samples import INSIDE, codes, unbroken, worst
from controlroom.core.fold import fold
from controlroom.core.plan import Experiment, Metric, Plan
from controlroom.core.values import changed
from controlroom.lab.prometheus.engine import Engine
from tests.lab.staging_day import START, Day

HOST = Actor(role="host")
LATE = 2
"""Samples by which the first run of the hold may come late."""


class Undisturbed:
    """A seed's day with load and no fault, from its start to `minutes`.

    Right after the plan's baseline a run is on record as injected, though nothing ever touched the lab. Its
    experiment expects no metric to move, so every metric that leaves its limit for the hold is a cascade.
    """

    def __init__(self, plan: Plan, seed: int, minutes: float) -> None:
        bystander = Experiment(
            id="nothing", title="Nothing", manifest="nothing.yaml", phase=plan.phases[1].id, at=0
        )
        self.plan = changed(plan, experiments=(bystander,))
        self.rest = plan.phases[0].duration
        day = Day(seed)
        day.until(minutes)
        self.alerts = day.fired()
        self._samples = _sampled(day, plan)
        self._view = self._recorded()
        self.assessment: Assessment = assess(self._view)

    def waits(self) -> array[int]:
        """For each step after the baseline: how many steps later a run of the hold begins with every metric of
        the criterion inside. Steps too near the end to show such a run are left out."""
        found = worst([self.codes(metric) for metric in self.plan.metrics if metric.criterion])
        hold = round(self.plan.sampling.hold / self.plan.sampling.step) + 1
        far = len(found)
        return array(
            "i",
            (
                far if (run := unbroken(found, INSIDE, hold, at)) < 0 else run - at
                for at in range(far - hold - LATE)
            ),
        )

    def codes(self, metric: Metric) -> bytes:
        """The metric against its limit at each step after the baseline."""
        step = round(self.plan.sampling.step)
        series = self._view.series(self.plan.metric_index(metric.id))
        assert series.last is not None
        numbers = range(int(START + self.rest) // step, series.last // step + 1)
        return codes(series, self.assessment.limits[metric.id], numbers)

    def _recorded(self) -> View:
        """The session as a room that missed no sample would have recorded it."""
        columns = Columns(len(self.plan.metrics), round(self.plan.sampling.step))
        columns.absorb(self._samples)
        return View(fold(self._events()), columns)

    def _events(self) -> list[Event]:
        opened = e.SessionOpened(
            session="undisturbed",
            program="0",
            plan=self.plan,
            plan_text="",
            plan_hash="",
            files={},
            bindings=self.plan.bindings,
        )
        baseline, nothing = self.plan.phases[0].id, "nothing#1"
        first = _utc(self.rest)
        injection = e.Injection(first=first, last=first, n=1, uncertainty=1.0)
        ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="bookstore", name="nothing-1")
        request = e.FaultRequested(experiment="nothing", run=nothing, object=ref, manifest="", one_shot=False)
        told: list[tuple[float, e.Body]] = [
            (0.0, opened),
            (0.0, e.LoadStarted()),
            (0.0, e.PhaseStarted(phase=baseline)),
            (self.rest, e.PhaseEnded(phase=baseline)),
            (self.rest, e.PhaseStarted(phase=self.plan.phases[1].id)),
            (self.rest, request),
            (self.rest + 1, e.FaultObserved(run=nothing, state="active", injection=injection)),
            (self.rest + 2, self._samples),
        ]
        return [
            Event(seq=seq, t=t, at=_utc(t), actor=HOST, body=body) for seq, (t, body) in enumerate(told, 1)
        ]


def _utc(t: float) -> datetime:
    return datetime.fromtimestamp(START + t, UTC)


def _sampled(day: Day, plan: Plan) -> e.Samples:
    """Every metric of the plan on its own grid, as the lab's engine answers a range query."""
    step, end = round(plan.sampling.step), int(day.staging.position)
    grid = range(int(START), end + 1, step)
    engine = Engine(day.staging.prometheus.storage)
    columns = []
    for metric in plan.metrics:
        answer = engine.range(metric.query, grid[0] * 1000, grid[-1] * 1000, step * 1000)
        values = {
            t // 1000: value
            for series in answer.series
            for t, value in zip(series.times, series.values, strict=True)
        }
        columns.append(tuple(_known(values.get(t)) for t in grid))
    return e.Samples(start=grid[0], step=step, columns=tuple(columns))


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value
