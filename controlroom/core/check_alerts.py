"""What a check says of alerts: that one would be noticed, and that somebody would be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from controlroom.core.check_facts import Known, Lost, RoutingFact, RuleFact, SilenceFact
from controlroom.core.checks import Judgement, failed, listed, ok, unknown, warning
from controlroom.core.plan import AlertRef
from controlroom.core.routing import Entangled, matches, outcomes, undecided

ALWAYS = frozenset({"Watchdog", "DeadMansSwitch", "InfoInhibitor"})
"""Alerts that fire by design: they prove that alerting works."""


def carrying(alert: AlertRef, rules: Iterable[RuleFact]) -> list[RuleFact]:
    """The rules that may make this alert: a label that a rule does not set may come from its expression."""
    return [
        rule
        for rule in rules
        if rule.name == alert.name
        and all(
            rule.labels.get(key, value) == value or "{{" in rule.labels[key]
            for key, value in alert.labels.items()
        )
    ]


def rule(alert: AlertRef, rules: Known[Sequence[RuleFact]], within: float | None) -> Judgement:
    """Prometheus has a healthy rule for it. `within`: seconds in which the plan wants the alert; None: it does not
    say."""
    if isinstance(rules, Lost):
        return unknown(rules)
    named = [one for one in rules if one.name == alert.name]
    if not named:
        return failed(f"Prometheus has no rule {alert.name}", "load the plan's `rules` file into Prometheus")
    found = carrying(alert, named)
    if not found:
        wanted = listed([f'{key}="{value}"' for key, value in alert.labels.items()])
        return failed(
            f"no rule {alert.name} sets {wanted}", "correct `alert.labels` in the plan, or the rule"
        )
    if broken := [one for one in found if one.health == "err" or one.error]:
        return failed(f"its rule fails: {broken[0].error or 'no reason given'}", "mend the rule's expression")
    if all(one.health == "unknown" for one in found):
        return unknown(Lost(why="its rule was not evaluated yet", hint="check again in a minute"))
    soonest = min(one.lasting for one in found)
    slow = soonest + min(one.interval for one in found)
    if within is not None and slow > within:
        return warning(
            f"it waits {soonest:g} s before it fires; the plan wants it within {within:g} s",
            "shorten the rule's `for`, or expect the criterion to fail",
        )
    return ok(f"evaluated each {min(one.interval for one in found):g} s, fires after {soonest:g} s")


def quiet(alert: AlertRef, rules: Known[Sequence[RuleFact]]) -> Judgement:
    """It does not fire already: that would mask what it should detect."""
    if isinstance(rules, Lost):
        return unknown(rules)
    found = carrying(alert, rules)
    if not found:
        return unknown(Lost(why="there is no rule to look at", hint="see its rule"))
    states = {
        state for one in found for labels, state in one.alerts if alert.matches(alert.name, dict(labels))
    }
    if "firing" in states:
        return warning(
            "it fires already: its detection would be masked, and unknown", "see to what it says first"
        )
    if "pending" in states:
        return warning("it is pending: it may fire before anything is injected", "wait, and check again")
    return ok("inactive")


def unrelated(rules: Known[Sequence[RuleFact]], planned: Iterable[str]) -> Judgement:
    """Nothing fires that belongs to no experiment."""
    if isinstance(rules, Lost):
        return unknown(rules)
    ours = {*planned, *ALWAYS}
    firing = {one.name for one in rules if one.name not in ours and _fires(one)}
    if firing:
        return failed(
            f"firing: {listed(sorted(firing))}",
            "see to it first: a start is refused until `alerts firing` is typed",
        )
    return ok("none fires")


def _fires(one: RuleFact) -> bool:
    return any(state == "firing" for _, state in one.alerts)


def delivery(found: Known[int]) -> Judgement:
    """Prometheus sends what fires to an Alertmanager. `found`: to how many."""
    if isinstance(found, Lost):
        return unknown(found)
    if not found:
        return failed(
            "Prometheus sends alerts to no Alertmanager", "configure `alerting.alertmanagers` in it"
        )
    return ok("Prometheus sends alerts to " + ("an Alertmanager" if found == 1 else f"{found} Alertmanagers"))


def routed(
    alert: AlertRef,
    rules: Known[Sequence[RuleFact]],
    external: Mapping[str, str],
    routing: Known[RoutingFact],
    silences: Known[Sequence[SilenceFact]],
) -> Judgement:
    """Somebody would be told. `external`: labels that Prometheus adds to all it sends."""
    if isinstance(routing, Lost):
        return unknown(routing)
    labels = known_labels(alert, () if isinstance(rules, Lost) else rules, external)
    if not isinstance(silences, Lost):
        for silence in silences:
            if matches(silence.matchers, labels):
                by, until = silence.by or "somebody", silence.until or "further notice"
                return warning(f"silenced by {by} until {until}: nobody would be told", "expire the silence")
    try:
        found = outcomes(routing.route, labels)
    except Entangled:
        return unknown(
            Lost(why="its routes depend on too many labels that are not known", hint=_by_hand(labels))
        )
    reached = sorted({name for names in found for name in names})
    dumb = [name for name in reached if not routing.receivers.get(name, 0)]
    if dumb and len(dumb) == len(reached):
        return warning(
            f"routed to {listed(reached)}, which has no integration: nobody is told",
            f"give receiver {dumb[0]} an integration",
        )
    if dumb:
        open_labels = ", ".join(sorted(undecided(routing.route, labels)))
        why = (
            f"routed to {listed(reached)}, depending on {open_labels or 'the route'}; {dumb[0]} tells nobody"
        )
        return unknown(Lost(why=why, hint=_by_hand(labels)))
    if len(found) > 1:
        return ok(
            f"routed to {' or '.join(reached)}, depending on {', '.join(sorted(undecided(routing.route, labels)))}"
        )
    return ok(f"routed to {listed(reached)}")


def known_labels(alert: AlertRef, rules: Iterable[RuleFact], external: Mapping[str, str]) -> dict[str, str]:
    """What is known of the labels of an alert that does not fire yet."""
    found = {**external}
    for one in carrying(alert, rules)[:1]:
        found |= {key: value for key, value in one.labels.items() if "{{" not in value}
    return {**found, **alert.labels, "alertname": alert.name}


def _by_hand(labels: Mapping[str, str]) -> str:
    told = " ".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"amtool config routes test {told}"
