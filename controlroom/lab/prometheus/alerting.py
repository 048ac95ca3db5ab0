"""An alerting rule's life: pending, firing, resolved (rules/alerting.go of Prometheus 2.42)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from controlroom.lab.prometheus.engine import Element
from controlroom.lab.prometheus.labels import Labels
from controlroom.lab.prometheus.rule_files import AlertingSpec
from controlroom.lab.prometheus.templates import Subject

AlertState = Literal["inactive", "pending", "firing"]

#: A resolved alert is sent on for this long (milliseconds).
RESOLVED_RETENTION_MS = 15 * 60 * 1000

#: An alert that goes on firing is sent again after this long (milliseconds).
RESEND_DELAY_MS = 60 * 1000

TOO_ALIKE = "vector contains metrics with the same labelset after applying alert labels"


class EvaluationError(Exception):
    """A rule whose evaluation failed."""


@dataclass(slots=True)
class ActiveAlert:
    """One alert of a rule; all times in Unix milliseconds."""

    labels: Labels
    annotations: dict[str, str]
    value: float
    active_at: int
    state: AlertState = "pending"
    fired_at: int = 0
    resolved_at: int | None = None
    keep_firing_since: int | None = None
    last_sent_at: int | None = None
    valid_until: int = 0


@dataclass(frozen=True)
class Transition:
    """An alert changed its state at an evaluation; times in Unix seconds."""

    group: str
    alert: str
    labels: dict[str, str]
    before: AlertState
    after: AlertState
    at: float
    active_at: float
    value: float


@dataclass(frozen=True)
class Notice:
    """An alert as it is sent to Alertmanager; times in Unix seconds.

    `ends_at` is in the future while the alert fires, and the time of the resolution afterwards.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: float
    ends_at: float
    expr: str


class AlertingRule:
    """One alerting rule and its alerts."""

    def __init__(self, spec: AlertingSpec, group: str, external_labels: Labels) -> None:
        self.spec = spec
        self._group = group
        self._external_labels = external_labels
        self._active: dict[Labels, ActiveAlert] = {}

    @property
    def alerts(self) -> list[ActiveAlert]:
        """The pending and firing alerts."""
        return [alert for alert in self._active.values() if alert.state != "inactive"]

    @property
    def state(self) -> AlertState:
        """The strongest state of its alerts."""
        states = {alert.state for alert in self.alerts}
        return "firing" if "firing" in states else "pending" if "pending" in states else "inactive"

    def evaluate(
        self, vector: Sequence[Element], t_ms: int, report: Callable[[Transition], None]
    ) -> list[tuple[Labels, float]]:
        """Takes the expression's result at `t_ms`; returns the samples of ALERTS and ALERTS_FOR_STATE.

        Each change of state is reported. Raises EvaluationError where two elements become one alert.
        """
        seen = self._seen(vector, t_ms)
        for labels, fresh in seen.items():
            known = self._active.get(labels)
            if known is not None and known.state != "inactive":
                known.value, known.annotations = fresh.value, fresh.annotations
            else:
                self._active[labels] = fresh
                report(self._transition(fresh, "inactive", t_ms))
        samples: list[tuple[Labels, float]] = []
        for labels, alert in list(self._active.items()):
            if self._goes_on(alert, labels in seen, t_ms, report):
                samples += self._samples(alert)
            elif self._is_over(alert, t_ms):
                del self._active[labels]
        return samples

    def _seen(self, vector: Sequence[Element], t_ms: int) -> dict[Labels, ActiveAlert]:
        found: dict[Labels, ActiveAlert] = {}
        for element in vector:
            subject = Subject(element.labels, element.value, self._external_labels)
            own = {name: template.expand(subject) for name, template in self.spec.labels.items()}
            labels = element.labels.nameless().replaced({**own, "alertname": self.spec.name})
            if labels in found:
                raise EvaluationError(TOO_ALIKE)
            annotations = {name: text.expand(subject) for name, text in self.spec.annotations.items()}
            found[labels] = ActiveAlert(labels, annotations, element.value, t_ms)
        return found

    def _goes_on(
        self, alert: ActiveAlert, is_seen: bool, t_ms: int, report: Callable[[Transition], None]
    ) -> bool:
        """Moves the alert on; whether it is pending or firing now."""
        before = alert.state
        if is_seen:
            alert.keep_firing_since = None
        elif not self._kept(alert, t_ms):
            if before != "inactive":
                alert.state, alert.resolved_at = "inactive", t_ms
                report(self._transition(alert, before, t_ms))
            return False
        if alert.state == "pending" and t_ms - alert.active_at >= self.spec.for_ms:
            alert.state, alert.fired_at = "firing", t_ms
            report(self._transition(alert, "pending", t_ms))
        return True

    def _kept(self, alert: ActiveAlert, t_ms: int) -> bool:
        """`keep_firing_for`: whether an alert that is no longer seen goes on."""
        if alert.state != "firing" or self.spec.keep_firing_ms == 0:
            return False
        if alert.keep_firing_since is None:
            alert.keep_firing_since = t_ms
        return t_ms - alert.keep_firing_since < self.spec.keep_firing_ms

    @staticmethod
    def _is_over(alert: ActiveAlert, t_ms: int) -> bool:
        """One that never fired is forgotten at once, one that fired after the retention."""
        if alert.fired_at == 0:
            return True
        return alert.resolved_at is not None and t_ms - alert.resolved_at > RESOLVED_RETENTION_MS

    @staticmethod
    def _samples(alert: ActiveAlert) -> list[tuple[Labels, float]]:
        return [
            (alert.labels.replaced({"__name__": "ALERTS", "alertstate": alert.state}), 1.0),
            (alert.labels.replaced({"__name__": "ALERTS_FOR_STATE"}), float(alert.active_at // 1000)),
        ]

    def _transition(self, alert: ActiveAlert, before: AlertState, t_ms: int) -> Transition:
        return Transition(
            self._group,
            self.spec.name,
            alert.labels.as_dict(),
            before,
            alert.state,
            t_ms / 1000,
            alert.active_at / 1000,
            alert.value,
        )

    def notices(self, t_ms: int, interval_ms: int) -> list[Notice]:
        """The alerts to be sent at `t_ms`: newly firing, newly resolved, or due again."""
        due = [alert for alert in self._active.values() if _needs_sending(alert, t_ms)]
        for alert in due:
            alert.last_sent_at = t_ms
            alert.valid_until = t_ms + 4 * max(interval_ms, RESEND_DELAY_MS)
        return [self._notice(alert) for alert in due]

    def _notice(self, alert: ActiveAlert) -> Notice:
        ends = alert.valid_until if alert.resolved_at is None else alert.resolved_at
        return Notice(
            {**self._external_labels.as_dict(), **alert.labels.as_dict()},
            alert.annotations,
            alert.fired_at / 1000,
            ends / 1000,
            self.spec.expr,
        )


def _needs_sending(alert: ActiveAlert, t_ms: int) -> bool:
    if alert.state == "pending":
        return False
    if alert.last_sent_at is None:
        return True
    if alert.resolved_at is not None and alert.resolved_at > alert.last_sent_at:
        return True
    return alert.last_sent_at + RESEND_DELAY_MS < t_ms
