"""Calls the program as a shell does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from controlroom.cli.main import main

PROGRAM = (sys.executable, "-m", "controlroom.cli")

PATIENCE = 30.0
"""Real seconds after which a command that should have ended has not."""


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Called:
    """In this process; a usage error of the parser is the exit code that a shell would see."""
    capsys.readouterr()
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return Called(code, out, err)


def spawn(*arguments: str | Path, cwd: Path | None = None) -> Called:
    """In a process of its own without a terminal."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
    )
    return Called(done.returncode, done.stdout, done.stderr)


def on_terminal(*arguments: str | Path) -> Called:
    """With a terminal for keys and picture; what is printed to stderr is kept apart from it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
    )
    os.close(theirs)
    assert process.stderr is not None
    shown, said = bytearray(), bytearray()
    reading = {ours: shown, process.stderr.fileno(): said}
    until = time.monotonic() + PATIENCE
    try:
        while reading:
            ready, _, _ = select.select(list(reading), [], [], until - time.monotonic())
            assert ready, f"it goes on: {bytes(said[-500:])!r}"
            for source in ready:
                if piece := _read(source):
                    reading[source].extend(piece)
                else:
                    del reading[source]
        return Called(process.wait(PATIENCE), shown.decode(errors="replace"), said.decode(errors="replace"))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(ours)


def _read(source: int) -> bytes:
    """What there is; nothing at its end."""
    try:
        return os.read(source, 65536)
    except OSError:
        return b""  # Linux tells the end of a terminal's other side so
