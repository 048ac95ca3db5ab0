"""A real terminal for tests: tmux on a socket of its own, typed into and read."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.system import require

LOOK = 0.05
"""Real seconds between two looks at the screen."""


class Terminal:
    """One program in one pane of a given size."""

    def __init__(self, place: Path, columns: int, rows: int) -> None:
        self._tmux = [str(require("tmux", "tmux")), "-S", str(place / "tmux.sock"), "-f", "/dev/null"]
        self._size = ["-x", str(columns), "-y", str(rows)]
        self._ended = threading.Event()

    def run(self, arguments: Sequence[str]) -> None:
        """Starts `controlroom` with these arguments; the pane stays when it has ended, and says how."""
        self.run_command([sys.executable, "-m", "controlroom.cli", *arguments])

    def run_command(self, command: Sequence[str]) -> None:
        """The same with any command."""
        told = f"{shlex.join(command)}; printf '\\nended with %s\\n' $?; exec cat"
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [*self._tmux, "new-session", "-d", *self._size, "sh", "-c", told],
            check=True,
            env=environment,
        )

    def press(self, *keys: str) -> None:
        """Keys by tmux's names."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def type(self, text: str) -> None:
        """Text as it is."""
        subprocess.run([*self._tmux, "send-keys", "-l", text], check=True)

    def resize(self, columns: int, rows: int) -> None:
        size = ["-x", str(columns), "-y", str(rows)]
        subprocess.run([*self._tmux, "resize-window", *size], check=True)

    def screen(self) -> str:
        """What is on it now, as text."""
        done = subprocess.run([*self._tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True)
        return done.stdout

    def wait_for(self, *texts: str, seconds: float = 30.0) -> str:
        """The screen, once all of the texts are on it."""
        return self.wait_until(lambda screen: all(text in screen for text in texts), f"{texts}", seconds)

    def wait_until(self, true: Callable[[str], bool], what: str, seconds: float = 30.0) -> str:
        """The screen, once that holds of it."""
        until = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if true(screen):
                return screen
            if time.monotonic() > until:
                raise AssertionError(f"never seen: {what}; on the screen at last:\n{screen}")
            self._ended.wait(LOOK)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
