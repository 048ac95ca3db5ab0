"""The screen's own end: signals, a terminal that vanishes, a line that takes nothing. The session goes on."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import selectors
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from controlroom.tui import terminal
from tests.host.live import LiveHost, live_host

PATIENCE = 30.0
SOON = 4.0
"""Real seconds in which a screen that lost its terminal must be gone."""


class Screen:
    """A screen on a pseudo-terminal of its own; what it paints is read by hand."""

    def __init__(self, arguments: Sequence[str], controlling: bool = True) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.painted = b""

        def own_terminal() -> None:
            os.setsid()
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "controlroom.cli", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=own_terminal,
        )
        self._slave = slave
        """Kept open: only so the state in which the terminal was left can be looked at."""

    def read_until(self, *texts: bytes) -> bytes:
        """What was painted since the start, once all of the texts were."""
        until = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.master, selectors.EVENT_READ)
            while missing := [text for text in texts if text not in self.painted]:
                assert time.monotonic() < until, (missing, self.painted[-2000:])
                if selector.select(0.1):
                    self.painted += os.read(self.master, 65536)
        return self.painted

    def settings(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    def let_go(self) -> None:
        """Only the screen itself holds the terminal's end then."""
        os.close(self._slave)
        self._slave = -1

    def vanish(self) -> None:
        """The terminal is closed, as when a window is or a line is cut."""
        self.let_go()
        os.close(self.master)
        self.master = -1

    def ended(self, within: float) -> int:
        return self.process.wait(within)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for handle in (self.master, self._slave):
            if handle >= 0:
                os.close(handle)


@contextlib.contextmanager
def screen(*arguments: str, controlling: bool = True) -> Iterator[Screen]:
    found = Screen(arguments, controlling)
    try:
        yield found
    finally:
        found.close()


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
            os.write(own.master, b"T")
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
