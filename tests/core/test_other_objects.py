"""What objects that keep no records of targets say of themselves."""

from __future__ import annotations

import msgspec
import pytest

from controlroom.core.faults.others import Progress, progress

DEPLOYMENT = {"replicas": 3}
ENGINE = {"engineState": "active"}


def said(kind: str, spec: object, status: object, generation: int | None = None) -> Progress:
    return progress(kind, generation, msgspec.json.encode(spec), msgspec.json.encode(status))


@pytest.mark.parametrize(
    ("kind", "spec", "status", "words", "over"),
    [
        ("Deployment", DEPLOYMENT, {"readyReplicas": 2}, "2 ready of 3", False),
        ("Deployment", {"replicas": 0}, {}, "0 ready of 0", False),
        ("StatefulSet", DEPLOYMENT, {"readyReplicas": 3, "replicas": 3}, "3 ready of 3", False),
        ("Job", {}, {"active": 1}, "1 active, 0 succeeded, 0 failed", False),
        (
            "Job",
            {},
            {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]},
            "0 active, 1 succeeded, 0 failed",
            True,
        ),
        ("TestRun", {}, {}, "", False),
        ("TestRun", {"parallelism": 2}, {"stage": "started"}, "stage started", False),
        ("TestRun", {}, {"stage": "finished"}, "stage finished", True),
        ("Pod", {}, {"phase": "Running"}, "Running", False),
        ("Pod", {}, {"phase": "Succeeded"}, "Succeeded", True),
        ("ChaosEngine", ENGINE, {}, "engine active asked for", False),
        (
            "ChaosEngine",
            ENGINE,
            {"engineStatus": "completed", "experiments": [{"name": "pod-delete", "verdict": "Pass"}]},
            "engine completed · pod-delete Pass",
            True,
        ),
        (
            "Schedule",
            {},
            {"time": "2026-11-24T10:00:05Z", "active": [{"name": "x"}]},
            "last made at 10:00:05 UTC, 1 active",
            False,
        ),
        ("Workflow", {}, {"conditions": [{"type": "Accomplished", "status": "True"}]}, "over", True),
        ("NetworkPolicy", {}, {}, "", False),
        (
            "Gateway",
            {},
            {"conditions": [{"type": "Ready", "status": "False", "reason": "Down"}]},
            "not ready Down",
            False,
        ),
        ("Strange", {}, {"conditions": "many"}, "", False),
        ("Strange", {}, ["no", "object"], "", False),
    ],
)
def test_each_kind_in_its_own_words(kind: str, spec: object, status: object, words: str, over: bool) -> None:
    found = said(kind, spec, status)
    assert (found.words, found.over, found.failed) == (words, over, "")


@pytest.mark.parametrize(
    ("kind", "status", "failed"),
    [
        (
            "Job",
            {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]},
            "DeadlineExceeded",
        ),
        ("TestRun", {"stage": "error"}, "its stage is error: the operator's log says why"),
        ("Pod", {"phase": "Failed"}, "its pod failed"),
    ],
)
def test_what_failed_is_told_apart_from_what_is_done(kind: str, status: object, failed: str) -> None:
    found = said(kind, {}, status)
    assert found.over and found.failed == failed


@pytest.mark.parametrize(
    ("kind", "status", "begun"),
    [
        ("Schedule", {}, False),
        ("Schedule", {"time": "2026-11-24T10:00:05Z"}, True),
        ("Workflow", {}, False),
        ("Workflow", {"entryNode": "entry-x7k2p"}, True),
        ("Job", {}, True),
    ],
)
def test_whether_a_maker_has_made_anything(kind: str, status: object, begun: bool) -> None:
    assert said(kind, {}, status).begun is begun


def test_an_old_status_says_nothing_of_a_new_wish() -> None:
    assert said("Deployment", DEPLOYMENT, {"observedGeneration": 4, "readyReplicas": 3}, 5).words == (
        "its controller has not taken it up"
    )


def test_words_of_a_cluster_are_cleaned() -> None:
    evil = {"engineStatus": "\x1b[2Jdone", "experiments": [{"name": "a\nb", "verdict": "Pass"}]}
    assert "\x1b" not in said("ChaosEngine", ENGINE, evil).words
    assert "\n" not in said("ChaosEngine", ENGINE, evil).words
