"""The command `sweep`: what it takes, what it asks, and how it says what stands in its way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controlroom.cli.sweep_output import lines
from controlroom.core.events import Leftover, ObjectRef
from controlroom.sources.kubernetes_leftovers import Found, Leftovers
from tests.cli.calling import call

Capture = pytest.CaptureFixture[str]
NOW = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
REF = ObjectRef(api_version="v1", kind="PodChaos", namespace="shop", name="one", uid="u")
OLD = Leftover(
    object=REF, session="old", standing="acting", run="kill#1", created_at=NOW - timedelta(hours=3)
)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A cluster at which nothing listens."""
    path = tmp_path / "kubeconfig"
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "staging", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "staging",
    }
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **config}))
    return path


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something old is there."""

    async def find(self: object, only: object = (), instead: object = ()) -> Found:
        return Found(left=(OLD,), unseen=("secrets: the account may not list them",))

    monkeypatch.setattr(Leftovers, "find", find)


def test_a_cluster_that_does_not_answer_is_one_line(kubeconfig: Path, capsys: Capture) -> None:
    called = call(capsys, "sweep", "--kubeconfig", kubeconfig)
    assert (called.code, called.out) == (4, "")
    assert called.err.startswith("controlroom: could not list the groups of the API")
    assert len(called.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--force"], "--force goes with --remove"),
        (["--remove"], "--yes removes without a question"),
        (["--kubeconfig", "nowhere"], "nowhere: no such file"),
        (["--context", "another"], "another"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    options: list[str], said: str, kubeconfig: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    called = call(capsys, "sweep", *options)
    assert called.code == (4 if options[0] == "--context" else 2)
    assert said in called.err
    assert len(called.err.splitlines()) == 1


def test_what_is_left_is_listed_with_the_command_that_removes_it(
    kubeconfig: Path, found: None, capsys: Capture, tmp_path: Path
) -> None:
    called = call(capsys, "sweep", "--kubeconfig", kubeconfig, "--sessions", tmp_path)
    assert called.code == 1
    assert "session old" in called.out
    assert "could not look at secrets" in called.out
    assert f"controlroom sweep --kubeconfig {kubeconfig} --sessions {tmp_path} --remove" in called.out
    assert not (tmp_path / "sweeps").exists()
    other = call(capsys, "sweep", "--kubeconfig", kubeconfig, "--session", "new", "--json")
    assert other.code == 3, "nothing of it was found, but not everything was looked at"
    assert json.loads(other.out)["left"] == []


def test_another_word_removes_nothing(
    kubeconfig: Path, found: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "yes"

    monkeypatch.setattr("builtins.input", answer)
    called = call(capsys, "sweep", "--kubeconfig", kubeconfig, "--sessions", tmp_path, "--remove")
    assert (called.code, asked) == (1, ["Type sweep to go on: "])
    assert "1 of these are deleted or put back on staging" in called.err
    assert not (tmp_path / "sweeps").exists()


def test_a_plan_names_the_cluster_and_its_other_names_need_not_be_set(
    kubeconfig: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert call(capsys, "new", "day", "--directory", tmp_path).code == 0
    plan = tmp_path / "day.yaml"
    plan.write_text(plan.read_text().replace("${PROMETHEUS_URL:-http://localhost:9090}", "${NOWHERE}"))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.delenv("NOWHERE", raising=False)
    called = call(capsys, "sweep", plan, "--context", "staging")
    assert (called.code, "NOWHERE" in called.err) == (4, False)
    assert "could not list the groups" in called.err


def test_every_standing_is_told_in_words() -> None:
    going = Leftover(
        object=REF, session="old", standing="going", going_since=NOW, finalizers=("chaos-mesh/records",)
    )
    changed = Leftover(object=REF, session="old", standing="changed", undoes="spec.replicas 0 → 3")
    over = Leftover(object=REF, session="gone on", standing="over", created_at=NOW, live=True)
    text = "\n".join(lines([OLD, going, changed, over], [], NOW + timedelta(seconds=70)))
    assert "3 h old, may act still" in text
    assert "being deleted for 70 s, held by the finalizer chaos-mesh/records" in text
    assert "changed: would be put back: spec.replicas 0 → 3" in text
    assert "70 s old, over, and still there" in text
    assert "not touched: `controlroom attach gone on` shows it" in text
