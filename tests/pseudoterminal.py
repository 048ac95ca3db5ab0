"""A screen on a pseudo-terminal of its own, without any program in between: typed into, read, ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import selectors
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pyte

PATIENCE = 30.0
"""Real seconds after which something that should be painted has not been."""
KITTY = re.compile(rb"\x1b\[[<>=]\d*u")
"""How keys are to be told: the emulator does not know of it."""
CLI = ("-m", "controlroom.cli")


class Screen:
    """`python` with these arguments; what it paints is read by hand."""

    def __init__(
        self, arguments: Sequence[str], controlling: bool = True, size: tuple[int, int] = (80, 24)
    ) -> None:
        self.master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.painted = b""
        self._emulated = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._emulated)

        def own_terminal() -> None:
            os.setsid()
            signal.signal(
                signal.SIGHUP, signal.SIG_DFL
            )  # whoever runs the tests may have ignored it, as `nohup` does
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        # Whoever runs the tests may say a size by these; a terminal of its own has its own.
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=own_terminal,
        )
        self._slave = slave
        """Kept open: only so the state in which the terminal was left can be looked at."""

    def read_until(self, *texts: bytes) -> bytes:
        """What was sent since the start, once each text was sent in one piece or stands on the screen: a word of
        which some letters were there already is sent without them."""
        until = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.master, selectors.EVENT_READ)
            while missing := self._missing(texts):
                assert time.monotonic() < until, (missing, self.shown())
                if not selector.select(0.1):
                    assert self.process.poll() is None, (missing, self.painted[-2000:])
                else:
                    data = os.read(self.master, 65536)
                    self.painted += data
                    self._stream.feed(KITTY.sub(b"", data))
        return self.painted

    def _missing(self, texts: Sequence[bytes]) -> list[bytes]:
        unsent = [text for text in texts if text not in self.painted]
        shown = "\n".join(self.shown()).encode() if unsent else b""
        return [text for text in unsent if text not in shown]

    def shown(self) -> list[str]:
        """The lines of the terminal, as far as they were read."""
        columns, rows = self._emulated.columns, self._emulated.lines
        return ["".join(self._emulated.buffer[y][x].data for x in range(columns)) for y in range(rows)]

    def resize(self, columns: int, rows: int) -> None:
        """Another size; what was sent for the one before is forgotten."""
        self.painted = b""
        self._emulated.resize(rows, columns)
        self._emulated.erase_in_display(2)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: bytes) -> None:
        os.write(self.master, text)

    def settings(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    def vanish(self) -> None:
        """The terminal is closed, as when a window is or a line is cut."""
        os.close(self._slave)
        os.close(self.master)
        self.master = self._slave = -1

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
    """`controlroom` with these arguments, ended whatever the test did."""
    with program(*CLI, *arguments, controlling=controlling) as found:
        yield found


@contextlib.contextmanager
def program(*arguments: str, controlling: bool = True, size: tuple[int, int] = (80, 24)) -> Iterator[Screen]:
    """The same for any Python program, in so many columns and rows."""
    found = Screen(arguments, controlling, size)
    try:
        yield found
    finally:
        found.close()
