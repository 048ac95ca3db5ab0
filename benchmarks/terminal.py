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

COLUMNS, ROWS = 120, 36
LONGEST = 20.0
ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[?u": b"\x1b[?0u",
}
"""What a terminal answers to the questions that Textual asks at its start."""
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=$ ]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|.)")


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
    found, data = Run(), bytearray()
    missing = {marker: marker.encode() for marker in markers}
    while missing:
        if time.monotonic() - began > LONGEST:
            tail = ESCAPES.sub(b"", bytes(data))[-400:]
            raise TimeoutError(f"never seen: {', '.join(missing)}; the end of what was: {tail!r}")
        ready, _, _ = select.select([master], [], [], 0.1)
        if not ready:
            continue
        chunk = os.read(master, 65536)
        now = time.monotonic() - began
        found.first_byte = found.first_byte or now
        data += chunk
        for question, answer in ANSWERS.items():
            if question in chunk:
                os.write(master, answer)
        plain = ESCAPES.sub(b"", bytes(data))
        for marker, text in list(missing.items()):
            if text in plain:
                found.seen[marker] = now
                del missing[marker]
    found.sent = len(data)
    return found
