"""One host for one journal: a lock on a file of the session's folder, held for as long as the host lives.

The kernel lets go of it when the process ends, however it ends, so it tells a host that died from one that lives
better than a process number does: after a power failure that number may be somebody else's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

LOCK = "host.lock"
PATIENCE = 1.0
"""Real seconds for which a lock is asked for: whoever only looks whether it is held has it for a moment."""
LOOK = 0.02


class SessionLocked(Exception):
    """Another host has the session; the message says so, and what to do."""


class SessionLock:
    """Held from entering to leaving. Raises :class:`SessionLocked`, or OSError where there can be no lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def __enter__(self) -> SessionLock:
        file = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + PATIENCE
        while not _take(file, fcntl.LOCK_EX):
            if time.monotonic() > until:
                os.close(file)
                name = self._folder.name
                raise SessionLocked(f"another host has {name} already: `controlroom attach {name}` shows it")
            time.sleep(LOOK)
        self._file = file
        return self

    def take_back(self) -> None:
        """Where the folder was taken away and made again its lock is free for anybody: it is taken there, too.
        Raises as entering does."""
        with contextlib.suppress(FileNotFoundError):
            if self._file is not None and os.path.samestat(
                os.fstat(self._file), (self._folder / LOCK).stat()
            ):
                return
        before = self._file
        self.__enter__()
        if before is not None:
            os.close(before)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def held(folder: Path) -> bool | None:
    """Whether a host lives in the folder; None: it cannot be told (there is no lock, or it may not be asked)."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return not _take(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _take(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
