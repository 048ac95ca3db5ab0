"""Who is told what and when: group wait, group interval, silences, inhibition, repetition."""

from __future__ import annotations

import pytest

from controlroom.lab.alertmanager.alerts import PostedAlert
from controlroom.lab.alertmanager.manager import Alertmanager, Notification
from controlroom.lab.alertmanager.matchers import Matcher, MatcherError, parse_matcher
from controlroom.lab.alertmanager.routing import parse_configuration, seconds
from controlroom.lab.alertmanager.silences import WantedSilence

T0 = 1_764_000_000.0


class Receiver:
    """An Alertmanager and what its receivers have been told, in seconds from T0."""

    def __init__(self) -> None:
        self.manager = Alertmanager(seed=1)
        self.told: list[tuple[float, str, list[str], list[str]]] = []
        self.manager.listeners.append(self._hear)

    def _hear(self, notification: Notification) -> None:
        firing = [alert.labels["alertname"] for alert in notification.firing]
        resolved = [alert.labels["alertname"] for alert in notification.resolved]
        self.told.append((notification.t - T0, notification.receiver, firing, resolved))

    def post(self, at: float, name: str, *, ends: float | None = None, severity: str = "page") -> None:
        """An alert that has fired since second 0 (or `at`), ended where `ends` is given."""
        labels = {"alertname": name, "severity": severity, "service": "inventory", "cluster": "lab"}
        ends_at = T0 + ends if ends is not None else T0 + at + 240
        starts_at = T0 if ends is not None else T0 + at
        self.manager.post([PostedAlert(labels, {}, starts_at, ends_at)], T0 + at)

    def live(self, until: int) -> None:
        for second in range(until + 1):
            self.manager.step(T0 + second)

    def silence(self, at: float, name: str, until: float) -> None:
        matcher = Matcher(is_equal=True, is_regex=False, name="alertname", value=name)
        self.manager.silences.put(WantedSilence((matcher,), T0 + at, T0 + until, "a", "b"), T0 + at)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_a_group_waits_then_tells_and_tells_the_resolution_at_its_interval(receiver: Receiver) -> None:
    receiver.post(0, "A")
    receiver.live(15)
    assert receiver.told == [(10, "page", ["A"], [])]
    receiver.post(20, "A", ends=20)
    receiver.live(60)
    assert receiver.told[1:] == [(40, "page", [], ["A"])]


def test_routes_go_by_severity(receiver: Receiver) -> None:
    for name, severity in (("P", "page"), ("C", "critical"), ("T", "ticket"), ("N", "none")):
        labels = {"alertname": name, "severity": severity, "service": name}
        receiver.manager.post([PostedAlert(labels, {}, T0, T0 + 240)], T0)
    receiver.live(10)
    assert {(who, firing[0]) for _, who, firing, _ in receiver.told} == {
        ("page", "P"),
        ("page", "C"),
        ("ticket", "T"),
        ("default", "N"),
    }


def test_a_silenced_alert_is_not_told_nor_its_resolution(receiver: Receiver) -> None:
    receiver.post(0, "A")
    receiver.silence(2, "A", until=600)
    receiver.live(30)
    receiver.post(31, "A", ends=31)
    receiver.live(120)
    assert receiver.told == []


def test_an_alert_is_told_when_its_silence_ends(receiver: Receiver) -> None:
    receiver.post(0, "A")
    receiver.silence(2, "A", until=60)
    receiver.live(120)
    assert [(at, firing) for at, _, firing, _ in receiver.told] == [(70, ["A"])]


def test_an_alert_that_has_waited_long_enough_is_told_at_once(receiver: Receiver) -> None:
    labels = {"alertname": "A", "severity": "page"}
    receiver.manager.post([PostedAlert(labels, {}, T0 - 60, T0 + 240)], T0)
    receiver.live(1)
    assert [at for at, *_ in receiver.told] == [0]


def test_what_goes_on_is_repeated_after_four_hours(receiver: Receiver) -> None:
    labels = {"alertname": "A", "severity": "page"}
    receiver.manager.post([PostedAlert(labels, {}, T0, T0 + 10 * 3600)], T0)
    for second in range(0, 9 * 3600, 10):
        receiver.manager.step(T0 + second)
    assert [at for at, *_ in receiver.told] == pytest.approx([10, 10 + 4 * 3600, 10 + 8 * 3600], abs=60)


def test_a_critical_alert_inhibits_the_ticket_of_its_service(receiver: Receiver) -> None:
    receiver.post(0, "Slow", severity="ticket")
    receiver.post(0, "Down", severity="critical")
    slow, down = (
        next(one for one in receiver.manager.firing(T0 + 1) if one.labels["alertname"] == name)
        for name in ("Slow", "Down")
    )
    assert receiver.manager.status(slow, T0 + 1).inhibited_by == (down.fingerprint,)
    assert receiver.manager.status(down, T0 + 1).state == "active"
    receiver.live(10)
    assert [firing for _, _, firing, _ in receiver.told] == [["Down"]]


def test_an_alert_posted_again_keeps_its_start(receiver: Receiver) -> None:
    receiver.post(0, "A")
    receiver.post(60, "A")
    (alert,) = receiver.manager.firing(T0 + 61)
    assert (alert.starts_at, alert.updated_at) == (T0, T0 + 60)


@pytest.mark.parametrize(
    ("text", "value", "matches"),
    [
        ('a="b"', "b", True),
        ("a=b", "c", False),
        ('a!="b"', "c", True),
        ('a=~"b|c"', "c", True),
        ('a=~"b"', "bc", False),
        ('a!~"b.*"', "bc", False),
        ('a="say \\"b\\""', 'say "b"', True),
    ],
)
def test_matchers(text: str, value: str, matches: bool) -> None:
    matcher = parse_matcher(text)
    assert matcher.matches({"a": value}) is matches
    assert parse_matcher(str(matcher)).is_regex is matcher.is_regex


@pytest.mark.parametrize("text", ["a", "=b", 'a="b', 'a=~"("'])
def test_what_is_no_matcher(text: str) -> None:
    with pytest.raises(MatcherError):
        parse_matcher(text)


def test_a_route_inherits_what_it_leaves_out() -> None:
    configuration = parse_configuration(
        """
        route: {receiver: a, group_by: [x], group_wait: 5s, routes: [{matchers: ['s="1"'], receiver: b}]}
        receivers: [{name: a}, {name: b}]
        """
    )
    (route,) = configuration.route.matching({"s": "1"})
    assert (route.receiver, route.group_by, route.group_wait, route.group_interval) == (
        "b",
        ("x",),
        5.0,
        300.0,
    )
    (top,) = configuration.route.matching({"s": "2"})
    assert top.receiver == "a"


@pytest.mark.parametrize(("text", "value"), [("1m30s", 90.0), ("250ms", 0.25), ("4h", 14400.0)])
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value
    with pytest.raises(ValueError, match="duration"):
        seconds(text + "x")
