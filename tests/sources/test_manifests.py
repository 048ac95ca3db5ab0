"""A manifest becomes an object of this session: named afresh, labelled, bounded, inside the plan's namespaces."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controlroom.sources.manifests import (
    ManifestError,
    blast,
    label_value,
    object_name,
    prepare,
    prepare_all,
)
from controlroom.sources.ports import Prepared

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
SESSION = "2026-11-23T19-00-inventory-service-failure-7"


def made(text: str, **changes: Any) -> Prepared:
    asked: dict[str, Any] = {
        "session": SESSION,
        "run": "pod-kill#1",
        "duration": 3000.0,
        "namespaces": ["bookstore"],
    }
    return prepare("pod-kill", text, **(asked | changes))


def seed(name: str, **changes: Any) -> Prepared:
    return made((EXPERIMENTS / name).read_text(), **changes)


def test_the_pod_kill_of_the_seed() -> None:
    prepared = seed("pod-failure-inventory-service.yaml")
    body = json.loads(prepared.body)
    assert prepared.one_shot
    assert not prepared.unbounded
    assert prepared.duration is None
    assert "duration" not in body["spec"]
    assert body["metadata"]["labels"]["controlroom.dev/run"] == "pod-kill.1"
    assert body["metadata"]["annotations"]["controlroom.dev/run-id"] == "pod-kill#1"
    assert body["metadata"]["annotations"]["controlroom.dev/session-id"] == SESSION
    assert prepared.object.name == body["metadata"]["name"] != "pod-failure-inventory-service"
    assert blast(prepared) == type(blast(prepared))()


def test_a_duration_that_would_be_ignored_is_not_sent() -> None:
    text = (EXPERIMENTS / "pod-failure-inventory-service.yaml").read_text() + "  duration: 30s\n"
    assert "duration" not in json.loads(made(text).body)["spec"]


def test_the_latency_of_the_seed_is_bounded_and_reaches_every_pod_but_one_target_only() -> None:
    prepared = seed("network-latency-inventory.yaml", duration=3000.4)
    assert json.loads(prepared.body)["spec"]["duration"] == "50m1s"
    assert (prepared.duration, prepared.one_shot, prepared.unbounded) == (3001.0, False, False)
    assert blast(prepared).everything
    assert not blast(prepared).untargeted_network


def test_the_memory_stress_of_the_seed() -> None:
    prepared = seed("resource-stress-inventory.yaml")
    assert prepared.duration == 3000.0
    assert not blast(prepared).everything


def test_the_yaml_is_what_is_sent_and_reads_well() -> None:
    prepared = seed("network-latency-inventory.yaml", requested_by="Ada")
    assert yaml.safe_load(prepared.manifest) == json.loads(prepared.body)
    assert prepared.manifest.startswith(
        "apiVersion: chaos-mesh.org/v1alpha1\nkind: NetworkChaos\nmetadata:\n  name:"
    )
    assert json.loads(prepared.body)["metadata"]["annotations"]["controlroom.dev/requested-by"] == "Ada"


def test_without_any_duration_a_fault_is_unbounded() -> None:
    prepared = seed("network-latency-inventory.yaml", duration=None)
    assert prepared.unbounded
    assert blast(prepared).unbounded


def test_a_fault_keeps_its_own_duration_where_none_is_asked_for() -> None:
    text = "{apiVersion: chaos-mesh.org/v1alpha1, kind: StressChaos, metadata: {name: x}, spec: {duration: 1m30s}}"
    assert made(text, duration=None).duration == 90.0
    with pytest.raises(ManifestError, match="not a duration"):
        made(text.replace("1m30s", "soon"), duration=None)


def test_a_network_fault_without_a_target_is_told_to_the_guards() -> None:
    text = (EXPERIMENTS / "network-latency-inventory.yaml").read_text()
    assert blast(made(text[: text.index("  target:")])).untargeted_network


@pytest.mark.parametrize(
    "head", ["apiVersion: chaos-mesh.org/v1alpha1\nkind: Schedule", "apiVersion: batch/v1\nkind: Job"]
)
def test_other_kinds_end_only_when_they_are_ended(head: str) -> None:
    prepared = made(f"{head}\nmetadata: {{name: x, labels: {{app: y}}}}\nspec: {{}}")
    assert prepared.unbounded
    assert prepared.duration is None
    assert json.loads(prepared.body)["metadata"]["labels"]["app"] == "y"


def test_what_a_server_had_filled_in_is_left_out() -> None:
    text = """
apiVersion: chaos-mesh.org/v1alpha1
kind: StressChaos
metadata: {name: x, uid: u, resourceVersion: "7", generateName: x-, finalizers: [f], namespace: bookstore}
spec: {mode: one}
status: {conditions: []}
"""
    body = json.loads(made(text).body)
    assert "status" not in body
    assert set(body["metadata"]) == {"name", "namespace", "labels", "annotations"}


def test_each_document_of_a_file_is_a_run_of_its_own() -> None:
    text = "\n---\n".join(
        (EXPERIMENTS / name).read_text()
        for name in ("network-latency-inventory.yaml", "resource-stress-inventory.yaml")
    )
    first, second = prepare_all(
        "both", text, session="s", run="both#2", duration=60, namespaces=["bookstore"]
    )
    assert (first.run, second.run) == ("both#2", "both#2.2")
    assert first.object.name != second.object.name
    with pytest.raises(ManifestError, match="2 objects"):
        made(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("namespace: bookstore", "namespace: default"), "namespace default is not one of the plan's"),
        (
            ("namespaces: [bookstore]", "namespaces: [bookstore, kube-system]"),
            "reaches namespace kube-system",
        ),
        (("    namespaces: [bookstore]", "    pods: {other: [a]}"), "reaches namespace other"),
        (("kind: NetworkChaos", ""), "no kind"),
        (("kind: NetworkChaos", "kind: List"), "a List is not taken"),
        (("metadata:", "meta:"), "no metadata"),
        (("spec:", "spec: ["), "line "),
    ],
)
def test_what_is_refused(change: tuple[str, str], message: str) -> None:
    text = (EXPERIMENTS / "network-latency-inventory.yaml").read_text()
    assert change[0] in text
    with pytest.raises(ManifestError, match=message):
        made(text.replace(*change, 1))


@pytest.mark.parametrize("text", ["", "# nothing\n", "just text", "- a list", "&a [*a]"])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(ManifestError):
        made(text)


def test_a_selector_inside_a_schedule_cannot_reach_out_either() -> None:
    text = """
apiVersion: chaos-mesh.org/v1alpha1
kind: Schedule
metadata: {name: x, namespace: bookstore}
spec: {podChaos: {selector: {namespaces: [elsewhere]}}}
"""
    with pytest.raises(ManifestError, match="elsewhere"):
        made(text)


@given(st.text(), st.text(), st.integers(1, 10_000))
def test_names_and_labels_are_always_valid(experiment: str, session: str, ordinal: int) -> None:
    run = f"{experiment}#{ordinal}"
    assert DNS_LABEL.fullmatch(object_name(experiment, session, run))
    assert LABEL_VALUE.fullmatch(label_value(run))
    assert LABEL_VALUE.fullmatch(label_value(session))


def test_names_differ_by_session_and_by_run_and_stay_otherwise() -> None:
    assert object_name("e" * 90, "s", "e#1") == object_name("e" * 90, "s", "e#1")
    names = {object_name("e" * 90, session, f"e#{n}") for session in ("s", "t") for n in (1, 2, 11)}
    assert len(names) == 6
    assert len({label_value("a" * 70 + end) for end in "xy"}) == 2
