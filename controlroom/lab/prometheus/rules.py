"""Rule groups: recording and alerting rules, evaluated at the times the caller gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controlroom.lab.prometheus.alerting import AlertingRule, EvaluationError, Notice, Transition
from controlroom.lab.prometheus.engine import Element, Engine, ScalarResult, VectorResult
from controlroom.lab.prometheus.errors import QueryError
from controlroom.lab.prometheus.labels import METRIC_NAME, NO_LABELS, Labels
from controlroom.lab.prometheus.numbers import STALE_NAN
from controlroom.lab.prometheus.rule_files import AlertingSpec, GroupSpec, RecordingSpec
from controlroom.lab.prometheus.storage import Storage

Report = Callable[[Transition], None]
Notify = Callable[[Sequence[Notice]], None]


@dataclass(slots=True)
class RuleStatus:
    """How a rule's last evaluation went: when (Unix ms), how long it took (seconds, real), and its error."""

    last_evaluation_ms: int | None = None
    evaluation_seconds: float = 0.0
    error: str = ""


class RecordingRule:
    """One recording rule."""

    def __init__(self, spec: RecordingSpec) -> None:
        self.spec = spec

    def evaluate(self, vector: Sequence[Element]) -> list[tuple[Labels, float]]:
        """The samples to store. Raises EvaluationError where two elements become one series."""
        changes = {**self.spec.labels, METRIC_NAME: self.spec.name}
        samples = [(element.labels.replaced(changes), element.value) for element in vector]
        if len({labels for labels, _ in samples}) != len(samples):
            raise EvaluationError("vector contains metrics with the same labelset after applying rule labels")
        return samples


class RuleGroup:
    """The rules of one group, in order; a rule sees what those before it have just stored."""

    def __init__(self, spec: GroupSpec, default_interval_ms: int, external_labels: Labels) -> None:
        self.name = spec.name
        self.limit = spec.limit
        self.interval_ms = spec.interval_ms or default_interval_ms
        self.rules: list[RecordingRule | AlertingRule] = [
            AlertingRule(rule, spec.name, external_labels)
            if isinstance(rule, AlertingSpec)
            else RecordingRule(rule)
            for rule in spec.rules
        ]
        self.statuses = [RuleStatus() for _ in self.rules]
        self.last_evaluation_ms: int | None = None
        self._written: list[set[Labels]] = [set() for _ in self.rules]

    def is_due(self, t_ms: int) -> bool:
        """Whether the group's interval has passed since its last evaluation."""
        return self.last_evaluation_ms is None or t_ms - self.last_evaluation_ms >= self.interval_ms

    def evaluate(self, storage: Storage, engine: Engine, t_ms: int, report: Report, notify: Notify) -> None:
        """Evaluates all rules at `t_ms` (Unix milliseconds)."""
        self.last_evaluation_ms = t_ms
        for index, rule in enumerate(self.rules):
            status = self.statuses[index]
            started = time.perf_counter()
            status.last_evaluation_ms = t_ms
            try:
                samples = self._samples(rule, engine, t_ms, report)
                status.error = ""
            except (QueryError, EvaluationError) as error:
                # As in Prometheus the rule is marked unhealthy and stores nothing; its alerts stay as they were.
                status.error = str(error)
            else:
                if isinstance(rule, AlertingRule):
                    notices = rule.notices(t_ms, self.interval_ms)
                    if notices:
                        notify(notices)
                self._store(storage, index, samples, t_ms)
            status.evaluation_seconds = time.perf_counter() - started

    def _samples(
        self, rule: RecordingRule | AlertingRule, engine: Engine, t_ms: int, report: Report
    ) -> list[tuple[Labels, float]]:
        vector = _vector(engine, rule.spec.expr, t_ms)
        if isinstance(rule, RecordingRule):
            samples = rule.evaluate(vector)
            count = len(samples)
        else:
            samples = rule.evaluate(vector, t_ms, report)
            count = len(rule.alerts)
        if self.limit and count > self.limit:
            raise EvaluationError(f"exceeded limit of {self.limit} with {count} alerts or series")
        return samples

    def _store(self, storage: Storage, index: int, samples: list[tuple[Labels, float]], t_ms: int) -> None:
        for labels, value in samples:
            storage.append(labels, t_ms, value)
        current = {labels for labels, _ in samples}
        for gone in self._written[index] - current:
            storage.append(gone, t_ms, STALE_NAN)
        self._written[index] = current


def _vector(engine: Engine, expr: str, t_ms: int) -> list[Element]:
    result = engine.instant(expr, t_ms)
    if isinstance(result, VectorResult):
        return result.elements
    if isinstance(result, ScalarResult):
        return [Element(NO_LABELS, result.value)]
    raise EvaluationError("rule result is not a vector or scalar")
