"""`validate`, `new`, `schema`, the environment's names, and the documents that must keep up with the models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from controlroom.core.plan import Bindings, Cluster
from controlroom.plan import commands
from controlroom.plan.repair import definition, schema
from controlroom.plan.resolve import MissingNames, resolve, resolve_environment
from controlroom.plan.schema import schema_text
from tests.plan.fields import MODELS, rows

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "experiments" / "inventory-service-failure.yaml"
Capture = pytest.CaptureFixture[str]


def test_validate_says_what_the_plan_holds(capsys: Capture) -> None:
    assert commands.validate(PLAN) == 0
    assert capsys.readouterr().out == (
        "ok: Game Day: Inventory Service Failure Scenario: 90 minutes, "
        "4 phases, 11 steps, 3 experiments, 13 metrics, 5 criteria\n"
    )


def test_validate_for_a_script(capsys: Capture, tmp_path: Path) -> None:
    assert commands.validate(PLAN, json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert len(told["hash"]) == 64
    (tmp_path / "plan.yaml").write_text("kind: Pod\n")
    assert commands.validate(tmp_path / "plan.yaml", json=True) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["errors"][0]["file"] == str(tmp_path / "plan.yaml")


def test_new_writes_a_plan_that_validates_and_never_overwrites(capsys: Capture, tmp_path: Path) -> None:
    folder = tmp_path / "days"
    assert commands.new("checkout-outage", folder) == 0
    assert commands.validate(folder / "checkout-outage.yaml") == 0
    before = {path: path.read_text() for path in folder.iterdir()}
    assert len(before) == 4
    (folder / "checkout-outage.yaml").unlink()
    capsys.readouterr()
    assert commands.new("checkout-outage", folder) == 2
    assert "there is already" in capsys.readouterr().err
    assert not (folder / "checkout-outage.yaml").exists()
    assert all(path.read_text() == text for path, text in before.items() if path.exists())


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a b", "-a", "x" * 41])
def test_new_takes_no_odd_names(name: str, tmp_path: Path, capsys: Capture) -> None:
    assert commands.new(name, tmp_path) == 2
    assert "is no name for a plan" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_new_where_nothing_can_be_written_leaves_nothing(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    assert commands.new("day", tmp_path / "file") == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_the_shipped_schema_is_current(capsys: Capture, tmp_path: Path) -> None:
    assert (ROOT / "experiments" / "schema" / "plan.schema.json").read_text() == schema_text()
    assert commands.schema(None) == 0
    assert capsys.readouterr().out == schema_text()
    assert commands.schema(tmp_path / "none" / "schema.json") == 2


def test_every_key_has_a_meaning() -> None:
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    places = [("plan", schema()), *((name, definition(name)) for name in definitions)]
    bare = [
        f"{name}.{key}"
        for name, place in places
        for key, value in place["properties"].items()  # type: ignore[attr-defined]
        if not value.get("description")
    ]
    assert bare == []
    assert {model.__name__ for _, model, _ in MODELS} == {"PlanFile", *definitions}


@pytest.mark.parametrize(("title", "model", "note"), MODELS, ids=lambda value: str(value)[:30])
def test_every_field_is_in_the_guide(title: str, model: type, note: str) -> None:
    guide = (ROOT / "docs" / "plan.md").read_text()
    section = guide.split(f"### {title}\n")[1].split("\n### ")[0].splitlines()
    assert note in section
    assert [line for line in section if line.startswith("| `")] == rows(model)


def bindings(**changes: str) -> Bindings:
    cluster = Cluster(context="${CONTEXT:-staging}", namespaces=("shop", "${EXTRA:-pay}"))
    return Bindings(
        cluster=cluster, **{"prometheus": "${P_URL}", "alertmanager": "http://am:9093", **changes}
    )


def test_names_are_taken_from_the_environment() -> None:
    found = resolve(
        bindings(grafana="${G:-}", chat="https://chat/${TOKEN}"), {"P_URL": "http://p:1/x", "TOKEN": "t"}
    )
    assert found.prometheus == "http://p:1/x"
    assert found.cluster == Cluster(context="staging", namespaces=("shop", "pay"))
    assert (found.grafana, found.chat) == (None, "https://chat/t")


def test_all_missing_names_are_told_at_once() -> None:
    with pytest.raises(MissingNames) as raised:
        resolve(bindings(alertmanager="${A_URL}"), {})
    assert raised.value.missing == {"bindings.prometheus": "P_URL", "bindings.alertmanager": "A_URL"}
    assert "P_URL (for bindings.prometheus)" in str(raised.value)


def test_what_comes_from_the_environment_is_not_read_again() -> None:
    assert resolve(bindings(), {"P_URL": "${HOME}"}).prometheus == "${HOME}"


def test_the_loads_variables() -> None:
    assert resolve_environment({"USERS": "50", "KEY": "${K}"}, {"K": "v"}) == {"USERS": "50", "KEY": "v"}
    with pytest.raises(MissingNames, match=r"K \(for load.environment.KEY\)"):
        resolve_environment({"KEY": "${K}"}, {})


def test_the_commands_load_nothing_heavy_before_they_run() -> None:
    probe = (
        "import controlroom.plan.commands, sys;"
        "print([m for m in ('pydantic', 'yaml', 'promql_parser', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
