"""Usage errors of every command: one clear line, the documented exit code, nothing started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import controlroom
from controlroom.cli import sessions
from tests.cli.calling import PROGRAM, Called, call, on_terminal, spawn

Capture = pytest.CaptureFixture[str]

USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "no command": ((), "required: COMMAND"),
    "an unknown command": (("frobnicate",), "invalid choice: 'frobnicate'"),
    "rehearse: an unknown option": (("rehearse", "--fast"), "unrecognized arguments: --fast"),
    "rehearse: a plan that is not there": (("rehearse", "none.yaml"), "none.yaml: no such file"),
    "rehearse: no speed": (("rehearse", "--speed", "fast"), "invalid float value: 'fast'"),
    "rehearse: speed 0": (("rehearse", "--speed", "0.5", "--headless"), "--speed is 1 to 120"),
    "rehearse: speed 500": (("rehearse", "--speed", "500", "--headless"), "--speed is 1 to 120"),
    "rehearse: speed nan": (("rehearse", "--speed", "nan", "--headless"), "--speed is 1 to 120"),
    "rehearse: no seed": (("rehearse", "--seed", "x"), "invalid int value"),
    "rehearse: a responder": (("rehearse", "--responder", "maybe"), "invalid choice: 'maybe'"),
    "rehearse: an unknown defect": (
        ("rehearse", "--headless", "--defect", "earthquake"),
        "--defect earthquake: the lab knows late-alert, lost-order",
    ),
    "rehearse: two defects": (
        ("rehearse", "--headless", "--defect", "p95", "--defect", "errors"),
        "--defect: one at a time",
    ),
    "rehearse: no terminal": (("rehearse",), "no terminal to draw on: --headless"),
    "run: no plan": (("run",), "required: PLAN"),
    "run: a plan that is not there": (("run", "none.yaml"), "none.yaml: no such file"),
    "attach: nothing runs": (("attach",), "no session is running"),
    "attach: no such session": (("attach", "nothing"), "no session nothing in"),
    "attach: a session and a socket": (
        ("attach", "nothing", "--socket", "/tmp/s"),
        "a session or a socket, not both",
    ),
    "replay: no such session": (("replay", "nothing"), "no session nothing in"),
    "show: no session": (("show",), "required: SESSION"),
    "show: no such session": (("show", "nothing"), "no session nothing in"),
    "show: no moment": (("show", "example", "--at", "noon"), "noon"),
    "report: no such session": (("report", "nothing"), "no session nothing in"),
    "validate: no such plan": (("validate", "none.yaml"), "none.yaml:1: there is no such file"),
    "new: no name for a plan": (("new", "Not A Name"), "is no name for a plan"),
    "lab: a plan that is not there": (("lab", "none.yaml"), "none.yaml: no such file"),
}


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty folder of sessions, and nothing else."""
    (tmp_path / "sessions").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "said"), USAGE.values(), ids=USAGE)
def test_a_usage_error_is_one_line_and_nothing_is_started(
    arguments: tuple[str, ...], said: str, empty: Path, capsys: Capture
) -> None:
    called = call(capsys, *arguments)
    assert called.code == 2
    assert called.out == ""
    assert said in called.err
    lines = [line for line in called.err.splitlines() if not line.startswith(("usage: ", " "))]
    assert len(lines) == 1, called.err
    assert [path.name for path in empty.rglob("*")] == ["sessions"]


def test_version_and_help_are_on_stdout(capsys: Capture) -> None:
    assert call(capsys, "--version").out == f"controlroom {controlroom.__version__}\n"
    found = call(capsys, "--help")
    assert (found.code, found.err) == (0, "")
    for name in (
        "rehearse",
        "run",
        "attach",
        "replay",
        "sessions",
        "show",
        "report",
        "validate",
        "new",
        "schema",
    ):
        assert f"\n    {name} " in found.out


def test_a_folder_of_sessions_that_is_none_is_told(empty: Path, capsys: Capture) -> None:
    (empty / "file").write_text("")
    called = call(capsys, "rehearse", "--headless", "--sessions", empty / "file")
    assert (called.code, called.out) == (4, "")
    assert called.err == f"controlroom: {empty / 'file'}: File exists\n"


