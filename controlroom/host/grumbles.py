"""A log that nobody can flood: what viewers do wrong is logged, but only so much of it in a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from controlroom.core.clean import clean

MOST = 30
"""Lines in a minute, for all viewers together."""
WINDOW = 60.0
LONGEST = 300
"""Characters of a line: its text may be a viewer's own."""


class Grumbles:
    """Logs through `log` until it is enough for this minute; tells afterwards how much was left out."""

    def __init__(self, log: logging.Logger, real: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._real = real
        self._began = real()
        self._said = 0
        self._left_out = 0

    def say(self, text: str, level: int = logging.WARNING, error: BaseException | None = None) -> None:
        """One line; of an `error` also where it came from."""
        now = self._real()
        if now - self._began >= WINDOW:
            self._tell()
            self._began, self._said = now, 0
        if self._said >= MOST:
            self._left_out += 1
            return
        self._said += 1
        self._log.log(level, "%s", clean(text, LONGEST), exc_info=error)
        if self._said == MOST:
            self._log.warning("more of this is left out for up to %g s", WINDOW)

    def close(self) -> None:
        """Tells what is still untold."""
        self._tell()

    def _tell(self) -> None:
        if self._left_out:
            self._log.warning("%d more lines about viewers were left out", self._left_out)
            self._left_out = 0
