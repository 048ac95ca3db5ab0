"""Copying: what the texts say and keep back, and the bytes that reach a terminal."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
from pathlib import Path

import pytest

from controlroom.core import events as e
from controlroom.tui import clipboard
from controlroom.tui.copying import LONGEST, as_line, status
from controlroom.tui.surroundings import ascii_only, no_clipboard, over_ssh
from tests.pseudoterminal import screen
from tests.system import require
from tests.tui.desk import Desk, desk
from tests.tui.seats import AUDIENCE, told

OSC = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def sent(room: Desk) -> list[str]:
    return [said for said in room.said if said.startswith("sent to the clipboard")]


async def test_a_status_line_for_everybody_names_nothing_that_is_not_revealed() -> None:
    async with desk(1872) as room:
        shared, whole = status(room.app.now, whole=False), status(room.app.now, whole=True)
        assert whole.text.startswith(
            "Game Day: Inventory Service Failure Scenario (rehearsal) · T+31:08 · Inject Chaos, 13:52 left"
        )
        assert "faults: Pod Kill fired 2/2" in whole.text
        assert "Network Latency active 3/3" in whole.text
        assert "TTD" in whole.text
        assert shared.text.startswith(
            "Game Day: Inventory Service Failure Scenario (rehearsal) · T+31:08 · Inject Chaos, 13:52 left"
        )
        for secret in ("Pod Kill", "Latency", "fault", "TTD", "criteria"):
            assert secret not in shared.text, secret
        assert "Network Latency" in shared.kept_back
        await room.feed(e.Revealed(experiment="pod-kill"), e.Revealed(experiment="network-latency"))
        some = status(room.app.now, whole=False)
        assert "Network Latency active 3/3" in some.text
        assert "TTD" not in some.text, "figures that vanish with the next fault would tell of it"
        await room.feed(e.Revealed(experiment="memory-stress"))
        revealed = status(room.app.now, whole=False)
        assert "TTD" in revealed.text
        assert revealed.kept_back == ""


async def test_what_the_status_line_leaves_out_does_not_depend_on_what_is_hidden() -> None:
    """Someone who compares two lines must not see that something has begun in between."""
    async with desk(890) as before, desk(950) as after:
        assert not before.app.now.state.runs
        assert after.app.now.state.runs
        kinds = [
            [part.split(":")[0] for part in status(own.app.now, whole=False).text.split(" · ")[3:]]
            for own in (before, after)
        ]
        assert "faults" not in kinds[1]
        assert [kind for kind in kinds[1] if kind != "firing"] == kinds[0]


async def test_an_audience_copies_what_it_sees() -> None:
    async with desk(events=told(1872), info=AUDIENCE) as room:
        await room.press("Y")
        assert "in full" not in room.sheet()
        text = status(room.app.now, whole=False).text
        assert "T+31:08" in text
        assert "TTD" not in text


@pytest.mark.parametrize(
    ("pane", "what", "text"),
    [
        ("metrics", "the metric", r".+: now .+, pre .+, .* \(T\+31:08\)"),
        ("experiments", "the experiment, which is not revealed", r"Pod Kill: .+ \(T\+31:08\)"),
        ("notes", "the note", r"T\+\d\d:\d\d \w+ by .+: .+"),
        ("feed", "the line of the feed", r"T\+\d\d:\d\d \w+: .+"),
        ("timeline", "the moment", r"T\+\d\d:\d\d \w+: .+"),
    ],
)
async def test_what_the_cursor_is_on_is_copied(
    pane: str, what: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    written: list[str] = []
    async with desk(1872) as room:
        assert room.app._driver is not None
        monkeypatch.setattr(room.app._driver, "write", written.append)
        room.app.choose(pane)
        await room.pilot.pause()
        await room.press("y")
        await room.until(lambda: bool(sent(room)), "it is said")
        assert what in sent(room)[0]
        found = OSC.fullmatch("".join(written).encode())
        assert found is not None
        assert re.fullmatch(text, base64.b64decode(found[1]).decode())


async def test_with_nothing_chosen_it_is_asked_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    async with desk(1872) as room:
        await room.press("y")
        assert "status line" in room.sheet()
        assert "The status line is for everybody: not revealed" in room.sheet()
        await room.press("s")
        await room.until(lambda: bool(sent(room)), "it is said")
        assert "left out with all figures" in sent(room)[0]


async def test_where_there_is_no_clipboard_the_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    async with desk(1872) as room:
        await room.press("Y", "w")
        await room.until(lambda: room.app.screen is not room.app.room_screen, "it is shown")
        await room.pilot.pause()
        assert "this terminal (linux) has no clipboard" in room.sheet()
        assert "T+31:08" in room.sheet()
        assert not sent(room)


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]52;c;ZXZpbA==\x07",
        "a\nrm -rf /\n",
        "x" * 100_000,
        "\x9d0;title\x9c",
        "‮evil",
        "💥" * 9_000,
        "\ud800",
    ],
)
def test_the_sequence_is_ours_alone_whatever_the_text(text: str) -> None:
    raw = clipboard.sequence(text).encode()
    found = OSC.fullmatch(raw)
    assert found is not None
    inner = base64.b64decode(found[1]).decode()
    assert inner == as_line(text)[:LONGEST].encode("utf-8", "replace").decode()
    assert len(inner) <= LONGEST
    assert len(raw) < 74_994, "what hterm and its like take at most"
    assert all(char.isprintable() for char in inner)
    assert "\n" not in inner


def test_surroundings() -> None:
    assert no_clipboard({"TERM": "xterm-256color"}) == ""
    assert "dumb" in no_clipboard({"TERM": "dumb"})
    assert "not set" in no_clipboard({})
    assert "GNU screen" in no_clipboard({"TERM": "screen", "STY": "1.pts"})
    assert ascii_only({"TERM": "linux", "LANG": "C.UTF-8"})
    assert ascii_only({"TERM": "xterm", "LANG": "C"})
    assert ascii_only({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}), "as Python puts it for itself"
    assert not ascii_only({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "de_DE.UTF-8"})
    assert not ascii_only({"TERM": "xterm", "LANG": "C.UTF-8"})
    assert over_ssh({"SSH_TTY": "/dev/pts/1"})
    assert not over_ssh({})


def test_a_real_terminal_gets_the_sequence_and_nothing_else_of_its_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    with screen("replay", "--sessions", str(tmp_path)) as terminal:
        terminal.read_until(b"nothing here is live")
        terminal.type(b"Y")
        terminal.read_until(b"status line")
        terminal.type(b"s")
        raw = terminal.read_until(b"\x1b]52;", b"sent to the clipboard")
        found = OSC.findall(raw)
        assert len(found) == 1 == raw.count(b"\x1b]52")
        assert b"Inventory Service Failure" in base64.b64decode(found[0])
        terminal.type(b"q")
        assert terminal.ended(30.0) == 0


@pytest.mark.system
def test_tmux_takes_the_text_whatever_it_is_configured_for(tmp_path: Path) -> None:
    tmux = [str(require("tmux", "tmux")), "-S", str(tmp_path / "s"), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "sh", "-c", "exec cat"], check=True)
    try:
        assert asyncio.run(
            clipboard.through_tmux(
                "a\x1b[31m line", {"TMUX": f"{tmp_path / 's'},1,0", "PATH": "/usr/bin:/bin"}
            )
        )
        shown = subprocess.run([*tmux, "show-buffer"], check=True, capture_output=True)
        assert shown.stdout == b"a line"
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


async def test_without_tmux_it_is_not_asked(tmp_path: Path) -> None:
    assert not await clipboard.through_tmux("x", {})
    assert not await clipboard.through_tmux("x", {"TMUX": "/nowhere,1,0", "PATH": str(tmp_path)})
