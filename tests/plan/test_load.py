"""The load of a plan: a command or a manifest, each with its own keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.core.plan import Load
from controlroom.plan.errors import PlanErrors
from controlroom.plan.load import load_plan
from tests.plan.test_outward import SEED, planned

COMMAND = """load:
  directory: bv-performance-testing/gatling-tests
  command: ./gradlew gatlingRun -Psimulation=OrderFlowSimulation
"""
JOB = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: orders}\nspec: {template: {}}\n"


def test_a_manifest_in_place_of_a_command(tmp_path: Path) -> None:
    (tmp_path / "load.yaml").write_text(JOB)
    plan = planned(tmp_path, (COMMAND, "load: {manifest: load.yaml}\n"))
    assert plan.load == Load(manifest="load.yaml")
    assert load_plan(tmp_path / SEED).files["load.yaml"] == JOB


@pytest.mark.parametrize(
    ("load", "key", "said"),
    [
        ("{}", "load", "either `command` or `manifest`"),
        ("{command: k6 run x.js, manifest: load.yaml}", "load", "either `command` or `manifest`"),
        ("{command: k6 run x.js, cluster: east}", "load.cluster", "a command runs on this machine"),
        ("{manifest: load.yaml, directory: x}", "load.directory", "this is for a command"),
        ("{manifest: load.yaml, environment: {A: b}}", "load.environment", "this is for a command"),
        ("{manifest: load.yaml, cluster: east}", "load.cluster", "there is no cluster `east`"),
        ("{manifest: lod.yaml}", "load.manifest", "there is no such file"),
    ],
)
def test_what_makes_no_sense_is_said_with_its_place(tmp_path: Path, load: str, key: str, said: str) -> None:
    (tmp_path / "load.yaml").write_text(JOB)
    with pytest.raises(PlanErrors) as raised:
        planned(tmp_path, (COMMAND, f"load: {load}\n"))
    assert any(one.key == key and said in one.message and one.line > 0 for one in raised.value.errors), [
        str(one) for one in raised.value.errors
    ]


def test_its_namespace_is_one_of_the_plans(tmp_path: Path) -> None:
    (tmp_path / "load.yaml").write_text(JOB.replace("name: orders", "name: orders, namespace: payments"))
    with pytest.raises(PlanErrors) as raised:
        planned(tmp_path, (COMMAND, "load: {manifest: load.yaml}\n"))
    (error,) = raised.value.errors
    assert error.file.endswith("load.yaml") and "payments" in error.message
