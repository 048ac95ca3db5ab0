"""The command `check`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlroom.cli import waiting
from controlroom.cli.check import CODES
from controlroom.cli.check_output import as_json, lines
from controlroom.cli.waiting import Waiting
from controlroom.core.checks import overall
from controlroom.core.findings import STANDINGS, Finding, Inspected, Standing
from controlroom.shipped import shipped
from tests.cli.calling import call, spawn

Capture = pytest.CaptureFixture[str]

SEED = shipped("experiments") / "inventory-service-failure.yaml"


def finding(state: Standing, reason: str = "so it is", **more: object) -> Finding:
    return Finding(id="x", group="Cluster", what="a thing", state=state, reason=reason, **more)  # type: ignore[arg-type]


def inspected(*findings: Finding) -> Inspected:
    return Inspected(findings=findings, by_hand=("Tell everybody",), unbound=("chat",), seconds=1.25)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An address at which nothing listens, as every address of the seed's plan."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "staging-bookstore", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "staging-bookstore",
        }
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(path))
        monkeypatch.setenv("PROMETHEUS_URL", url)
        monkeypatch.setenv("ALERTMANAGER_URL", url)
        monkeypatch.setenv("GRAFANA_URL", url)
        yield url


def test_a_site_at_which_nothing_answers(nobody: str, capsys: Capture) -> None:
    called = call(capsys, "check", SEED)
    assert called.code == 1
    text = called.out
    assert max(map(len, text.splitlines())) <= 80
    failed = [line for line in text.splitlines() if line.startswith("  FAILED")]
    assert [re.sub(r"\s+", " ", line)[8:].partition(":")[0] for line in failed] == [
        "API server",
        "Prometheus",
        "Alertmanager",
        "load command",
        "Grafana",
    ]
    assert "the cluster does not answer" in text
    assert "could not tell" in text
    assert "Review relevant runbooks" in text
    assert text.splitlines()[-1].startswith("5 failed, ")


def test_as_json(nobody: str, capsys: Capture) -> None:
    called = call(capsys, "check", SEED, "--json")
    assert called.code == 1
    found = json.loads(called.out)
    assert found["state"] == "failed"
    assert found["counts"]["failed"] == 5
    assert set(found) == {"plan", "state", "counts", "seconds", "findings", "by_hand", "unbound"}
    keys = {"id", "group", "what", "state", "reason", "next", "seconds", "experiment", "cluster"}
    assert all(set(one) == keys for one in found["findings"])
    lacking = [
        one for one in found["findings"] if one["state"] in ("failed", "could not tell") and not one["next"]
    ]
    assert lacking == []


def test_the_seed_on_a_lab_of_its_own() -> None:
    called = spawn("check", SEED, "--lab")
    assert (called.code, "FAILED" in called.out) == (0, False), called.out
    assert called.out.splitlines()[0].endswith("checked on the lab")
    # The lab's receivers tell nobody, and Grafana and chat are not in it.
    assert re.search(r"^3 warning, \d+ ok, in \d+\.\d s$", called.out.splitlines()[-1])
    assert "Grafana, chat" in called.out


def test_a_plan_that_is_wrong_and_a_name_that_is_missing(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "plan.yaml").write_text("apiVersion: controlroom/v1\nkind: GameDay\n")
    called = call(capsys, "check", tmp_path / "plan.yaml")
    assert (called.code, called.out) == (2, "")
    assert called.err.startswith(str(tmp_path / "plan.yaml") + ":")
    assert call(capsys, "new", "day", "--directory", tmp_path).code == 0
    plan = tmp_path / "day.yaml"
    plan.write_text(plan.read_text().replace("${PROMETHEUS_URL:-http://localhost:9090}", "${NOWHERE}"))
    called = call(capsys, "check", plan)
    assert called.code == 2
    assert called.err == "controlroom: not set in the environment: NOWHERE (for bindings.prometheus)\n"


@pytest.mark.parametrize("worst", STANDINGS)
def test_the_exit_code_is_that_of_the_worst(worst: Standing) -> None:
    order: list[Standing] = ["ok", "warning", "could not tell", "failed"]
    milder = order[: order.index(worst) + 1]
    found = [finding(state) for state in milder]
    assert overall(found) == overall(found[::-1]) == worst
    assert CODES[worst] == {"ok": 0, "warning": 0, "could not tell": 3, "failed": 1}[worst]


def test_no_finding_is_an_ok_of_nothing() -> None:
    assert overall([]) == "ok"
    assert json.loads(as_json(inspected(), "p"))["counts"] == dict.fromkeys(STANDINGS, 0)


@pytest.mark.parametrize("width", [20, 60, 80, 110, 400])
def test_lines_keep_to_the_width(width: int) -> None:
    long = finding("failed", "word " * 60 + "x" * 200, next="do " * 50, seconds=2.5)
    shown = lines(inspected(long, finding("ok")), "A plan", width=width, colour=False)
    assert max(map(len, shown)) <= max(60, min(110, width))
    assert sum("(2.5 s)" in line for line in shown) == 1
    assert "\x1b" not in "".join(shown)


def test_colour_only_repeats_the_word() -> None:
    found = inspected(*(finding(state) for state in STANDINGS))
    plain = lines(found, "A plan", width=80, colour=False)
    coloured = lines(found, "A plan", width=80, colour=True)
    assert coloured != plain
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == plain
    assert [line.split(":")[0].split("  ")[1] for line in plain if ": so it is" in line] == [
        "ok",
        "warning",
        "FAILED",
        "could not tell",
    ]


class Screen(io.StringIO):
    """A terminal or not, which tells when something was written."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal
        self.written = threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def flush(self) -> None:
        self.written.set()


@pytest.mark.parametrize("terminal", [True, False])
def test_what_takes_long_is_named_while_it_does(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.02)
    screen = Screen(terminal)
    with Waiting(screen) as told:
        told.tell("quick", False)
        told.tell("quick", True)
        told.tell("Prometheus", False)
        assert screen.written.wait(10)
    shown = screen.getvalue()
    assert "Prometheus" in shown
    assert "quick" not in shown
    if terminal:
        assert shown.endswith("\r")
        assert "\n" not in shown
    else:
        assert shown == "waiting for Prometheus\n"


def test_nothing_is_said_of_what_is_quick() -> None:
    screen = Screen(terminal=True)
    with Waiting(screen) as told:
        told.tell("quick", False)
        told.tell("quick", True)
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--halt-drill"], "--yes drills without a question"), (["--yes"], "--yes goes with --halt-drill")],
)
def test_a_drill_is_asked_for_rightly_or_not_at_all(options: list[str], said: str) -> None:
    called = spawn("check", SEED, *options)
    assert (called.code, called.out) == (2, "")
    assert said in called.err


def test_another_word_drills_nothing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.StringIO("yes\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    called = call(capsys, "check", SEED, "--halt-drill", "--json")
    assert (called.code, called.out) == (1, "")
    assert "Type drill to go on: " in called.err
    assert "on staging-bookstore gets a network delay of 1 ms" in called.err


def test_a_drill_on_the_lab_is_a_finding_with_a_record_of_its_own(tmp_path: Path) -> None:
    called = spawn("check", SEED, "--lab", "--halt-drill", "--yes", "--json", "--sessions", tmp_path)
    assert called.code == 0, called
    found = json.loads(called.out)["findings"][-1]
    assert (found["id"], found["state"]) == ("halt-drill", "ok")
    assert "proven recovered; from the key to the last DELETE" in found["reason"]
    (record,) = (tmp_path / "drills").iterdir()
    assert record.stat().st_mode & 0o077 == 0
