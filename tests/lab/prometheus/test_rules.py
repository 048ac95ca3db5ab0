"""Alerting and recording rules: states, series, what is sent on, and templates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from controlroom.clock import HeldClock
from controlroom.lab.prometheus.alerting import Notice, Transition
from controlroom.lab.prometheus.engine import VectorResult
from controlroom.lab.prometheus.labels import Labels, metric
from controlroom.lab.prometheus.rule_files import RuleFileError, load_rules
from controlroom.lab.prometheus.server import LabPrometheus
from controlroom.lab.prometheus.templates import Subject, Template, TemplateError

T0 = 1_700_000_000.0

RULES = """
groups:
- name: bookstore
  rules:
  - record: pods:up:count
    expr: count(up == 1) or vector(0)
    labels: {team: inventory}
  - alert: PodsLow
    expr: pods:up:count < 2
    for: 10s
    labels: {severity: page, where: '{{ $externalLabels.cluster }}'}
    annotations:
      summary: '{{ $value }} pods of {{ $labels.team }} answer'
"""


class Watched:
    """A server with two pods, and all that its rules report."""

    def __init__(self, rules: str = RULES) -> None:
        self.server = LabPrometheus(HeldClock(T0), rules, {"cluster": "staging"}, 2.0, 5.0)
        self.transitions: list[Transition] = []
        self.notices: list[Notice] = []
        self.server.on_transition = self.transitions.append
        self.server.on_notify = self._notified

    def _notified(self, notices: Sequence[Notice]) -> None:
        self.notices.extend(notices)

    def run(self, start: int, end: int, pods: int) -> None:
        """From `start` to `end` (seconds after T0, excluded) each second that something is due."""
        for second in range(start, end):
            t = T0 + second
            if second % 2 == 0:
                for pod in range(2):
                    labels = metric("up", {"pod": str(pod)})
                    self.server.storage.append(labels, round(t * 1000), float(pod < pods))
            if second % 5 == 0:
                self.server.evaluate(t)

    def states(self) -> list[tuple[float, str, str]]:
        return [(one.at - T0, one.before, one.after) for one in self.transitions]

    def series(self, expr: str, t: float) -> list[tuple[Labels, float]]:
        result = self.server.query(expr, T0 + t)
        assert isinstance(result, VectorResult)
        return [(one.labels, one.value) for one in result.elements]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_an_alert_is_pending_then_fires_then_is_resolved(watched: Watched) -> None:
    watched.run(0, 12, pods=2)
    watched.run(12, 40, pods=1)
    watched.run(40, 60, pods=2)
    assert watched.states() == [
        (15, "inactive", "pending"),
        (25, "pending", "firing"),
        (40, "firing", "inactive"),
    ]


def test_a_short_disturbance_stays_pending_and_is_not_sent(watched: Watched) -> None:
    watched.run(0, 12, pods=2)
    watched.run(12, 22, pods=1)
    watched.run(22, 60, pods=2)
    assert watched.states() == [(15, "inactive", "pending"), (25, "pending", "inactive")]
    assert watched.notices == []


def test_the_alerts_series_change_with_the_state_and_end_at_the_resolution(watched: Watched) -> None:
    watched.run(0, 33, pods=1)
    states = {
        t: [labels.get("alertstate") for labels, _ in watched.series("ALERTS", t)] for t in (4, 9, 10, 12)
    }
    assert states == {4: ["pending"], 9: ["pending"], 10: ["firing"], 12: ["firing"]}
    assert watched.series("ALERTS_FOR_STATE", 12)[0][1] == T0
    watched.run(33, 41, pods=2)
    assert watched.series("ALERTS or ALERTS_FOR_STATE", 40) == []


def test_what_is_sent_to_alertmanager(watched: Watched) -> None:
    watched.run(0, 90, pods=1)
    watched.run(90, 100, pods=2)
    first, again, resolved = watched.notices
    assert first.labels == {
        "alertname": "PodsLow", "cluster": "staging", "severity": "page", "team": "inventory", "where": "staging",
    }  # fmt: skip
    assert first.annotations == {"summary": "1 pods of inventory answer"}
    assert (first.starts_at - T0, first.ends_at - T0) == (10, 10 + 240)
    assert (again.starts_at - T0, again.ends_at - T0) == (10, 75 + 240)
    assert (resolved.starts_at - T0, resolved.ends_at - T0) == (10, 90)


def test_a_resolved_alert_is_sent_on_for_a_quarter_of_an_hour(watched: Watched) -> None:
    watched.run(0, 20, pods=1)
    watched.run(20, 1200, pods=2)
    ends = [notice.ends_at - T0 for notice in watched.notices]
    assert ends == [250, *[20] * 14]


def test_active_alerts(watched: Watched) -> None:
    watched.run(0, 6, pods=1)
    (alert,) = watched.server.alerts()
    assert (alert.state, alert.active_at, alert.value) == ("pending", round(T0 * 1000), 1.0)


def test_keep_firing_for() -> None:
    watched = Watched(RULES.replace("for: 10s", "for: 10s\n    keep_firing_for: 20s"))
    watched.run(0, 20, pods=1)
    watched.run(20, 60, pods=2)
    assert watched.states()[-1] == (40, "firing", "inactive")


def test_a_rule_that_cannot_be_evaluated_is_unhealthy_and_the_others_go_on() -> None:
    broken = "- {record: bad, expr: 'up + on() up'}\n  "
    watched = Watched(RULES.replace("- record: pods", broken + "- record: pods"))
    watched.run(0, 12, pods=1)
    errors = [status.error for status in watched.server.groups[0].statuses]
    assert errors[0].startswith("found duplicate series for the match group {}")
    assert errors[1:] == ["", ""]
    assert watched.states()[0] == (0, "inactive", "pending")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]", 'group "g", rule "A": 1:5: parse error'),
        ("groups: [{name: g, rules: [{alert: A, expr: up, for: soon}]}]", "not a valid duration"),
        ("groups: [{name: g, rules: [{expr: up}]}]", "exactly one of"),
        ("groups: [{name: g, rules: [{alert: A, expr: up, fro: 5s}]}]", "fro"),
        ("groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: '{{ nope }}'}}]}]", "nope"),
        ("groups: [", "not a rule file"),
    ],
)
def test_a_bad_rule_file_is_refused(rules: str, told: str) -> None:
    with pytest.raises(RuleFileError, match=told.replace("[", r"\[")):
        load_rules(rules)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ $labels.pod }} is {{ $value }}", "a is 0.8541666"),
        ("{{ .Labels.pod }}{{ $labels.nosuch }}", "a"),
        ("{{ $value | humanizePercentage }}", "85.42%"),
        ('{{ $value | printf "%.1f" }} / {{ printf "%5.2f%%" $value }}', "0.9 /  0.85%"),
        ("{{ humanize $value }} {{ humanize 1234567 }} {{ humanize 0 }}", "854.2m 1.235M 0"),
        (
            "{{ humanizeDuration 4000 }} {{ humanizeDuration 0.25 }} {{ humanizeDuration -75 }}",
            "1h 6m 40s 250ms -1m 15s",
        ),
        ("a {{- $labels.pod -}} b", "aab"),
        ("{{ $externalLabels.cluster | toUpper }}", "STAGING"),
        ("{{ humanize $labels.pod }}", "<error expanding template: can't convert 'a' to a number>"),
        ("plain", "plain"),
    ],
)
def test_templates(template: str, expected: str) -> None:
    subject = Subject(Labels({"pod": "a"}), 0.8541666, Labels({"cluster": "staging"}))
    assert Template(template).expand(subject) == expected


@pytest.mark.parametrize(
    "template", ["{{ if $value }}x{{ end }}", '{{ query "up" }}', "{{ $nosuch }}", "{{ }}"]
)
def test_templates_beyond_what_is_known_are_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        Template(template)
