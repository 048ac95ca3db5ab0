"""The journal's one writer: a thread that appends lines, and syncs where somebody waits for the disk.

What is written for a person or before a request to the cluster is durable: `append(…, durable=True)` is
answered once `fdatasync` has returned. Other lines (samples) are written within :data:`BATCH` seconds. When
the disk refuses, nothing is lost: lines wait in memory, in order, and are tried again
(:class:`controlroom.journal.tail.Tail` keeps them).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from controlroom.journal.tail import Tail

BATCH = 1.0
"""Most real seconds that a line which nobody waits for stays in memory."""
SYNC = 5.0
"""Most real seconds that a written line stays unsynced."""
AGAIN = 1.0
"""Real seconds between attempts while the disk refuses."""

Item = tuple[bytes, Future[bool] | None]


class JournalWriter:
    """Appends to `journal.jsonl`. `on_trouble(error, seconds)` is called in the writer's thread and must not
    raise: once when the disk refuses (seconds 0), once when it takes everything again (error empty, and the
    seconds for which it was refused)."""

    def __init__(self, path: Path, on_trouble: Callable[[str, float], None] | None = None) -> None:
        self.path = path
        self._on_trouble = on_trouble
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._tail = Tail(path)
        self._refused_since: float | None = None
        self._closing = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, line: bytes, *, durable: bool = False) -> Future[bool] | None:
        """Takes a line (without line feed). For a durable one the future tells whether it is on disk;
        False: it waits in memory and will be written as soon as it can be. Raises ValueError once closed."""
        if self._closing.is_set():
            raise ValueError("the journal is closed")
        answer: Future[bool] | None = Future() if durable else None
        self._queue.put((line, answer))
        return answer

    def close(self, timeout: float = 5.0) -> bool:
        """Writes what is left, for at most `timeout` real seconds; returns whether all of it is on disk.

        A disk that hangs keeps its thread, which does not keep the process.
        """
        if not self._closing.is_set():
            self._deadline = time.monotonic() + timeout
            self._closing.set()
            self._queue.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            return False
        self._tail.close()
        return self._tail.empty

    def _work(self) -> None:
        ending = False
        while not ending:
            waiting, ending = self._collect()
            done = self._write(sync=bool(waiting) or ending)
            for answer in waiting:
                if answer.set_running_or_notify_cancel():
                    answer.set_result(done)
        while not self._tail.empty and (left := self._deadline - time.monotonic()) > 0:
            time.sleep(min(AGAIN / 4, left))
            self._write(sync=True)

    def _collect(self) -> tuple[list[Future[bool]], bool]:
        """Waits for lines; returns at the first that somebody waits for (with all others that are there
        already), at the end, or when it is time to write."""
        waiting: list[Future[bool]] = []
        limit = time.monotonic() + AGAIN if self._refused_since is not None else self._tail.due(BATCH, SYNC)
        while True:
            try:
                item = self._queue.get_nowait() if waiting else self._queue.get(timeout=_until(limit))
            except queue.Empty:
                return waiting, False
            if item is None:
                return waiting, True
            line, answer = item
            self._tail.add(line)
            if limit is None:
                limit = time.monotonic() + BATCH
            if answer is not None:
                waiting.append(answer)

    def _write(self, *, sync: bool) -> bool:
        if self._tail.empty and self._refused_since is None:
            return True
        try:
            if self._refused_since is not None:
                self._tail.reopen()
                sync = True
            self._tail.write()
            if sync or self._tail.age >= SYNC:
                self._tail.sync()
        except OSError as error:
            self._refuse(error)
            return False
        self._recover()
        return True

    def _refuse(self, error: OSError) -> None:
        if self._refused_since is None:
            self._refused_since = time.monotonic()
            self._tell(f"{error.strerror}: {self.path}", 0.0)

    def _recover(self) -> None:
        if self._refused_since is not None:
            away = time.monotonic() - self._refused_since
            self._refused_since = None
            self._tell("", away)

    def _tell(self, error: str, seconds: float) -> None:
        if self._on_trouble is not None:
            self._on_trouble(error, seconds)


def _until(limit: float | None) -> float | None:
    """Real seconds to wait; None: for as long as it takes."""
    return None if limit is None else max(0.0, limit - time.monotonic())
