"""The lab's Prometheus: storage, engine and rules behind one face, told the time by its caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controlroom.clock import Clock
from controlroom.lab.prometheus.alerting import ActiveAlert, AlertingRule, Notice, Transition
from controlroom.lab.prometheus.engine import Engine, MatrixResult, Result
from controlroom.lab.prometheus.evaluator import Settings
from controlroom.lab.prometheus.labels import Labels
from controlroom.lab.prometheus.rule_files import load_rules
from controlroom.lab.prometheus.rules import RuleGroup
from controlroom.lab.prometheus.storage import Storage


class Target(Protocol):
    """What a scrape finds: the target's labels, whether it answers, and what it exposes then.

    The samples' labels include the metric name; reuse the same Labels objects from scrape to scrape, as
    looking them up is then fastest.
    """

    @property
    def labels(self) -> Labels: ...

    @property
    def up(self) -> bool: ...

    @property
    def samples(self) -> Sequence[tuple[Labels, float]]: ...


@dataclass(frozen=True)
class TargetStatus:
    """A target's last scrape; `at` in Unix seconds."""

    labels: Labels
    up: bool
    at: float


class LabPrometheus:
    """Scrapes, answers queries and evaluates rules; nothing in it knows about real time.

    `rules_yaml` is a rule file's text. `on_transition` is told every change of an alert's state, `on_notify`
    what is to be sent to Alertmanager; both are called within :meth:`evaluate`, rule by rule. Intervals are in
    seconds. Raises RuleFileError.
    """

    def __init__(
        self,
        clock: Clock,
        rules_yaml: str = "",
        external_labels: Mapping[str, str] | None = None,
        scrape_interval: float = 2.0,
        evaluation_interval: float = 5.0,
        retention: float = 24 * 3600.0,
    ) -> None:
        self.clock = clock
        self.scrape_interval = scrape_interval
        self.evaluation_interval = evaluation_interval
        self.external_labels = Labels(external_labels or {})
        self.started_at = clock.time()
        self.storage = Storage(round(retention * 1000))
        interval_ms = round(evaluation_interval * 1000)
        self.engine = Engine(self.storage, Settings(subquery_step_ms=interval_ms))
        self.groups = [
            RuleGroup(group, interval_ms, self.external_labels) for group in load_rules(rules_yaml)
        ]
        self.on_transition: Callable[[Transition], None] = lambda _: None
        self.on_notify: Callable[[Sequence[Notice]], None] = lambda _: None
        self._targets: dict[Labels, TargetStatus] = {}

    def scrape(self, targets: Iterable[Target], t: float) -> None:
        """Stores what all targets expose at `t` (Unix seconds); a target that is missing now has ended."""
        t_ms = round(t * 1000)
        current: dict[Labels, TargetStatus] = {}
        for target in targets:
            self.storage.append_scrape(target.labels, target.samples, t_ms, up=target.up)
            current[target.labels] = TargetStatus(target.labels, target.up, t)
        for gone in self._targets.keys() - current.keys():
            self.storage.end_target(gone, t_ms)
        self._targets = current

    def evaluate(self, t: float) -> None:
        """Evaluates the rule groups that are due at `t` (Unix seconds)."""
        t_ms = round(t * 1000)
        for group in self.groups:
            if group.is_due(t_ms):
                group.evaluate(self.storage, self.engine, t_ms, self.on_transition, self.on_notify)

    def targets(self) -> list[TargetStatus]:
        """The targets of the last scrape."""
        return list(self._targets.values())

    def alerts(self) -> list[ActiveAlert]:
        """The pending and firing alerts, in the order of the rules."""
        rules = [rule for group in self.groups for rule in group.rules]
        return [alert for rule in rules if isinstance(rule, AlertingRule) for alert in rule.alerts]

    def query(self, expr: str, t: float | None = None) -> Result:
        """The value of an expression at `t` (Unix seconds; now where None). Raises QueryError."""
        return self.engine.instant(expr, int((self.clock.time() if t is None else t) * 1000))

    def query_range(self, expr: str, start: float, end: float, step: float) -> MatrixResult:
        """The values of an expression at each step (all in seconds). Raises QueryError."""
        return self.engine.range(expr, round(start * 1000), round(end * 1000), round(step * 1000))
