"""An unfinished session is told of before another one is begun on its plan."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlroom.cli import unfinished as module
from controlroom.cli.codes import Stop
from controlroom.cli.unfinished import ask_about_unfinished, first_unfinished
from controlroom.core.values import changed
from controlroom.journal.folder import HostFile, SessionFolder
from tests.cli.calling import call
from tests.journal.books import chained, day, opening, written

PLAN = "inventory-service-failure"
CHOSEN = argparse.Namespace(headless=False, new=False)


def session(sessions: Path, name: str, *, lab: bool = False, closed: bool = False) -> SessionFolder:
    folder = SessionFolder(sessions / name)
    folder.path.mkdir(parents=True)
    lived = day() if closed else day(300.0)
    plan = opening().plan
    cluster = changed(plan.bindings.cluster, context="${SET_NOWHERE}")
    plan = changed(plan, bindings=changed(plan.bindings, cluster=cluster))
    first = changed(lived[0], body=changed(opening(), lab=lab, plan=plan))
    folder.journal.write_bytes(written(chained([first, *lived[1:]])))
    return folder


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A terminal at which the answers of the list are typed, one after the other."""
    answers: list[str] = []

    def typed(question: str) -> str:
        if not answers:
            raise EOFError
        return answers.pop(0)

    monkeypatch.setattr(module, "_at_a_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", typed)
    yield answers


def test_nothing_unfinished_asks_nothing(tmp_path: Path) -> None:
    session(tmp_path, "20261122-closed", closed=True)
    session(tmp_path, "20261123-rehearsal", lab=True)
    assert ask_about_unfinished(PLAN, tmp_path, CHOSEN) is None
    session(tmp_path, "20261124-other")
    assert ask_about_unfinished("another-plan", tmp_path, CHOSEN) is None


@pytest.mark.parametrize(
    ("answers", "resumed"), [(["r"], True), (["N"], False), (["what?", "", "resume"], True)]
)
def test_a_person_is_asked(tmp_path: Path, terminal: list[str], answers: list[str], resumed: bool) -> None:
    folder = session(tmp_path, "20261122-real")
    terminal += answers
    found = ask_about_unfinished(PLAN, tmp_path, CHOSEN)
    assert (found is not None and found.name == folder.name) == resumed
    assert terminal == []


@pytest.mark.parametrize("answers", [["q"], []], ids=["q", "end of input"])
def test_leaving_starts_nothing(tmp_path: Path, terminal: list[str], answers: list[str]) -> None:
    session(tmp_path, "20261122-real")
    terminal += answers
    with pytest.raises(Stop, match="nothing was started") as stopped:
        ask_about_unfinished(PLAN, tmp_path, CHOSEN)
    assert stopped.value.code == 0


def test_a_running_one_is_not_resumed(
    tmp_path: Path, terminal: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = session(tmp_path, "20261122-real")
    folder.set_host(HostFile(pid=os.getpid(), socket="/run/nowhere"))
    terminal += ["r", "n"]
    assert ask_about_unfinished(PLAN, tmp_path, CHOSEN) is None
    assert "is running; `controlroom attach 20261122-real` shows it." in capsys.readouterr().out


def test_a_script_is_stopped_unless_it_says_new(tmp_path: Path) -> None:
    session(tmp_path, "20261122-real")
    headless = argparse.Namespace(headless=True, new=False)
    with pytest.raises(Stop, match="`controlroom resume 20261122-real` goes on with it; --new") as stopped:
        ask_about_unfinished(PLAN, tmp_path, headless)
    assert stopped.value.code == 2
    assert ask_about_unfinished(PLAN, tmp_path, argparse.Namespace(headless=True, new=True)) is None


def test_a_rehearsal_says_so_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session(tmp_path, "20261122-lab", lab=True)
    assert ask_about_unfinished(PLAN, tmp_path, argparse.Namespace(headless=True), lab=True) is None
    assert capsys.readouterr().err == (
        "controlroom: the rehearsal of 2026-11-22 13:00 UTC on this plan was not finished: its host died; "
        "`controlroom resume 20261122-lab` goes on with it\n"
    )


def test_the_newest_is_resumed(tmp_path: Path) -> None:
    assert first_unfinished(tmp_path) is None
    session(tmp_path, "20261122-a")
    session(tmp_path, "20261123-b")
    session(tmp_path, "20261124-c", closed=True)
    found = first_unfinished(tmp_path)
    assert found is not None and found.name == "20261123-b"


def test_what_cannot_be_resumed_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def says(name: str) -> tuple[int, str]:
        called = call(capsys, "resume", name, "--sessions", tmp_path)
        return called.code, called.err

    session(tmp_path, "closed", closed=True)
    assert says("closed") == (
        2,
        "controlroom: closed is closed: `controlroom replay closed` shows it, `controlroom run` begins another\n",
    )
    broken = session(tmp_path, "broken")
    broken.journal.write_bytes(b"{}\n")
    assert says("broken")[1].startswith("controlroom: broken cannot be gone on with: journal: ")
    live = session(tmp_path, "live")
    live.set_host(HostFile(pid=os.getpid(), socket="/run/nowhere"))
    assert says("live") == (2, "controlroom: live is running: `controlroom attach live` shows it\n")
    real = session(tmp_path, "real")
    assert says("real")[0] == 2
    assert "not set in the environment: " in says("real")[1]
    assert real.journal.is_file()
    assert call(capsys, "resume", "--sessions", tmp_path / "none").err == (
        f"controlroom: no session in {tmp_path / 'none'} is unfinished; `controlroom sessions` lists them\n"
    )
