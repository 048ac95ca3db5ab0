"""The end of a journal that is not yet known to be on disk, and the file that it goes to.

A failed `fdatasync` may have dropped what was written (the page cache marks it clean), and asking again then
tells nothing: https://wiki.postgresql.org/wiki/Fsync_Errors. So every line is kept until a sync has returned,
and after a failure the file is cut back to what is known to be there and the rest is written again.
"""

from __future__ import annotations

import errno
import os
import time
from hashlib import blake2b
from pathlib import Path

PIECE = 1024 * 1024
"""Bytes copied at a time when a file that was deleted is made anew."""


class Tail:
    """Lines on their way to one file. Not safe for two threads. Every method but `add` raises OSError."""

    def __init__(self, path: Path) -> None:
        """Opens the file, and cuts off a line that an earlier writer did not finish."""
        self.path = path
        self._file = _open(path)
        self._safe = _mend(self._file)
        self._digest = _digest(self._file, self._safe)
        _sync_folder(path)
        self._lines: list[bytes] = []
        self._sent = 0
        self._oldest: float | None = None

    @property
    def empty(self) -> bool:
        """Everything is on disk."""
        return not self._lines

    @property
    def age(self) -> float:
        """Real seconds since the oldest line that is not known to be on disk came."""
        return 0.0 if self._oldest is None else time.monotonic() - self._oldest

    def due(self, batch: float, sync: float) -> float | None:
        """Monotonic time at which there is something to do; None: there is nothing."""
        if self._oldest is None:
            return None
        written = self._sent == sum(len(line) for line in self._lines)
        return self._oldest + (sync if written else batch)

    def add(self, line: bytes) -> None:
        """Takes a line without its line feed."""
        if self._oldest is None:
            self._oldest = time.monotonic()
        self._lines.append(line + b"\n")

    def write(self) -> None:
        """Hands everything to the system. A short write is remembered, so that no byte is written twice."""
        if os.fstat(self._file).st_nlink == 0:
            raise OSError(errno.ENOENT, "the journal's file was deleted")
        data = b"".join(self._lines)
        while self._sent < len(data):
            self._sent += os.write(self._file, data[self._sent :])

    def sync(self) -> None:
        """Returns once everything that was written is on disk."""
        os.fdatasync(self._file)
        self._safe += self._sent
        self._digest.update(b"".join(self._lines)[: self._sent])
        self._lines.clear()
        self._sent = 0
        self._oldest = None

    def reopen(self) -> None:
        """After a failure: opens the file at the path anew, as it was when it was last known to be whole.

        A file at the path with the same beginning is taken as it is. Where it is not (it was deleted, or an
        older copy came back), it is made again from the one that is still open. A file of somebody else's
        is left alone and raises FileExistsError.
        """
        fresh = _open(self.path)
        try:
            if _digest(fresh, self._safe).digest() != self._digest.digest():
                self._restore(fresh)
                _sync_folder(self.path)
            os.ftruncate(fresh, self._safe)
        except BaseException:
            os.close(fresh)
            raise
        os.close(self._file)
        self._file = fresh
        self._sent = 0

    def _restore(self, fresh: int) -> None:
        """Copies what is missing; what is there already must be a beginning of ours."""
        at = 0
        while at < self._safe:
            ours = os.pread(self._file, min(PIECE, self._safe - at), at)
            if not ours:
                raise OSError(errno.EIO, "the deleted journal cannot be read back")
            there = os.pread(fresh, len(ours), at)
            if not ours.startswith(there):
                raise FileExistsError(errno.EEXIST, "another journal is in its place")
            missing = ours[len(there) :]
            while missing:
                missing = missing[os.write(fresh, missing) :]
            at += len(ours)

    def close(self) -> None:
        os.close(self._file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _digest(file: int, length: int) -> blake2b:
    """Of the first `length` bytes, or of all there are."""
    found, at = blake2b(), 0
    while at < length and (piece := os.pread(file, min(PIECE, length - at), at)):
        found.update(piece)
        at += len(piece)
    return found


def _sync_folder(path: Path) -> None:
    """The name of a new file is on disk only once its folder is."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _mend(file: int) -> int:
    """Cuts a file after its last line feed; returns its length."""
    length = end = os.fstat(file).st_size
    while end:
        start = max(0, end - PIECE)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end < length:
        os.ftruncate(file, end)
    return end
