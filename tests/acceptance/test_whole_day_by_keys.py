"""The whole rehearsed game day in a real terminal of 80×24, by keys alone, from the first frame to the report."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.journal.loading import load
from tests.host.killing import lab_pid
from tests.terminal import Terminal

pytestmark = pytest.mark.system

SPEED = 120
"""The 90 minutes take 45 seconds, or longer where the machine cannot keep up: the lab slows down then."""
PATIENCE = 90.0


class Day:
    """The facilitator's hands and eyes."""

    def __init__(self, terminal: Terminal, place: Path) -> None:
        self.terminal = terminal
        self.sessions = place / "sessions"
        self.sessions.mkdir()

    def sees(self, *texts: str) -> str:
        return self.terminal.wait_for(*texts, seconds=PATIENCE)

    def press(self, *keys: str) -> None:
        self.terminal.press(*keys)

    def at(self, minute: int) -> None:
        """Waits until the clock line shows that minute of the session, or a later one."""
        self.until(lambda screen: now(screen) >= minute, f"T+{minute}")

    def until(self, true: Callable[[str], bool], what: str) -> None:
        self.terminal.wait_until(true, what, seconds=PATIENCE)

    def next_phase(self, title: str) -> None:
        self.press("p")
        self.sees("begin")
        self.press("n")
        self.sees(title)

    def start(self, number: int, title: str, state: str) -> None:
        """The experiment of that number, from the list with the cursor."""
        self.press("x", *["Up"] * 3, *["Down"] * (number - 1))
        self.press("Space")
        self.sees(f"start {title}?", "starts it now")
        self.press("y")
        self.sees(state)

    def note(self, text: str) -> None:
        self.press("n")
        self.sees("enter keeps it")
        self.terminal.type(text)
        self.press("Enter")
        self.sees(text.partition(": ")[2][:20] or text[:20])

    @property
    def folder(self) -> SessionFolder:
        (found,) = sessions_in(self.sessions)
        return found


def now(screen: str) -> int:
    """Minutes of the session by the clock line."""
    found = re.search(r"T\+(?:(\d+):)?(\d+):(\d\d)", screen)
    return int(found[1] or 0) * 60 + int(found[2]) if found else -1


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    own = Day(Terminal(tmp_path, 80, 24), tmp_path)
    yield own
    own.terminal.close()
    for folder in sessions_in(own.sessions):
        if (host := folder.host()) is not None:
            lab = lab_pid(folder)
            os.kill(host.pid, signal.SIGKILL)
            os.kill(lab, signal.SIGTERM)


def test_from_the_first_frame_to_the_report(day: Day) -> None:
    day.terminal.run(["rehearse", "--speed", str(SPEED), "--sessions", str(day.sessions)])
    day.sees("Inventory Service", "LAB", "BASELINE")
    day.note("obs: p95 is calm")
    day.at(15)
    day.next_phase("INJECT CHAOS")
    day.start(1, "Pod Kill", "FIRED 2/2")
    day.at(25)
    day.start(2, "Network Latency", "ACTIVE 3/3")
    day.note("todo: mend the runbook link")
    day.at(35)
    day.start(3, "Memory Stress", "ACTIVE 2/2")
    day.at(45)
    day.next_phase("INCIDENT RESPONSE")
    day.note("decide: restart the consumers")
    day.at(75)
    day.next_phase("RECOVERY")
    day.press("C")
    day.sees("clean up", "y ")
    day.press("y")
    day.sees("0 ACTIVE")
    day.at(86)
    answered = answer_everything(day)
    day.press("q")
    day.sees("end the day: stop")
    day.press("e")
    day.sees("the day is closed")
    day.press("q")
    day.sees("session: ", "ended with 0")

    day.until(lambda _: day.folder.host() is None, "the host has written its report and ended")
    state = load(day.folder.journal).head
    assert state.status == "closed"
    assert state.all_clear
    assert sorted(run.state for run in state.runs.values()) == ["ended"] * 3
    assert {run.experiment for run in state.runs.values()} == {"pod-kill", "network-latency", "memory-stress"}
    assert len(state.notes) == 3
    assert len(state.debrief) == answered
    report = day.folder.report.read_text(encoding="utf-8")
    assert "mend the runbook link" in report
    assert "answer 1" in report
    assert day.folder.record.is_file()


def answer_everything(day: Day) -> int:
    """The debrief's six questions, one by one."""
    day.press("g")
    day.sees("1 of 6")
    for number in range(1, 7):
        day.terminal.type(f"answer {number}")
        day.press("Enter")
        day.sees(f"{number + 1} of 6" if number < 6 else "6 answered")
    day.sees("the questions", "esc closes")
    day.press("Escape")
    day.until(lambda screen: "esc closes" not in screen, "the debrief is closed")
    return 6
