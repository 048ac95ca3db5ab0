"""The screen on terminals that can do less, on real pseudo-terminals: what is sent is what they can show."""

from __future__ import annotations

import re

import pytest

from tests.pseudoterminal import Screen, screen

REPLAY = ("replay", "example")
READY = b"space play"
"""Stands in the last line of a recording."""
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")
MANY = re.compile(rb"\x1b\[(?:[0-9;]*;)?[34]8;[0-9;]*m")
"""Of 256 colours or more."""


def painted(terminal: Screen) -> bytes:
    terminal.read_until(READY, b"Pod K")
    return terminal.painted


@pytest.mark.parametrize(
    "environment",
    [{"LANG": "C", "LC_ALL": "", "TERM": "xterm"}, {"TERM": "linux"}, {"TERM": "dumb"}, {"LC_ALL": "POSIX"}],
    ids=["LANG=C", "linux", "dumb", "POSIX"],
)
def test_a_terminal_without_our_signs_is_sent_ascii(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with screen(*REPLAY) as own:
        assert painted(own).isascii()
        assert "passed" in "".join(own.shown())


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_where_there_is_no_colour_none_is_sent(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with screen(*REPLAY) as own:
        assert COLOUR.findall(painted(own)) == []
        assert b"\x1b[1m" in own.painted or b"\x1b[1;7m" in own.painted, "but what is strong is still so"


def test_sixteen_colours_are_sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-16color")
    with screen(*REPLAY) as own:
        assert COLOUR.findall(painted(own)) != []
        assert MANY.findall(own.painted) == []


def test_a_terminal_made_tiny_and_large_again_shows_what_it_did() -> None:
    with screen(*REPLAY) as own:
        painted(own)
        before = own.shown()
        own.resize(20, 5)
        own.read_until(b"T+90:24")
        assert len(own.shown()) == 5
        own.resize(80, 24)
        painted(own)
        assert own.shown() == before
        own.painted = b""
        own.type(b"\x0c")  # paints all of it anew
        own.read_until(b"\x1b[24;1H")
        assert b"RECORDED" in own.painted