def test_names_that_the_environment_lacks_are_told_before_anything_is_started(
    empty: Path, capsys: Capture
) -> None:
    assert call(capsys, "new", "day", "--directory", empty).code == 0
    plan = empty / "day.yaml"
    plan.write_text(plan.read_text().replace("${PROMETHEUS_URL:-http://localhost:9090}", "${NOWHERE}"))
    called = call(capsys, "run", "--headless", plan)
    assert called.code == 2
    assert called.err == "controlroom: not set in the environment: NOWHERE (for bindings.prometheus)\n"
    assert list((empty / "sessions").iterdir()) == []


def test_a_new_plan_validates_and_is_lived_in_the_lab(empty: Path, capsys: Capture) -> None:
    """A starting plan fits the lab's bookstore: its first rehearsal passes."""
    assert call(capsys, "new", "checkout", "--directory", empty).code == 0
    assert call(capsys, "validate", empty / "checkout.yaml").code == 0
    command = ("rehearse", "--headless", "--speed", "120", "checkout.yaml", "--sessions", "sessions")
    called = spawn(*command, cwd=empty)
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith("verdict: passed\n")


def test_a_namespace_that_the_lab_has_not_is_one_clear_line(empty: Path, capsys: Capture) -> None:
    assert call(capsys, "new", "checkout", "--directory", empty).code == 0
    for path in (empty / "checkout.yaml", empty / "checkout-pod-kill.yaml"):
        path.write_text(
            path.read_text()
            .replace("[bookstore]", "[shop]")
            .replace("namespace: bookstore", "namespace: shop")
        )
    called = spawn("rehearse", "--headless", "checkout.yaml", "--sessions", "sessions", cwd=empty)
    assert (called.code, called.out) == (4, "")
    assert len(called.err.splitlines()) == 1
    assert "the lab's bookstore lives in 'bookstore'" in called.err


PIPED = {
    "schema": ("schema",),
    "show": ("show", "example", "--json"),
    "show as text": ("show", "example"),
    "sessions": ("sessions",),
}


@pytest.mark.parametrize("arguments", PIPED.values(), ids=PIPED)
def test_a_reader_that_has_gone_is_no_traceback(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(30.0) == 4


def test_an_interrupt_is_told_as_such(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted(chosen: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sessions, "sessions", interrupted)
    assert call(capsys, "sessions") == Called(130, "", "controlroom: interrupted\n")


def test_an_interrupted_headless_day_is_closed_and_reported(empty: Path) -> None:
    day = subprocess.Popen(
        [*PROGRAM, "rehearse", "--headless", "--sessions", "sessions"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30.0
    while not any(path.stat().st_size for path in empty.glob("sessions/*/journal.jsonl")):
        assert time.monotonic() < until
        time.sleep(0.02)
    day.send_signal(signal.SIGINT)
    out, err = day.communicate(timeout=30.0)
    assert day.returncode == 130
    assert err == "controlroom: the day was cut short: interrupted\n"
    folder = empty / out.splitlines()[-1]
    assert "interrupted" in (folder / "session.md").read_text()
    assert not (folder / "host.json").exists()


def test_without_a_terminal_replay_says_so() -> None:
    called = spawn("replay")
    assert (called.code, called.out) == (2, "")
    assert called.err == "controlroom: there is no terminal to draw on\n"


def test_a_host_that_died_cannot_be_attached_to(empty: Path) -> None:
    """Its host.json is left, its process is not."""
    folder = empty / "sessions" / "20260101-000000-day-abcd"
    folder.mkdir()
    (folder / "journal.jsonl").write_text("")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (folder / "host.json").write_text(f'{{"pid":{gone.pid},"socket":"/tmp/none.sock"}}')
    called = on_terminal("attach", "20260101", "--sessions", empty / "sessions")
    assert called.code == 2
    assert called.err.startswith("controlroom: 20260101-000000-day-abcd is not running; `controlroom replay")
