"""The staging environment in virtual time: cluster, bookstore, Prometheus, Alertmanager, on-call.

Nothing here knows real time. :meth:`Staging.run_until` lives through everything that is due, each thing at
its own virtual time and in order, so figures do not depend on the machine's speed. At one and the same
second the order is: cluster, bookstore, scrape, rule evaluation, Alertmanager, on-call.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from controlroom.clock import ScaledClock
from controlroom.lab.alertmanager.alerts import PostedAlert
from controlroom.lab.alertmanager.manager import Alertmanager
from controlroom.lab.defects import Defect, effects_of, planted_rules
from controlroom.lab.kubernetes.bookstore import build_bookstore
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.views import FaultChange
from controlroom.lab.oncall import COMPONENT, OnCall
from controlroom.lab.prometheus.alerting import Notice, Transition
from controlroom.lab.prometheus.labels import Labels
from controlroom.lab.prometheus.server import LabPrometheus
from controlroom.lab.surroundings import ClusterEye, Startups
from controlroom.lab.truth import (
    ActMoment,
    Chronicle,
    FaultMoment,
    LoadMoment,
    Orders,
    RuleMoment,
    Truth,
    write_truth,
)
from controlroom.lab.world.exposition import Exposition
from controlroom.lab.world.model import World

SCRAPE_SECONDS = 2
EVALUATION_SECONDS = 5
#: Virtual time begins this long before the real present.
BEHIND_SECONDS = 25 * 3600.0
_DOMAIN = "bookstore.local"


@dataclass(frozen=True, slots=True)
class StagingSettings:
    """What a staging environment is made of; `start` is Unix seconds, a whole minute."""

    seed: int
    start: float
    rules: str = "groups: []\n"
    """Alert rules in Prometheus's own format."""
    context: str = "staging-bookstore"
    namespace: str = "bookstore"
    defect: Defect | None = None
    responder: bool = False


def start_before(real_now: float) -> float:
    """Where virtual time begins: at least 24 h before the real present (Unix seconds), on a whole minute."""
    return math.floor((real_now - BEHIND_SECONDS) / 60.0) * 60.0


class Staging:
    """All of it. `clock` is virtual time; whoever runs the environment owns it and moves it."""

    def __init__(self, settings: StagingSettings, clock: ScaledClock) -> None:
        self.settings = settings
        self.clock = clock
        self.position = settings.start
        self._living = settings.start
        effects = effects_of(settings.defect)
        self.chronicle = Chronicle(
            settings.seed, settings.defect.value if settings.defect else None, settings.start
        )
        startups = Startups(settings.seed, effects)
        self.cluster = Cluster(clock, settings.seed, startups)
        build_bookstore(self.cluster)
        startups.begin_day()
        self.cluster.on_fault(self._fault_changed)
        self.world = World(settings.seed, effects)
        self.exposition = Exposition(self.world, settings.namespace)
        self.alertmanager = Alertmanager(settings.seed)
        self.prometheus = LabPrometheus(
            clock,
            planted_rules(settings.rules, effects),
            external_labels={"cluster": settings.context},
            scrape_interval=SCRAPE_SECONDS,
            evaluation_interval=EVALUATION_SECONDS,
        )
        self.prometheus.on_transition = self._rule_changed
        self.prometheus.on_notify = self._notify
        self.on_call = OnCall(settings.seed, self.alertmanager, _ClusterHands(self), self._acted)
        self.on_call.enabled = settings.responder
        self._eye = ClusterEye(self.cluster, settings.namespace, self.chronicle.pods.append)
        self._eye.look(settings.start)
        self._scraped: set[Labels] = set()

    def run_until(self, until: float, deadline: float = math.inf) -> None:
        """Lives on until the virtual time `until`, or as far as it gets before `time.monotonic()` passes `deadline`.

        `position` tells how far that was; at least one second is lived.
        """
        while (second := math.floor(self.position) + 1.0) <= until:
            self._live(second)
            self.position = second
            if time.monotonic() > deadline:
                return
        self.cluster.step(until)
        self.position = max(self.position, until)

    def advance(self, seconds: float) -> None:
        """Lives through `seconds` of virtual time as fast as the machine can, the clock held still."""
        until = self.position + seconds
        self.run_until(until)
        self.clock.follow(until, self.clock.rate)

    def set_load(self, running: bool) -> None:
        """Switches the load test."""
        if running is not self.world.load:
            self.world.load = running
            self.chronicle.load.append(LoadMoment(self.position, running))

    def truth(self) -> Truth:
        """The ground truth so far."""
        ledger = self.world.fulfilment
        return self.chronicle.truth(self.position, Orders(ledger.accepted, ledger.stored))

    def write_truth(self, path: Path) -> None:
        """Writes the ground truth and, beside it, every sample."""
        write_truth(path, self.truth(), self.prometheus.storage)

    def _live(self, second: float) -> None:
        self._living = second
        self.cluster.step(second)
        self.world.step(self._eye.look(second))
        whole = int(second)
        if whole % SCRAPE_SECONDS == 0:
            self.prometheus.scrape(self.exposition.targets(), second)
        if whole % EVALUATION_SECONDS == 0:
            self.prometheus.evaluate(second)
        self.alertmanager.step(second)
        self.on_call.step(second)

    def _notify(self, notices: Sequence[Notice]) -> None:
        posted = [
            PostedAlert(
                labels=notice.labels,
                annotations=notice.annotations,
                starts_at=notice.starts_at,
                ends_at=notice.ends_at,
                generator_url=_graph_url(notice.expr),
            )
            for notice in notices
        ]
        self.alertmanager.post(posted, self._living)

    def _fault_changed(self, change: FaultChange) -> None:
        self.chronicle.faults.append(
            FaultMoment(
                t=change.t,
                kind=change.kind,
                namespace=change.namespace,
                name=change.name,
                action=change.action,
                target=change.target,
                pod=change.pod,
                pod_uid=change.pod_uid,
                change=change.change,
            )
        )

    def _rule_changed(self, transition: Transition) -> None:
        self.chronicle.rules.append(
            RuleMoment(
                t=transition.at,
                alert=transition.alert,
                labels=transition.labels,
                before=transition.before,
                after=transition.after,
                value=transition.value,
            )
        )

    def _acted(self, t: float, act: str, about: str) -> None:
        self.chronicle.acts.append(ActMoment(t, act, about))


def _graph_url(expr: str) -> str:
    return f"http://prometheus.{_DOMAIN}/graph?g0.expr={quote_plus(expr)}&g0.tab=1"


class _ClusterHands:
    """The on-call's hands: the same code as the API's own."""

    def __init__(self, staging: Staging) -> None:
        self._cluster = staging.cluster
        self._namespace = staging.settings.namespace

    def restart(self, deployment: str) -> None:
        self._cluster.rollout_restart(self._namespace, deployment, COMPONENT)

    def restarted(self, deployment: str, since: float) -> bool:
        wanted = next(
            (each.replicas for each in self._cluster.deployments(self._namespace) if each.name == deployment),
            0,
        )
        pods = self._cluster.pods(self._namespace, deployment)
        young = [pod for pod in pods if pod.ready and pod.started_at is not None and pod.started_at >= since]
        return len(young) >= wanted and len(young) == len(pods)

    def announce(self, deployment: str, reason: str, message: str) -> None:
        self._cluster.record_event(self._namespace, deployment, COMPONENT, reason, message)
