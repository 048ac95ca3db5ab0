"""The scripted on-call: what it does upon pages, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from controlroom.lab.alertmanager.alerts import PostedAlert
from controlroom.lab.alertmanager.manager import Alertmanager
from controlroom.lab.oncall import OnCall

T0 = 1_764_000_000.0
RESTART_SECONDS = 90.0


class Shift:
    """An on-call with an Alertmanager and a cluster that restarts in 90 s; seconds count from T0."""

    def __init__(self, seed: int = 7) -> None:
        self.manager = Alertmanager(seed)
        self.acts: list[tuple[str, float]] = []
        self.said: list[str] = []
        self.on_call = OnCall(
            seed, self.manager, self, lambda t, act, _about: self.acts.append((act, t - T0))
        )
        self.on_call.enabled = True
        self._alerts: list[tuple[str, float, float]] = []
        self._now = 0.0

    def restart(self, deployment: str) -> None:
        assert deployment == "inventory-service"

    def restarted(self, deployment: str, since: float) -> bool:
        return T0 + self._now >= since + RESTART_SECONDS

    def announce(self, deployment: str, reason: str, message: str) -> None:
        self.said.append(f"{reason}: {message}")

    def live(self, until: float, alerts: Sequence[tuple[str, float, float]]) -> None:
        """Lives until then; each alert has a name, its first second and its last."""
        while self._now < until:
            for name, first, last in alerts:
                if first <= self._now < last and (self._now - first) % 60 == 0:
                    self._post(name, first, self._now + 240)
                elif self._now == last:
                    self._post(name, first, last)
            self.manager.step(T0 + self._now)
            self.on_call.step(T0 + self._now)
            self._now += 1

    def _post(self, name: str, first: float, ends: float) -> None:
        labels = {"alertname": name, "severity": "page", "cluster": "lab"}
        posted = PostedAlert(labels, {"summary": f"{name} is bad"}, T0 + first, T0 + ends)
        self.manager.post([posted], T0 + self._now)

    def silenced(self) -> dict[str, str]:
        """The comment of each silence, and whether it is in force."""
        now = T0 + self._now
        return {one.comment: one.state(now) for one in self.manager.silences.listed((), now)}


@pytest.fixture
def shift() -> Shift:
    return Shift()


def test_three_alerts_are_an_incident(shift: Shift) -> None:
    shift.live(2400, [("A", 0, 60), ("B", 100, 2000), ("C", 200, 2000)])
    acts = dict(shift.acts)
    assert [act for act, _ in shift.acts if act != "acknowledged"] == [
        "Escalated",
        "RootCauseNamed",
        "MitigationStarted",
        "Mitigated",
    ]
    assert 40 <= shift.acts[0][1] <= 80
    assert 900 <= acts["RootCauseNamed"] <= 1002
    assert 285 <= acts["MitigationStarted"] - acts["RootCauseNamed"] <= 332
    assert acts["Mitigated"] - acts["MitigationStarted"] == RESTART_SECONDS
    assert shift.said[1] == (
        "RootCauseNamed: The inventory pods themselves are impaired (A is bad, B is bad, C is bad)"
    )


def test_an_acknowledgement_is_a_silence_that_ends_after_the_incident(shift: Shift) -> None:
    alerts = [("A", 0, 60), ("B", 100, 2000), ("C", 200, 2000)]
    shift.live(400, alerts)
    assert shift.silenced() == {f"ack: {name} is bad": "active" for name in "ABC"}
    shift.live(2400, alerts)
    assert set(shift.silenced().values()) == {"expired"}


def test_an_alert_that_ends_by_itself_needs_no_restart(shift: Shift) -> None:
    shift.live(4000, [("A", 0, 60)])
    assert [act for act, _ in shift.acts] == ["acknowledged"]


def test_a_single_alert_that_stays_is_looked_into_later(shift: Shift) -> None:
    shift.live(3200, [("A", 0, 3600)])
    acts = dict(shift.acts)
    assert "Escalated" not in acts
    assert 2400 <= acts["RootCauseNamed"] <= 2522


def test_an_alert_that_outlives_the_mitigation_is_not_another_incident(shift: Shift) -> None:
    shift.live(5000, [("A", 0, 60), ("B", 100, 4000), ("C", 200, 2000)])
    assert [act for act, _ in shift.acts].count("MitigationStarted") == 1


def test_an_alert_that_fires_again_later_is_another_incident(shift: Shift) -> None:
    shift.live(2400, [("A", 0, 60), ("B", 100, 1400), ("C", 200, 1400)])
    shift.live(7000, [("A", 2500, 7000), ("B", 2600, 7000), ("C", 2700, 7000)])
    acts = [act for act, _ in shift.acts]
    assert acts.count("Mitigated") == 2
    assert acts.count("acknowledged") == 6


def test_switched_off_it_does_nothing(shift: Shift) -> None:
    shift.on_call.enabled = False
    shift.live(3000, [("A", 0, 3000), ("B", 100, 3000), ("C", 200, 3000)])
    assert (shift.acts, shift.said, shift.silenced()) == ([], [], {})


def test_the_seed_decides_the_delays() -> None:
    def acts(seed: int) -> list[tuple[str, float]]:
        shift = Shift(seed)
        shift.live(1500, [("A", 0, 60), ("B", 100, 1500), ("C", 200, 1500)])
        return shift.acts

    assert acts(1) == acts(1)
    assert acts(1) != acts(2)
