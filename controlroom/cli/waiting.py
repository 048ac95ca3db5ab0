"""Says what is being waited for, where that takes more than a moment."""

from __future__ import annotations

import threading
import time
from typing import TextIO

EVERY = 1.0
"""Real seconds between two lines, and how long a thing takes before it is spoken of."""
SHOWN = 3
WIDTH = 79


class Waiting:
    """Used as a context. On a terminal one line is rewritten and wiped at the end; elsewhere each slow thing gets one.

    It has a thread of its own: what is waited for may well hold the loop.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._line = out.isatty()
        self._began: dict[str, float] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="waiting", daemon=True)

    def tell(self, what: str, done: bool) -> None:
        """`what` begins, or is done."""
        with self._lock:
            if done:
                self._began.pop(what, None)
            else:
                self._began[what] = time.monotonic()

    def __enter__(self) -> Waiting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._line and self._told:
            self._write("\r" + " " * WIDTH + "\r")

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            with self._lock:
                now = time.monotonic()
                slow = {what: now - at for what, at in self._began.items() if now - at >= EVERY}
            if slow:
                self._show(slow)

    def _show(self, slow: dict[str, float]) -> None:
        if self._line:
            self._told |= set(slow)
            told = ", ".join(list(slow)[:SHOWN])
            more = f" and {len(slow) - SHOWN} more" if len(slow) > SHOWN else ""
            text = f"waiting {max(slow.values()):.0f} s for {told}{more}"
            self._write("\r" + text[:WIDTH].ljust(WIDTH))
            return
        if new := [what for what in slow if what not in self._told]:
            self._told |= set(new)
            self._write("".join(f"waiting for {what}\n" for what in new))

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
