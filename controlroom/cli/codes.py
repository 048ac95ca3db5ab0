"""Exit codes, and the one way in which a command ends early."""

from __future__ import annotations

DONE, NEEDS_IMPROVEMENT, USAGE, INCONCLUSIVE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""0 done (a headless day: passed), 1 needs improvement, 2 usage or plan error, 3 inconclusive, 4 something broke
on the way, 130 interrupted."""

VERDICTS = {"passed": DONE, "needs improvement": NEEDS_IMPROVEMENT}
"""Exit code of a headless day by its verdict; any other is inconclusive."""


class Stop(Exception):
    """Ends the program with a message and an exit code. `bare`: its lines begin with a place of their own."""

    def __init__(self, message: str, code: int = USAGE, *, bare: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.bare = bare
