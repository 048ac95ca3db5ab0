"""Runs a program in a pseudo-terminal and says when which text was on its screen."""

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
from dataclasses import dataclass, field

import pyte

COLUMNS, ROWS = 120, 36
LONGEST = 20.0
QUIET = 0.7
"""Real seconds without a byte after which it is looked at what came."""
ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[?u": b"\x1b[?0u",
}
"""What a terminal answers to the questions that Textual asks at its start."""
KITTY = re.compile(rb"\x1b\[[<>=]\d*u")
"""How keys are to be told: the emulator does not know of it."""


class Emulator:
    """What a terminal shows that was sent those bytes. Slow: what is timed is read first, and fed to it afterwards."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)

    def feed(self, data: bytes) -> None:
        self._stream.feed(KITTY.sub(b"", data))

    def lines(self) -> list[str]:
        return ["".join(self.screen.buffer[y][x].data for x in range(COLUMNS)) for y in range(ROWS)]

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.lines())


@dataclass
class Run:
    """Seconds from the start of the process to the first sight of each marker, and the bytes sent by then."""

    first_byte: float = 0.0
    seen: dict[str, float] = field(default_factory=dict)
    sent: int = 0


def run(command: Sequence[str], markers: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Starts the command and returns once every marker was seen; raises TimeoutError with what was missing."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
    )
    os.close(slave)
    try:
        return _watch(master, markers, began)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)


def _watch(master: int, markers: Sequence[str], began: float) -> Run:
    """Reads until nothing more comes, and looks afterwards when which marker was there."""
    found, chunks, missing = Run(), [], set(markers)
    emulator = Emulator()
    while missing:
        if time.monotonic() - began > LONGEST:
            tail = "\n".join(emulator.lines())
            raise TimeoutError(f"never seen: {', '.join(sorted(missing))}; the screen:\n{tail}")
        if select.select([master], [], [], QUIET)[0]:
            chunk = os.read(master, 65536)
            chunks.append((time.monotonic() - began, chunk))
            for question, answer in ANSWERS.items():
                if question in chunk:
                    os.write(master, answer)
            continue
        for now, chunk in chunks:
            found.first_byte = found.first_byte or now
            found.sent += len(chunk)
            emulator.feed(chunk)
            for marker in [own for own in missing if emulator.shows(own)]:
                found.seen[marker] = now
                missing.remove(marker)
        chunks = []
    return found
