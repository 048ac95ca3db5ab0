"""The end of a journal that is not yet known to be on disk, and the file that it goes to.

A failed `fdatasync` may have dropped what was written (the page cache marks it clean), and asking again then
tells nothing: https://wiki.postgresql.org/wiki/Fsync_Errors. And one that succeeds tells nothing either where
the file has lost its name: it goes to an inode that is gone with the process. So every line is kept for the
life of the writer; after a failure the file is cut back to what is known to be there and the rest is written
again; and at each sync the path must still lead to the file that is open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PIECE = 1024 * 1024
"""Bytes read, compared or written at a time."""


class Tail:
    """Lines on their way to one file. Not safe for two threads. Every method but `add` raises OSError."""

    def __init__(self, path: Path) -> None:
        """Opens the file, and cuts off a line that an earlier writer did not finish."""
        self.path = path
        self._file = _open(path)
        earlier = _whole_lines(self._file)
        _sync_folder(path.parent)
        self._kept = earlier.split(b"\n")[:-1]
        self._safe = len(earlier)
        self._lines: list[bytes] = []
        self._sent = 0
        self._oldest: float | None = None

    @property
    def empty(self) -> bool:
        """Everything is on disk."""
        return not self._lines

    @property
    def kept(self) -> int:
        """How many lines are known to be on disk."""
        return len(self._kept)

    @property
    def oldest(self) -> float | None:
        """Monotonic time at which the oldest line came that is not known to be on disk; None: there is none."""
        return self._oldest

    def add(self, line: bytes) -> None:
        """Takes a line without its line feed."""
        if self._oldest is None:
            self._oldest = time.monotonic()
        self._lines.append(line)

    def write(self) -> None:
        """Hands everything to the system. A short write is remembered, so that no byte is written twice."""
        data = b"".join(_ended(self._lines))
        while self._sent < len(data):
            self._sent += os.write(self._file, data[self._sent :])

    def sync(self) -> None:
        """Returns once everything that was written is on disk, in the file that the path leads to."""
        os.fdatasync(self._file)
        self.look()
        self._kept += self._lines
        self._safe += self._sent
        self._lines.clear()
        self._sent = 0
        self._oldest = None

    def look(self) -> None:
        """Raises where the path does not lead to the open file any more, or somebody else changed its length."""
        ours, there = os.fstat(self._file), self.path.stat()
        if not os.path.samestat(ours, there):
            raise OSError(errno.ESTALE, "another file is in the journal's place")
        if ours.st_size != self._safe + self._sent:
            raise OSError(errno.ESTALE, "another program changed the journal")

    def reopen(self) -> None:
        """After a failure: opens the file at the path anew, as it was when it was last known to be whole.

        Where folder or file are gone they are made again, and what the file lacks (all of it, where it was
        deleted; its end, where an older copy came back) is written from memory. A file that does not begin as
        ours is somebody else's: it is left alone and FileExistsError is raised.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _open(self.path)
        try:
            there = os.fstat(fresh)
            if not os.path.samestat(there, os.fstat(self._file)) or there.st_size < self._safe:
                self._restore(fresh)
            os.ftruncate(fresh, self._safe)
        except BaseException:
            os.close(fresh)
            raise
        with contextlib.suppress(OSError):  # what it had to say was said before
            os.close(self._file)
        self._file = fresh
        self._sent = 0

    def _restore(self, fresh: int) -> None:
        """Writes what is missing; what is there already must be a beginning of ours."""
        at = 0
        for ours in _pieces(self._kept):
            there = os.pread(fresh, len(ours), at)
            if not ours.startswith(there):
                raise FileExistsError(errno.EEXIST, "another journal is in its place")
            missing = ours[len(there) :]
            while missing:
                missing = missing[os.write(fresh, missing) :]
            at += len(ours)
        os.fdatasync(fresh)
        _sync_folder(self.path.parent)
        _sync_folder(self.path.parent.parent)

    def close(self) -> None:
        os.close(self._file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _ended(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Each with its line feed."""
    for line in lines:
        yield line
        yield b"\n"


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The text of the lines, in pieces of about :data:`PIECE` bytes."""
    waiting: list[bytes] = []
    size = 0
    for part in _ended(lines):
        waiting.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _sync_folder(path: Path) -> None:
    """The name of a new file is on disk only once its folder is."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _whole_lines(file: int) -> bytes:
    """What is in the file, which is cut after its last line feed."""
    found = b""
    while piece := os.pread(file, PIECE, len(found)):
        found += piece
    whole = found[: found.rfind(b"\n") + 1]
    if len(whole) < len(found):
        os.ftruncate(file, len(whole))
    return whole
