"""The alert store, its groups, and the notifications that leave it; all times are Unix seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from controlroom.lab.alertmanager.alerts import Alert, PostedAlert, accept
from controlroom.lab.alertmanager.matchers import all_match
from controlroom.lab.alertmanager.routing import CONFIGURATION, Configuration, Route, parse_configuration
from controlroom.lab.alertmanager.silences import Silences

GroupLabels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Why an alert is quiet, if it is."""

    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]

    @property
    def state(self) -> str:
        return "suppressed" if self.silenced_by or self.inhibited_by else "active"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a receiver is told at `t`."""

    t: float
    receiver: str
    group: GroupLabels
    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]


@dataclass(slots=True)
class AlertGroup:
    """The alerts of one route that share their grouping labels."""

    route: Route
    labels: GroupLabels
    due: float
    members: set[str] = field(default_factory=set)
    told_firing: frozenset[str] = frozenset()
    told_resolved: frozenset[str] = frozenset()
    told_at: float | None = None


class Alertmanager:
    """Takes alerts, groups them by route, and notifies `listeners` when a group is due in virtual time."""

    def __init__(self, seed: int, configuration: str = CONFIGURATION) -> None:
        self.configuration: Configuration = parse_configuration(configuration)
        self.silences = Silences(seed)
        self.listeners: list[Callable[[Notification], None]] = []
        self._alerts: dict[str, Alert] = {}
        self._groups: dict[tuple[int, GroupLabels], AlertGroup] = {}

    def post(self, posted: Iterable[PostedAlert], now: float) -> None:
        """Takes firing and resolved alerts."""
        for one in posted:
            fresh = accept(one, now, self.configuration.resolve_timeout, None)
            known = self._alerts.get(fresh.fingerprint)
            alert = accept(one, now, self.configuration.resolve_timeout, known)
            self._alerts[alert.fingerprint] = alert
            if alert.resolved(now) and known is None:
                continue
            self._group(alert, now)

    def step(self, now: float) -> None:
        """Flushes the groups that have come due by `now`, each at its own time."""
        while due := [group for group in self._groups.values() if group.due <= now]:
            group = min(due, key=lambda one: (one.due, one.labels))
            self._flush(group, group.due)

    def firing(self, now: float) -> list[Alert]:
        """The alerts that have not ended, sorted by fingerprint."""
        return sorted(
            (alert for alert in self._alerts.values() if not alert.resolved(now)),
            key=lambda one: one.fingerprint,
        )

    def status(self, alert: Alert, now: float) -> AlertStatus:
        """Whether an alert is silenced or inhibited, and by what."""
        inhibitors = {
            source.fingerprint
            for rule in self.configuration.inhibit_rules
            if all_match(rule.target, alert.labels)
            for source in self.firing(now)
            if source.fingerprint != alert.fingerprint
            and all_match(rule.source, source.labels)
            and all(source.labels.get(name, "") == alert.labels.get(name, "") for name in rule.equal)
        }
        return AlertStatus(tuple(self.silences.silencing(alert.labels, now)), tuple(sorted(inhibitors)))

    def receivers(self, alert: Alert) -> list[str]:
        """The receivers an alert is routed to."""
        return [route.receiver for route in self.configuration.route.matching(alert.labels)]

    def groups(self, now: float) -> list[tuple[AlertGroup, list[Alert]]]:
        """The groups with a firing alert, those with fewer grouping labels first."""

        def order(group: AlertGroup) -> tuple[int, GroupLabels, str]:
            return len(group.labels), group.labels, group.route.receiver

        found = []
        for group in sorted(self._groups.values(), key=order):
            alerts = [alert for alert in self._members(group) if not alert.resolved(now)]
            if alerts:
                found.append((group, alerts))
        return found

    def _members(self, group: AlertGroup) -> Sequence[Alert]:
        return [self._alerts[fingerprint] for fingerprint in sorted(group.members)]

    def _group(self, alert: Alert, now: float) -> None:
        for route in self.configuration.route.matching(alert.labels):
            labels = tuple(
                (name, alert.labels[name]) for name in sorted(route.group_by) if name in alert.labels
            )
            key = (id(route), labels)
            group = self._groups.get(key)
            if group is None:
                # An alert that has waited long enough already is told at once.
                waited = alert.starts_at + route.group_wait < now
                group = AlertGroup(route, labels, now if waited else now + route.group_wait)
                self._groups[key] = group
            group.members.add(alert.fingerprint)

    def _flush(self, group: AlertGroup, now: float) -> None:
        members = self._members(group)
        audible = [alert for alert in members if self.status(alert, now).state == "active"]
        firing = tuple(alert for alert in audible if not alert.resolved(now))
        resolved = tuple(alert for alert in audible if alert.resolved(now))
        if self._news(group, firing, resolved, now):
            group.told_firing = frozenset(alert.fingerprint for alert in firing)
            group.told_resolved = frozenset(alert.fingerprint for alert in resolved)
            group.told_at = now
            notification = Notification(now, group.route.receiver, group.labels, firing, resolved)
            for listener in self.listeners:
                listener(notification)
        group.due = now + group.route.group_interval
        for alert in members:
            if alert.resolved(now):
                group.members.discard(alert.fingerprint)
        if not group.members:
            self._groups = {key: one for key, one in self._groups.items() if one is not group}

    @staticmethod
    def _news(group: AlertGroup, firing: Sequence[Alert], resolved: Sequence[Alert], now: float) -> bool:
        """Whether a flush has something to tell (Alertmanager's DedupStage)."""
        if group.told_at is None:
            return bool(firing)
        if not {alert.fingerprint for alert in firing} <= group.told_firing:
            return True
        if not firing:
            return bool(group.told_firing)
        if not {alert.fingerprint for alert in resolved} <= group.told_resolved:
            return True
        return now - group.told_at >= group.route.repeat_interval
