"""A program on a pseudo-terminal, as its user has it: keys go in, frames come out, and it is told when."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from benchmarks.terminal import ANSWERS, COLUMNS, ROWS, Emulator

LONGEST = 5.0
"""Real seconds after which a key has had no effect."""
QUIET = 0.08
"""Real seconds without a byte after which it is looked at what came."""
FRAME_END = b"\x1b[?2026l"
"""Ends what a terminal shows in one go."""


@dataclass(frozen=True)
class Key:
    """What is pressed, and a text that stands on the screen once it has had its effect, and not before."""

    name: str
    sent: bytes
    shows: str


class Screen:
    """Runs the command; its standard error is what it paints on, too."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
        )
        os.close(slave)
        self._log = log.open("wb")
        self._emulator = Emulator()

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def press(self, key: Key) -> float:
        """Seconds from the press until the whole frame that shows its effect has arrived."""
        began = time.perf_counter()
        self.send(key.sent)
        return self._until(key.shows, began, LONGEST) - began

    def at_times(
        self, keys: Sequence[bytes], pauses: Sequence[float], line: re.Pattern[str]
    ) -> tuple[list[float], list[tuple[float, str]]]:
        """Sends each key and, whatever is painted meanwhile, the next one so many seconds after it.

        Returns when each was sent, and when which text that `line` finds was on the screen at the end of a frame.
        """
        sent: list[float] = []
        chunks: list[tuple[float, bytes]] = []
        due = time.perf_counter()
        for key, pause in zip(keys, pauses, strict=True):
            self.send(key)
            sent.append(time.perf_counter())
            due = max(due, sent[-1] - pause / 2) + pause
            while (left := due - time.perf_counter()) > 0:
                if data := self._read(left):
                    chunks.append((time.perf_counter(), data))
        chunks += self._burst()
        frames: list[tuple[float, str]] = []
        tail = b""
        for arrived, data in chunks:
            self._emulator.feed(data)
            tail = tail[-len(FRAME_END) :] + data
            found = line.search("\n".join(self._emulator.lines())) if FRAME_END in tail else None
            if found is not None:
                frames.append((arrived, found[1]))
        return sent, frames

    def read_until(self, text: str, longest: float) -> None:
        """Returns when a frame with that text has been painted; raises TimeoutError."""
        self._until(text, time.perf_counter(), longest)

    def read_for(self, seconds: float) -> None:
        """Lets time pass; what is painted meanwhile is taken off the line."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._emulator.feed(self._read(left))

    def lines(self) -> list[str]:
        """What it shows."""
        return self._emulator.lines()

    def _until(self, text: str, began: float, longest: float) -> float:
        tail, found = b"", 0.0
        while time.perf_counter() < began + longest:
            for arrived, data in self._burst():
                self._emulator.feed(data)
                tail = tail[-len(FRAME_END) :] + data
                if not found and FRAME_END in tail and self._emulator.shows(text):
                    found = arrived
            if found:
                return found
        lines = "\n".join(self._emulator.lines())
        raise TimeoutError(f"never painted: {text}; the screen:\n{lines}")

    def _burst(self) -> list[tuple[float, bytes]]:
        """What comes until the line is quiet, and when each piece of it had been read: looking at it takes longer."""
        found: list[tuple[float, bytes]] = []
        while data := self._read(QUIET):
            found.append((time.perf_counter(), data))
        return found

    def _read(self, longest: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], longest)
        if not ready:
            return b""
        data = os.read(self._master, 65536)
        self._log.write(data)
        for question, answer in ANSWERS.items():
            if question in data:
                os.write(self._master, answer)
        return data
