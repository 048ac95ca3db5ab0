"""The terminal of the screen: gone, or told to end, it ends the screen and nothing else.

Textual's own driver reads an ended input for ever in a busy loop, dies with a traceback on a line that was cut,
and waits for ever once nobody takes what it writes. The methods used here are internal doors of Textual; its
version is pinned, and tests with real terminals keep watch.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from controlroom.tui.app import ControlRoomApp

PATIENCE = 5.0
"""Real seconds in which the screen must have ended by itself; a line that takes nothing would hold it for ever."""


class Line:
    """The terminal as a file to write to; once it is gone, what is written goes nowhere."""

    def __init__(self, file: Any, gone: Callable[[], None]) -> None:
        self._file = file
        self._gone = gone

    def write(self, text: str) -> int:
        try:
            return int(self._file.write(text))
        except OSError:
            self._gone()
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._gone()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Terminal(LinuxDriver):
    """Textual's driver for real terminals, with an end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast(Any, Line(self._file, self._hung_up))
        self._ending = threading.Lock()

    def start_application_mode(self) -> None:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
                signal.signal(number, self._told)
        # After a pause, too: a shell may have had the terminal.
        cast("ControlRoomApp", self._app).paper.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        for number in (signal.SIGHUP, signal.SIGTERM):
            if signal.getsignal(number) == self._told:
                signal.signal(number, signal.SIG_DFL)
        super().close()

    def _enable_mouse_support(self) -> None:
        """Clicks, the wheel, and moves with a button down; a mouse that only moves would be told for nothing."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1002l")
        super()._disable_mouse_support()

    def _told(self, number: int, frame: FrameType | None) -> None:
        self._end(number)

    def _hung_up(self) -> None:
        self._end(signal.SIGHUP)

    def _end(self, number: int) -> None:
        """Ends the screen, from any thread and from a signal; the first reason counts."""
        if not self._ending.acquire(blocking=False):
            return
        last = threading.Timer(PATIENCE, self._give_up, (number,))
        last.daemon = True
        last.start()
        app = cast("ControlRoomApp", self._app)
        with contextlib.suppress(RuntimeError):  # the loop has ended: so has the screen
            self._loop.call_soon_threadsafe(app.ended_by, int(number))

    def _give_up(self, number: int) -> None:
        """The line takes nothing and the screen waits for it: what can be put back is, and the process ends."""
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        os._exit(128 + number)

    def run_input_thread(self) -> None:
        """Reads keys until told to stop; an input that has ended, or a line that was cut, ends the screen."""
        try:
            self._read_keys()
        except OSError:
            self._hung_up()

    def _read_keys(self) -> None:
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    read = os.read(self.fileno, 4096)
                    if not read:
                        self._hung_up()
                        return
                    for message in parser.feed(decode(read)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass


def is_gone(number: int) -> bool:
    """Whether nobody can read what is printed any more; then nothing that is printed does harm."""
    try:
        if number == signal.SIGHUP:
            termios.tcgetattr(sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return False
    except (termios.error, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        os.close(nowhere)
        return True
