"""The journal's one writer: a thread that appends lines, and syncs where somebody waits for the disk.

What is written for a person or before a request to the cluster is durable: `append(…, durable=True)` is
answered once `fdatasync` has returned. Other lines (samples) are on disk within :data:`BATCH` seconds. When
the disk refuses, nothing is lost: lines wait in memory, in order, and are tried again
(:class:`controlroom.journal.tail.Tail` keeps them). A second thread notices when the disk does not answer at all.
"""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from controlroom.journal.tail import Tail
from controlroom.journal.trouble import SILENT_HINT, Trouble, words

BATCH = 1.0
"""Most real seconds that a line which nobody waits for is not on disk."""
LOOK = 1.0
"""Real seconds between two looks whether the journal is still where it should be."""
AGAIN = 1.0
"""Real seconds between attempts while the disk refuses."""
SILENT = 2.0
"""Real seconds without an answer after which the disk is said to hang."""
WATCH = 0.25
"""Real seconds between two looks whether the disk hangs."""

Item = tuple[bytes, Future[bool] | None]


class JournalWriter:
    """Appends to `journal.jsonl`. `on_trouble` is called in a thread of the writer's and must not raise: when
    the disk refuses or hangs, when it does so for another reason, and when everything is written."""

    def __init__(self, path: Path, on_trouble: Callable[[Trouble], None] | None = None) -> None:
        self.path = path
        self._on_trouble = on_trouble
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._tail = Tail(path)
        self._refused = False
        self._error = ""
        self._since = 0.0
        self._busy: float | None = None
        """Monotonic time since which the disk is being waited for."""
        self._telling = threading.Lock()
        self._closing = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name="journal watch", daemon=True).start()

    @property
    def kept(self) -> int:
        """How many lines are known to be on disk, those of earlier writers counted in."""
        return self._tail.kept

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
            done = self._write()
            for answer in waiting:
                if answer.set_running_or_notify_cancel():
                    answer.set_result(done)
        while not self._tail.empty and (left := self._deadline - time.monotonic()) > 0:
            time.sleep(min(AGAIN / 4, left))
            self._write()

    def _collect(self) -> tuple[list[Future[bool]], bool]:
        """Waits for lines; returns at the first that somebody waits for (with all others that are there
        already), at the end, or when it is time to write or to look."""
        waiting: list[Future[bool]] = []
        limit = time.monotonic() + (AGAIN if self._refused else LOOK)
        while True:
            try:
                item = self._queue.get_nowait() if waiting else self._queue.get(timeout=_until(limit))
            except queue.Empty:
                return waiting, False
            if item is None:
                return waiting, True
            line, answer = item
            self._tail.add(line)
            limit = min(limit, time.monotonic() + BATCH)
            if answer is not None:
                waiting.append(answer)

    def _write(self) -> bool:
        """Everything, to the disk; tells whether it is there."""
        self._busy = time.monotonic()
        error, hint = "", ""
        try:
            if self._refused:
                self._tail.reopen()
            self._tail.look()
            if not self._tail.empty:
                self._tail.write()
                self._tail.sync()
        except OSError as refused:
            error, hint = words(refused, self.path)
        except Exception as unforeseen:  # the thread must live: nothing else writes the record
            error, hint = words(OSError(errno.EIO, repr(unforeseen)), self.path)
        self._refused = bool(error)
        with self._telling:
            self._busy = None
            self._tell(error, hint)
        return not error

    def _watch(self) -> None:
        """Says so while the disk does not answer."""
        while not self._closing.wait(WATCH):
            with self._telling:
                busy = self._busy
                if busy is not None and (silent := time.monotonic() - busy) > SILENT:
                    self._tell(f"the disk does not answer: {self.path}", SILENT_HINT, silent)

    def _tell(self, error: str, hint: str, silent: float = 0.0) -> None:
        """Passes on what has changed; with the lock held, so that the last word is the present one."""
        if error == self._error:
            return
        now = time.monotonic()
        if not self._error:
            self._since = now - silent
        self._error = error
        if self._on_trouble is not None:
            seconds = 0.0 if error else now - self._since
            self._on_trouble(
                Trouble(error=error, hint=hint, seconds=seconds, silent=silent, kept=self._tail.kept)
            )


def _until(limit: float) -> float:
    """Real seconds left."""
    return max(0.0, limit - time.monotonic())
