"""A newcomer's rehearsal in a real terminal, by keys alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.journal.reader import read_events
from controlroom.journal.report import view_of
from tests.host.killing import lab_pid
from tests.terminal import Terminal

pytestmark = pytest.mark.system


@pytest.fixture(params=[(80, 24), (120, 36), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path, *request.param)
    yield found
    found.close()
    for folder in sessions_in(tmp_path / "sessions"):
        if (host := folder.host()) is not None:
            lab = lab_pid(folder)
            os.kill(host.pid, signal.SIGKILL)
            os.kill(lab, signal.SIGTERM)  # it would wait for a host that takes the session up again


def session(place: Path) -> SessionFolder:
    (found,) = sessions_in(place / "sessions")
    return found


def test_from_the_first_frame_to_the_report(terminal: Terminal, tmp_path: Path) -> None:
    """Baseline, the first fault, a note, halt and unlock, the end: every step said on the screen."""
    (tmp_path / "sessions").mkdir()
    terminal.run(["rehearse", "--speed", "60", "--sessions", str(tmp_path / "sessions")])
    terminal.wait_for("Inventory Service Fail", "LAB", "BASELINE")
    terminal.press("p")
    terminal.wait_for("begin")
    terminal.press("n")
    terminal.wait_for("INJECT CHAOS")
    terminal.press("x")
    terminal.press("space")
    terminal.wait_for("start Pod Kill?", "starts it now")
    terminal.press("y")
    terminal.wait_for("FIRED 2/2")
    terminal.press("n")
    terminal.type("obs: two pods are gone")
    terminal.press("Enter")
    terminal.wait_for("two pods are gone")
    terminal.press("!")
    terminal.wait_for("HALTED", "unlock")
    terminal.press("u")
    terminal.wait_for("Type unlock")
    terminal.type("unlock")
    terminal.press("Enter")
    terminal.wait_for("ended fired 2/2", "[!] halt", "unlocked")
    terminal.press("q")
    terminal.wait_for("end the day: stop")
    terminal.press("e")
    terminal.wait_for("the day is closed", seconds=60)
    terminal.press("q")
    terminal.wait_for("session: ", "ended with 0")

    folder = session(tmp_path)
    state = view_of(read_events(folder.journal)).state
    assert state.status == "closed"
    assert state.all_clear
    assert [note.text for note in state.notes.values()] == ["two pods are gone"]
    assert state.halts[0].finished is not None
    assert folder.report.is_file()


def test_a_tiny_terminal_and_back(tmp_path: Path, terminal: Terminal) -> None:
    terminal.run(["replay", "example", "--sessions", str(tmp_path)])
    before = terminal.wait_for("RECORDED", "1 Pod K")
    terminal.resize(20, 5)
    terminal.wait_for("T+90:24 ", "0 ACTIVE")
    terminal.resize(120, 36)
    terminal.wait_for("RECORDED", "1 Pod K", "timeline")
    assert "Traceback" not in before
    terminal.press("q")
    terminal.wait_for("ended with 0")
