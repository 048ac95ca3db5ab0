"""`host.log`, written by a thread of its own: a disk that hangs or is gone keeps nobody who logs."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path

from controlroom.core.hiding import Net

MOST = 10_000
"""Lines that wait for the disk; what comes on top of them is counted and left out."""
GRACE = 2.0
"""Real seconds that the end waits for the last lines."""
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Private(WatchedFileHandler):
    """Appends to a file of mode 0600, and to a new one where it was taken away."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        # The journal's own trouble is told in the room; there is no other place for this line.
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Says nothing: it would be said on this very file."""


class _Hiding(logging.Formatter):
    """Whatever a library quotes, a traceback included: no secret of it is kept."""

    def format(self, record: logging.LogRecord) -> str:
        return _NET.text(super().format(record))


_NET = Net()


class _Waiting(QueueHandler):
    """Hands lines over without ever waiting."""

    queue: queue.Queue[logging.LogRecord]
    _left_out = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self._left_out:
                said = logging.LogRecord(
                    __name__, logging.WARNING, "", 0, f"{self._left_out} lines were left out", (), None
                )
                self.queue.put_nowait(said)
                self._left_out = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self._left_out += 1


@contextlib.contextmanager
def host_log(path: Path) -> Iterator[None]:
    """What is logged meanwhile goes to that file. Raises OSError where it cannot be opened."""
    file = _Private(path, delay=False)
    file.setFormatter(_Hiding(FORMAT))
    lines: queue.Queue[logging.LogRecord] = queue.Queue(MOST)
    handler, listener = _Waiting(lines), QueueListener(lines, file)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    # A line for each request would bury what matters, several times a second.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        logging.captureWarnings(False)
        _end(listener)


def _end(listener: QueueListener) -> None:
    """The last lines, for a while; a disk that hangs keeps its thread, which does not keep the process."""
    ending = threading.Thread(target=listener.stop, name="log", daemon=True)
    ending.start()
    ending.join(GRACE)
