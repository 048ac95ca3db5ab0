"""What a command must know of a plan before it starts anything, asked of a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from controlroom.cli.codes import BROKEN, Stop
from controlroom.plan.brief import FLAWED, UNBOUND, Brief


def brief_of(plan: Path, *, bindings: bool) -> Brief:
    """A checked plan. `bindings`: the names that it takes from the environment are there as well.

    Raises :class:`Stop` with every error, one a line.
    """
    asked = [sys.executable, "-m", "controlroom.plan", str(plan), *(["--bindings"] if bindings else [])]
    done = subprocess.run(asked, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode in (FLAWED, UNBOUND):
        # Each error of a plan begins with its file and line.
        raise Stop(done.stderr.decode(errors="replace").rstrip(), bare=done.returncode == FLAWED)
    try:
        return msgspec.json.decode(done.stdout, type=Brief)
    except msgspec.DecodeError as error:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise Stop(f"{plan} could not be checked: {last[0]}", BROKEN) from error
