"""The facilitator sits on SSH: whatever becomes of the line or the screen, the session and its fault do not notice."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlroom.journal.folder import HostFile, SessionFolder, sessions_in
from controlroom.journal.reader import lines_of, read_events, verify
from controlroom.journal.report import view_of
from tests.sshd import Sshd
from tests.terminal import Terminal

pytestmark = pytest.mark.system

PATIENCE = 20.0
LOOK = 0.05


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "sessions"
    place.mkdir()
    yield place
    for folder in sessions_in(place):
        if (host := folder.host()) is not None:
            os.kill(host.pid, signal.SIGKILL)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[str], Terminal]]:
    """Opens terminals by name; all are closed in the end."""
    opened: list[Terminal] = []

    def open_one(name: str) -> Terminal:
        place = tmp_path / name
        place.mkdir()
        opened.append(Terminal(place, 120, 36))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def processes(*words: str) -> list[int]:
    """Those whose command line has all the words as arguments of their own or at the end of one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if all(any(own.endswith(word) for own in arguments) for word in words):
            found.append(int(path.parent.name))
    return found


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(LOOK)


def only_session(sessions: Path) -> tuple[SessionFolder, HostFile]:
    (folder,) = sessions_in(sessions)
    host = folder.host()
    assert host is not None
    return folder, host


def screen_of(sessions: Path) -> int:
    (found,) = [pid for pid in processes("controlroom.cli", "rehearse", str(sessions)) if _is_python(pid)]
    return found


def _is_python(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"controlroom.cli"]


def cut_the_line(sessions: Path) -> None:
    """The client dies without a word: the server hangs up the terminal."""
    (client,) = [pid for pid in processes("/ssh", "@127.0.0.1") if str(sessions) in _line(pid)]
    os.kill(client, signal.SIGKILL)


def _line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def send(what: signal.Signals) -> Callable[[Path], None]:
    return lambda sessions: os.kill(screen_of(sessions), what)


BLOWS = {
    "a cut line": cut_the_line,
    "SIGHUP": send(signal.SIGHUP),
    "SIGTERM": send(signal.SIGTERM),
    "SIGKILL": send(signal.SIGKILL),
}


@pytest.mark.parametrize("blow", BLOWS.values(), ids=BLOWS)
def test_the_session_outlives_its_screen(
    sshd: Sshd, sessions: Path, terminal: Callable[[str], Terminal], blow: Callable[[Path], None]
) -> None:
    first = terminal("first")
    first.run_command(sshd.login(["rehearse", "--speed", "20", "--sessions", str(sessions)]))
    first.wait_for("Inventory Service Fail", "LAB", "BASELINE")
    _inject(first)
    folder, host = only_session(sessions)
    screen = screen_of(sessions)
    blow(sessions)
    until(lambda: not Path(f"/proc/{screen}").exists())
    assert folder.host() == host, "the host went with its screen"

    second = terminal("second")
    second.run_command(sshd.login(["attach", "--sessions", str(sessions)]))
    second.wait_for("LAB", "FIRED 2/2")
    _stop_and_end(second)
    _assert_nothing_is_missing(folder)


def _inject(screen: Terminal) -> None:
    screen.press("p")
    screen.wait_for("begin")
    screen.press("n")
    screen.wait_for("INJECT CHAOS")
    screen.press("x")
    screen.press("space")
    screen.wait_for("start Pod Kill?", "starts it now")
    screen.press("y")
    screen.wait_for("FIRED 2/2")


def _stop_and_end(screen: Terminal) -> None:
    screen.press("!")
    screen.wait_for("HALTED", "ended fired 2/2")
    screen.press("q")
    screen.wait_for("end the day: stop")
    screen.press("e")
    screen.wait_for("the day is closed", seconds=60)
    screen.press("q")
    screen.wait_for("ended with 0")


def _assert_nothing_is_missing(folder: SessionFolder) -> None:
    assert verify(folder.journal) == []
    events = read_events(folder.journal)
    assert [event.seq for event in events] == list(range(1, len(lines_of(folder.journal.read_bytes())) + 1))
    view = view_of(events)
    assert (view.state.status, view.state.all_clear) == ("closed", True)
    assert (view.state.gaps, view.state.outages) == ((), ())
    plan = view.state.plan
    assert plan is not None
    series = view.series(plan.metric_index("order_p95"))
    values = series.values(range(series.length))
    known = [index for index, value in enumerate(values) if not math.isnan(value)]
    assert known == list(range(known[0], known[-1] + 1)), "there is a gap in the samples"
    assert len(known) > 10
    assert folder.report.is_file()
