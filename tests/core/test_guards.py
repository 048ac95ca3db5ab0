"""The guards before a start: each alone, then what lifts a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from controlroom.core.events import GuardResult
from controlroom.core.guards import (
    Blast,
    GuardFacts,
    Right,
    check,
    looks_like_production,
    may_start,
    overrides,
)
from controlroom.core.plan import Approval
from controlroom.core.values import changed

PODS = ("bookstore/a", "bookstore/b", "bookstore/c")
FINE = GuardFacts(
    experiment="pod-kill",
    planned_context="staging-bookstore",
    context="staging-bookstore",
    planned_namespaces=("bookstore",),
    namespace="bookstore",
    targets=PODS,
    number=2,
    duration=600.0,
    needed=600.0,
    day_left=900.0,
    rights=(
        Right(verb="create", resource="podchaos", namespace="bookstore", allowed=True),
        Right(verb="delete", resource="podchaos", namespace="bookstore", allowed=True),
    ),
    dry_run="",
    foreign_chaos=(),
    alerts=(),
    failed_checks=(),
)


def result(guard: str, **fields: Any) -> GuardResult:
    return next(each for each in check(changed(FINE, **fields)) if each.guard == guard)


def test_a_start_with_every_fact_known_and_fine_is_let_through() -> None:
    results = check(FINE)
    assert {each.outcome for each in results} == {"ok"}
    assert may_start(results) == ()


@pytest.mark.parametrize(
    ("guard", "fields", "outcome", "typed"),
    [
        ("lock", {"locked": True}, "refused", ""),
        ("context", {"context": "other"}, "refused", ""),
        ("context", {"context": None}, "refused", ""),
        ("production", {"server": "https://api.prod.example"}, "refused", "https://api.prod.example"),
        ("namespace", {"namespace": "kube-system"}, "refused", ""),
        ("phase", {"phase_open": False}, "refused", "out of phase"),
        ("running", {"running": True}, "refused", ""),
        ("targets", {"targets": ()}, "refused", "no target"),
        ("targets", {"targets": None}, "unknown", ""),
        ("blast-radius", {"blast": Blast(everything=True)}, "refused", "everything"),
        ("blast-radius", {"blast": Blast(untargeted_network=True)}, "refused", "everything"),
        ("blast-radius", {"number": 3}, "refused", "everything"),
        ("unbounded", {"blast": Blast(unbounded=True)}, "refused", "unbounded"),
        ("duration", {"duration": 500.0}, "warning", ""),
        ("duration", {"duration": 1000.0}, "warning", ""),
        ("rights", {"rights": None}, "unknown", ""),
        ("rights", {"rights": ()}, "unknown", ""),
        ("checks", {"failed_checks": None}, "unknown", ""),
        ("checks", {"failed_checks": ("Grafana",)}, "refused", "failed checks"),
        ("dry-run", {"dry_run": None}, "unknown", ""),
        ("dry-run", {"dry_run": "spec.mode: Unsupported value"}, "refused", ""),
        ("foreign-chaos", {"foreign_chaos": None}, "unknown", ""),
        ("foreign-chaos", {"foreign_chaos": ("PodChaos/bookstore/x",)}, "refused", "foreign chaos"),
        ("alerts", {"alerts": None}, "unknown", ""),
        ("alerts", {"alerts": ("OrderErrorRateHigh",)}, "refused", "alerts firing"),
        ("detection", {"own_alert": "InventoryReplicasLow"}, "warning", ""),
    ],
)
def test_each_guard(guard: str, fields: dict[str, Any], outcome: str, typed: str) -> None:
    said = result(guard, **fields)
    assert (said.outcome, said.typed) == (outcome, typed)
    others = [each for each in check(changed(FINE, **fields)) if each.guard != guard]
    assert {each.outcome for each in others} == {"ok"}


def test_may_create_but_not_delete_is_refused() -> None:
    rights = (
        *(FINE.rights or ())[:1],
        Right(verb="delete", resource="podchaos", namespace="bookstore", allowed=False),
    )
    said = result("rights", rights=rights)
    assert said.outcome == "refused"
    assert "delete podchaos in bookstore" in said.message


def test_the_word_lifts_its_own_refusal_only() -> None:
    results = check(changed(FINE, blast=Blast(everything=True, unbounded=True)))
    assert len(may_start(results)) == 2
    assert [reason.partition(":")[0] for reason in may_start(results, {"everything"})] == ["unbounded"]
    assert may_start(results, {"everything", "unbounded"}) == ()
    assert [lifted.guard for lifted in overrides(results, {"everything"})] == ["blast-radius"]


def test_an_approval_in_the_plan_lifts_that_guard_of_that_experiment() -> None:
    facts = changed(FINE, blast=Blast(everything=True))
    reason = Approval(guard="blast-radius", experiment="pod-kill", reason="three pods of staging")
    results = check(facts, [reason])
    assert may_start(results) == ()
    assert overrides(results)[0].approved == "three pods of staging"
    assert may_start(check(facts, [changed(reason, experiment="other")])) != ()


def test_what_has_no_word_can_neither_be_typed_nor_approved_away() -> None:
    facts = changed(FINE, locked=True)
    results = check(facts, [Approval(guard="lock", experiment="pod-kill", reason="in a hurry")])
    assert may_start(results, {"", "lock", "unlock"}) != ()
    assert overrides(results, {""}) == ()


@pytest.mark.parametrize(
    "name", ["prod", "eu-prod-1", "prod1", "PROD", "my.production.svc", "prd-west", "live"]
)
def test_names_of_production(name: str) -> None:
    assert looks_like_production(name)


@pytest.mark.parametrize(
    "name",
    ["staging", "non-prod", "product-catalogue", "reproduce", "delivery", "pre-prod", "preprod", "olive"],
)
def test_names_that_only_resemble_it(name: str) -> None:
    assert not looks_like_production(name)
