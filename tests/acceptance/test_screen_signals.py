"""The screen's own end: signals, a terminal that vanishes, a line that takes nothing. The session goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from controlroom.tui import terminal
from tests.host.live import LiveHost, live_host
from tests.pseudoterminal import screen

SOON = 4.0
"""Real seconds in which a screen that lost its terminal must be gone."""


def attach(host: LiveHost, *more: str) -> tuple[str, ...]:
    return ("attach", host.folder.name, "--sessions", str(host.folder.path.parent), *more)


async def test_a_signal_ends_the_screen_alone_and_says_how_to_come_back(tmp_path: Path) -> None:
    async with live_host(tmp_path, rate=20.0) as host:
        for number in (signal.SIGTERM, signal.SIGHUP):
            with screen(*attach(host)) as own:
                await asyncio.to_thread(own.read_until, b"\x1b[?1049h", b"LAB")
                assert own.settings() != own.before
                own.process.send_signal(number)
                said = f"controlroom attach {host.folder.name}".encode()
                painted = await asyncio.to_thread(own.read_until, b"\x1b[?1049l", b"\x1b[?25h", said)
                assert painted.rindex(said) > painted.rindex(b"\x1b[?1049l"), "said on the shell's screen"
                assert b"Traceback" not in painted
                assert await asyncio.to_thread(own.ended, SOON) == 128 + number
                assert own.settings() == own.before
        assert host.process.poll() is None, "the session goes on"
        assert host.folder.host() is not None


@pytest.mark.parametrize("controlling", [True, False], ids=["controlling terminal", "no signal comes"])
async def test_a_terminal_that_vanishes_ends_the_screen(controlling: bool) -> None:
    with screen("replay", "example", controlling=controlling) as own:
        await asyncio.to_thread(own.read_until, b"RECORDED")
        own.vanish()
        assert await asyncio.to_thread(own.ended, SOON) == 128 + signal.SIGHUP


async def test_a_line_that_takes_nothing_does_not_keep_the_screen() -> None:
    """As over a connection that hangs: what is painted is not taken, and the painter waits for ever."""
    with screen("replay", "example") as own:
        await asyncio.to_thread(own.read_until, b"RECORDED")
        for _ in range(60):  # themes: each paints the whole screen, and nobody reads it
            own.type(b"T")
            await asyncio.sleep(0.02)
        own.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(own.ended, terminal.PATIENCE + SOON) == 128 + signal.SIGTERM


async def test_an_input_that_has_ended_is_not_read_for_ever() -> None:
    """A terminal that was hung up reads as empty, at once and again and again."""
    reading, writing = os.pipe()
    os.close(writing)
    ended = asyncio.Event()

    class App:
        def ended_by(self, number: int) -> None:
            assert number == signal.SIGHUP
            ended.set()

    own = terminal.Terminal.__new__(terminal.Terminal)
    own.fileno = reading
    own._app = cast(Any, App())
    own._debug = False
    own._loop = asyncio.get_running_loop()
    own._ending = threading.Lock()
    own.exit_event = threading.Event()
    own.attrs_before = None
    given_up: list[int] = []
    own._give_up = given_up.append  # type: ignore[method-assign]
    thread = threading.Thread(target=own.run_input_thread)
    thread.start()
    async with asyncio.timeout(SOON):
        await ended.wait()
        await asyncio.to_thread(thread.join)
    os.close(reading)
