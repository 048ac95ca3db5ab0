"""A staging environment lived through in virtual time, for tests: load, experiments, looks at the metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import yaml

from controlroom.clock import ScaledClock
from controlroom.lab.defects import Defect
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import by_kind
from controlroom.lab.prometheus.engine import VectorResult
from controlroom.lab.staging import Staging, StagingSettings

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
RULES = (EXPERIMENTS / "alerts-bookstore.yaml").read_text()
POD_KILL = "pod-failure-inventory-service.yaml"
LATENCY = "network-latency-inventory.yaml"
MEMORY = "resource-stress-inventory.yaml"
START = 1_764_000_000.0


def plan_queries() -> Mapping[str, str]:
    """The metrics of the shipped plan, by id."""
    plan = yaml.safe_load((EXPERIMENTS / "inventory-service-failure.yaml").read_text())
    return {metric["id"]: metric["query"] for metric in plan["metrics"]}


class Day:
    """A day whose minutes count from the lab's start; the load runs from the beginning."""

    def __init__(self, seed: int, *, responder: bool = False, defect: Defect | None = None) -> None:
        settings = StagingSettings(seed, START, rules=RULES, defect=defect, responder=responder)
        self.staging = Staging(settings, ScaledClock(START, 0.0))
        self.staging.set_load(True)
        self._queries = plan_queries()

    @property
    def minute(self) -> float:
        return (self.staging.position - START) / 60.0

    def until(self, minute: float) -> None:
        """Lives on to that minute."""
        self.staging.advance(minute * 60.0 - (self.staging.position - START))

    def inject(self, manifest: str, until_minute: float = math.inf) -> None:
        """Applies a manifest, with a duration that reaches `until_minute` where that is given."""
        document = self._manifest(manifest)
        if until_minute < math.inf:
            document["spec"]["duration"] = f"{round((until_minute - self.minute) * 60)}s"
        self.staging.cluster.create(document)

    def clean_up(self, manifest: str) -> None:
        """Deletes a manifest's object, as `kubectl delete -f` does; one that is gone is no error."""
        document = self._manifest(manifest)
        cluster = self.staging.cluster
        resource = by_kind(document["apiVersion"], document["kind"])
        assert resource is not None
        metadata = document["metadata"]
        held = cluster.store.get(resource, metadata["namespace"], metadata["name"])
        if held is not None:
            delete(cluster.store, cluster.timers, resource, held, grace=0)

    def metric(self, name: str, minute: float | None = None) -> float:
        """A metric of the plan at a minute, now where None; NaN where there is no data."""
        at = self.staging.position if minute is None else START + minute * 60.0
        result = self.staging.prometheus.query(self._queries[name], at)
        if isinstance(result, VectorResult) and result.elements:
            return result.elements[0].value
        return math.nan

    def values(self, name: str, first: float, last: float) -> list[float]:
        """A metric of the plan every two seconds from one minute to another."""
        found = self.staging.prometheus.query_range(
            self._queries[name], START + first * 60.0, START + last * 60.0, 2.0
        )
        return [value for series in found.series for value in series.values]

    def fired(self) -> list[tuple[str, float]]:
        """Each start of firing: the alert and its minute."""
        return [
            (one.alert, (one.t - START) / 60.0) for one in self.staging.truth().rules if one.after == "firing"
        ]

    def acts(self) -> list[tuple[str, float]]:
        """What the on-call did and when, in minutes."""
        return [(one.act, (one.t - START) / 60.0) for one in self.staging.truth().acts]

    @staticmethod
    def _manifest(name: str) -> Document:
        document: Document = yaml.safe_load((EXPERIMENTS / name).read_text())
        return document


def seed_day(seed: int, *, responder: bool = True, defect: Defect | None = None) -> Day:
    """The seed's day: pod kill at 15:00, latency at 25:00, memory at 35:00, clean-up at 75:00, load to 85:00."""
    day = Day(seed, responder=responder, defect=defect)
    day.until(15)
    day.inject(POD_KILL)
    day.until(25)
    day.inject(LATENCY, until_minute=77)
    day.until(35)
    day.inject(MEMORY, until_minute=77)
    day.until(75)
    for manifest in (POD_KILL, LATENCY, MEMORY):
        day.clean_up(manifest)
    day.until(85)
    day.staging.set_load(False)
    day.until(86)
    return day
