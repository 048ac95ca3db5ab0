"""The scripted on-call: acknowledges what pages it, finds the cause, restarts the service.

It knows only what Alertmanager notifies it of and what the cluster shows; others see its acts only through
silences and through Events on the Deployment. All times are Unix seconds of virtual time.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from controlroom.lab.alertmanager.alerts import Alert
from controlroom.lab.alertmanager.manager import Alertmanager, Notification
from controlroom.lab.alertmanager.matchers import Matcher
from controlroom.lab.alertmanager.silences import WantedSilence

COMPONENT = "on-call"
DEPLOYMENT = "inventory-service"
_RECEIVERS = ("page", "ticket")
_SILENCE_SECONDS = 2 * 3600.0
_ACKNOWLEDGE = (40.0, 80.0)
_ESCALATE = (60.0, 120.0)
#: From the start of the last alert that matters to the naming of the cause, by the number of alerts seen:
#: the more signs there are, the sooner the cause is found.
_NAME_CAUSE = {1: (2400.0, 2520.0), 2: (1500.0, 1620.0), 3: (705.0, 800.0)}
_MITIGATE = (285.0, 330.0)
#: Alerts outlive their cause a little; their silences stay for so long after the mitigation.
_AFTERMATH_SECONDS = 300.0
#: How long the on-call waits before it looks whether its restart is through.
_LOOK_AGAIN_SECONDS = 5.0


class Hands(Protocol):
    """What the on-call may do in the cluster."""

    def restart(self, deployment: str) -> None:
        """Runs `kubectl rollout restart`."""
        ...

    def restarted(self, deployment: str, since: float) -> bool:
        """Whether every pod of the Deployment is Ready and younger than `since`."""
        ...

    def announce(self, deployment: str, reason: str, message: str) -> None:
        """Writes an Event on the Deployment."""
        ...


@dataclass
class _Incident:
    """What is going on: the alerts seen, in the order of their start, and how far the response is."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    silences: list[str] = field(default_factory=list)
    escalated: bool = False
    name_cause_at: float | None = None
    mitigate_at: float | None = None
    restarted_at: float | None = None


class OnCall:
    """Lives by :meth:`notified` and :meth:`step`; does nothing at all while not `enabled`."""

    def __init__(
        self, seed: int, manager: Alertmanager, hands: Hands, told: Callable[[float, str, str], None]
    ) -> None:
        self.enabled = False
        self._random = random.Random(f"{seed}:on-call")
        self._manager = manager
        self._hands = hands
        self._told = told
        self._incident = _Incident()
        self._mitigated_at = 0.0
        self._spent_silences: list[tuple[float, str]] = []
        self._due: list[tuple[float, int, Alert | None]] = []
        self._order = itertools.count()
        manager.listeners.append(self.notified)

    def notified(self, notification: Notification) -> None:
        """A page or a ticket has come in."""
        if not self.enabled or notification.receiver not in _RECEIVERS:
            return
        for alert in notification.firing:
            name = alert.labels.get("alertname", "")
            if name not in self._incident.alerts and alert.starts_at > self._mitigated_at:
                self._incident.alerts[name] = alert
                acknowledge_at = alert.starts_at + self._random.uniform(*_ACKNOWLEDGE)
                heapq.heappush(self._due, (acknowledge_at, next(self._order), alert))
                self._plan(alert)

    def step(self, now: float) -> None:
        """Does what is due by `now`."""
        if not self.enabled:
            return
        while self._due and self._due[0][0] <= now:
            _, _, alert = heapq.heappop(self._due)
            if alert is None:
                self._escalate(now)
            else:
                self._acknowledge(alert, now)
        while self._spent_silences and self._spent_silences[0][0] <= now:
            self._manager.silences.expire(self._spent_silences.pop(0)[1], now)
        self._respond(now)

    def _respond(self, now: float) -> None:
        """Takes the next step of the incident, if it is due."""
        incident = self._incident
        if incident.restarted_at is not None:
            since = incident.restarted_at
            if now >= since + _LOOK_AGAIN_SECONDS and self._hands.restarted(DEPLOYMENT, since):
                self._say(now, "Mitigated", f"Every pod of {DEPLOYMENT} is new and ready")
                self._close(now)
        elif incident.mitigate_at is not None:
            if now >= incident.mitigate_at:
                self._mitigate(now)
        elif incident.name_cause_at is not None and now >= incident.name_cause_at:
            if self._goes_on(now):
                self._name_cause(now)
            else:
                self._close(now)

    def _plan(self, alert: Alert) -> None:
        """Sets when the cause will be found, from the alerts seen so far."""
        incident = self._incident
        if len(incident.alerts) == 2 and not incident.escalated:
            incident.escalated = True
            escalate_at = alert.starts_at + self._random.uniform(*_ESCALATE)
            heapq.heappush(self._due, (escalate_at, next(self._order), None))
        if incident.mitigate_at is None and len(incident.alerts) <= 3:
            delay = self._random.uniform(*_NAME_CAUSE[len(incident.alerts)])
            incident.name_cause_at = alert.starts_at + delay

    def _acknowledge(self, alert: Alert, now: float) -> None:
        name = alert.labels.get("alertname", "")
        matchers = [
            Matcher(is_equal=True, is_regex=False, name=label, value=alert.labels[label])
            for label in ("alertname", "cluster")
            if label in alert.labels
        ]
        summary = alert.annotations.get("summary", name)
        wanted = WantedSilence(tuple(matchers), now, now + _SILENCE_SECONDS, COMPONENT, f"ack: {summary}")
        self._incident.silences.append(self._manager.silences.put(wanted, now).id)
        self._told(now, "acknowledged", name)

    def _escalate(self, now: float) -> None:
        self._say(
            now,
            "Escalated",
            f"Several alerts at once: {_listed([*self._incident.alerts])}; whole team called",
        )

    def _name_cause(self, now: float) -> None:
        signs = _listed(
            [alert.annotations.get("summary", name) for name, alert in self._incident.alerts.items()]
        )
        self._say(now, "RootCauseNamed", f"The inventory pods themselves are impaired ({signs})")
        self._incident.mitigate_at = now + self._random.uniform(*_MITIGATE)

    def _mitigate(self, now: float) -> None:
        self._say(now, "MitigationStarted", f"Runbook: kubectl rollout restart deployment/{DEPLOYMENT}")
        self._hands.restart(DEPLOYMENT)
        self._incident.restarted_at = now

    def _goes_on(self, now: float) -> bool:
        """Whether one of the incident's alerts still fires."""
        firing = {alert.labels.get("alertname", "") for alert in self._manager.firing(now)}
        return not firing.isdisjoint(self._incident.alerts)

    def _close(self, now: float) -> None:
        """The incident is over: a new one begins with the next alert that starts to fire."""
        self._mitigated_at = now
        self._spent_silences += [(now + _AFTERMATH_SECONDS, silence) for silence in self._incident.silences]
        self._incident = _Incident()

    def _say(self, now: float, reason: str, message: str) -> None:
        self._hands.announce(DEPLOYMENT, reason, message)
        self._told(now, reason, DEPLOYMENT)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
