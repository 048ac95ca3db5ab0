"""The journal's one writer: a thread that appends lines, and syncs where somebody waits for the disk.

What is written for a person or before a request to the cluster is durable: `append(…, durable=True)` is
answered once `fdatasync` has returned. Other lines (samples) are written within :data:`BATCH` seconds. When
the disk refuses, nothing is lost: lines wait in memory, in order, and are tried again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

BATCH = 1.0
"""Most real seconds that a line which nobody waits for stays in memory."""
AGAIN = 1.0
"""Real seconds between attempts while the disk refuses."""


class JournalWriter:
    """Appends to `journal.jsonl`. `on_trouble(error, seconds)` is called in the writer's thread: once when
    the disk refuses (seconds 0), once when it takes everything again (seconds it was refused)."""

    def __init__(self, path: Path, on_trouble: Callable[[str, float], None] | None = None) -> None:
        self.path = path
        self._on_trouble = on_trouble
        self._queue: queue.SimpleQueue[tuple[bytes, Future[bool] | None] | None] = queue.SimpleQueue()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._pending: list[bytes] = []
        self._cut = 0
        self._refused_since: float | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, line: bytes, *, durable: bool = False) -> Future[bool] | None:
        """Takes a line (without line feed). For a durable one the future tells whether it is on disk;
        False: it waits in memory and will be written as soon as it can be."""
        answer: Future[bool] | None = Future() if durable else None
        self._queue.put((line, answer))
        return answer

    def close(self, timeout: float = 5.0) -> bool:
        """Writes what is left; returns whether all of it is on disk."""
        self._queue.put(None)
        self._thread.join(timeout)
        alive = self._thread.is_alive()
        if not alive:
            os.close(self._file)
        return not alive and not self._pending

    def _work(self) -> None:
        ending = False
        while not ending:
            waiting, ending = self._collect()
            done = self._write(sync=bool(waiting) or ending)
            for answer in waiting:
                answer.set_result(done)

    def _collect(self) -> tuple[list[Future[bool]], bool]:
        """Waits for lines; returns at the first that somebody waits for, at the end, or after the batch time."""
        waiting: list[Future[bool]] = []
        limit = time.monotonic() + BATCH
        while True:
            pause = AGAIN if self._refused_since is not None else max(0.0, limit - time.monotonic())
            try:
                item = self._queue.get_nowait() if waiting else self._queue.get(timeout=pause)
            except queue.Empty:
                return waiting, False
            if item is None:
                return waiting, True
            line, answer = item
            self._pending.append(line)
            if answer is not None:
                waiting.append(answer)

    def _write(self, *, sync: bool) -> bool:
        try:
            if self._pending:
                data = b"".join(line + b"\n" for line in self._pending)[self._cut :]
                self._write_all(data)
                self._pending.clear()
                self._cut = 0
            if sync or self._refused_since is not None:
                os.fdatasync(self._file)
        except OSError as error:
            self._refuse(error)
            return False
        self._recover()
        return True

    def _write_all(self, data: bytes) -> None:
        """A short write is remembered, so that no byte is written twice."""
        while data:
            written = os.write(self._file, data)
            self._cut += written
            data = data[written:]

    def _refuse(self, error: OSError) -> None:
        if self._refused_since is None:
            self._refused_since = time.monotonic()
            self._tell(f"{error.strerror}: {self.path}", 0.0)
        with contextlib.suppress(OSError):
            # The folder may have come back as another one: open the file anew for the next attempt.
            fresh = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.close(self._file)
            self._file = fresh

    def _recover(self) -> None:
        if self._refused_since is not None:
            away = time.monotonic() - self._refused_since
            self._refused_since = None
            self._tell("", away)

    def _tell(self, error: str, seconds: float) -> None:
        if self._on_trouble is not None:
            self._on_trouble(error, seconds)
