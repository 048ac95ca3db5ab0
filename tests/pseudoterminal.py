"""A screen on a pseudo-terminal of its own, without any program in between: typed into, read, ended."""

from __future__ import annotations

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
import time
from collections.abc import Iterator, Sequence
from typing import Any

PATIENCE = 30.0
"""Real seconds after which something that should be painted has not been."""
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
        """What was painted since the start, once all of the texts were."""
        until = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.master, selectors.EVENT_READ)
            while missing := [text for text in texts if text not in self.painted]:
                assert time.monotonic() < until, (missing, self.painted[-2000:])
                if not selector.select(0.1):
                    assert self.process.poll() is None, (missing, self.painted[-2000:])
                else:
                    self.painted += os.read(self.master, 65536)
        return self.painted

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
