"""Whom a chaos object would hit: selectors asked of the API, modes resolved to numbers."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.faults import decode
from controlroom.sources.chaos_mesh import (
    Candidate,
    Expression,
    Selection,
    Selector,
    is_acting,
    matches,
    preview_of,
    resource,
    selection_of,
)

PODS = ["bookstore/c", "bookstore/a", "bookstore/b"]


@pytest.mark.parametrize(
    ("mode", "value", "words", "number"),
    [
        ("all", "", "all 3", 3),
        ("one", "", "1 of 3", 1),
        ("fixed", "2", "2 of 3", 2),
        ("fixed", 2, "2 of 3", 2),
        ("fixed", "9", "3 of 3", 3),
        ("fixed-percent", "50", "50 % of 3: 2", 2),
        ("fixed-percent", "1", "1 % of 3: 1", 1),
        ("fixed-percent", "100", "100 % of 3: 3", 3),
        ("random-max-percent", "50", "at random, at most 50 % of 3", None),
        ("no-such-mode", "", "no-such-mode", None),
    ],
)
def test_modes(mode: str, value: str | int, words: str, number: int | None) -> None:
    preview = preview_of(Selection(mode=mode, value=value), PODS)
    assert (preview.mode, preview.number) == (words, number)
    assert preview.candidates == ("bookstore/a", "bookstore/b", "bookstore/c")


def test_nobody_matches() -> None:
    assert preview_of(Selection(mode="one"), []).number == 0
    assert preview_of(Selection(mode="fixed-percent", value="50"), []).number == 0


@given(st.integers(0, 200), st.integers(0, 100))
def test_a_percentage_never_takes_more_than_there_are_and_rounds_up(count: int, share: int) -> None:
    number = preview_of(
        Selection(mode="fixed-percent", value=str(share)), [str(n) for n in range(count)]
    ).number
    assert number is not None
    assert number <= count
    assert number * 100 >= count * share > (number - 1) * 100


def test_labels_and_expressions_are_asked_of_the_api() -> None:
    selector = Selector(
        label_selectors={"app": "inventory-service", "a": "b"},
        expression_selectors=(
            Expression(key="tier", operator="In", values=("db", "cache")),
            Expression(key="old", operator="DoesNotExist"),
            Expression(key="new", operator="Exists"),
            Expression(key="tier", operator="NotIn", values=("web",)),
        ),
        field_selectors={"status.phase": "Running"},
    )
    assert selector.labels_query() == (
        "a=b,app=inventory-service,tier in (db,cache),!old,new,tier notin (web)"
    )
    assert selector.fields_query() == "status.phase=Running"


@pytest.mark.parametrize(
    ("fields", "nodes", "hit"),
    [
        ({}, None, True),
        ({"annotation_selectors": {"team": "a"}}, None, True),
        ({"annotation_selectors": {"team": "b"}}, None, False),
        ({"pod_phase_selectors": ("Running",)}, None, True),
        ({"pod_phase_selectors": ("Pending",)}, None, False),
        ({"nodes": ("one",)}, None, True),
        ({"nodes": ("two",)}, None, False),
        ({}, frozenset({"one"}), True),
        ({}, frozenset({"two"}), False),
    ],
)
def test_what_the_api_cannot_be_asked_for(
    fields: dict[str, Any], nodes: frozenset[str] | None, hit: bool
) -> None:
    pod = Candidate(key="bookstore/a", phase="Running", node="one", annotations={"team": "a"})
    assert matches(Selector(**fields), pod, nodes) is hit


def test_a_pod_that_is_going_is_no_candidate() -> None:
    assert not matches(Selector(), Candidate(key="bookstore/a", going=True), None)


def test_the_selection_of_a_schedule_is_that_of_what_it_makes() -> None:
    inner = {"selector": {"labelSelectors": {"app": "x"}}, "mode": "one"}
    body = json.dumps({"spec": {"schedule": "@every 1m", "type": "PodChaos", "podChaos": inner}}).encode()
    found = selection_of(body, "Schedule")
    assert found is not None
    assert found.selector.label_selectors == {"app": "x"}
    assert found.mode == "one"


def test_other_shapes() -> None:
    assert selection_of(b'{"spec": {"entry": "x"}}', "Workflow") is None
    with pytest.raises(msgspec.MsgspecError):
        selection_of(b'{"spec": {"selector": 5, "mode": "one"}}', "PodChaos")


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("PodChaos", "podchaos"),
        ("HTTPChaos", "httpchaos"),
        ("Schedule", "schedules"),
        ("Workflow", "workflows"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert resource(kind).plural == plural
    assert resource(kind).group == "chaos-mesh.org"


@pytest.mark.parametrize(
    ("desired", "phase", "acting"),
    [
        ("Run", "Injected", True),
        ("Run", "Not Injected", True),
        ("Stop", "Injected", True),
        ("Stop", "Not Injected/Wait", True),
        ("Stop", "Not Injected", False),
    ],
)
def test_what_is_over_acts_no_more(desired: str, phase: str, acting: bool) -> None:
    status = {"experiment": {"desiredPhase": desired, "containerRecords": [{"id": "a/b", "phase": phase}]}}
    body = {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {"name": "x"},
        "status": status,
    }
    assert is_acting(decode(json.dumps(body).encode())) is acting
