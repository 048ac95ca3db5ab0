"""Reads a whole journal into a history, block by block: a long day is neither slow nor held twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from controlroom.core.events import Event, SessionOpened
from controlroom.core.events.envelope import Line, decode_lines
from controlroom.core.playhead import History
from controlroom.journal.reader import JournalError, parse

BLOCK = 1024 * 1024
"""Bytes that are read and decoded in one go."""


class JournalReading:
    """A journal as far as it has been read; it may be asked again for what was written since."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = 0
        """Whole lines so far."""
        self._place = 0
        """Where the next one begins."""

    @property
    def grown(self) -> bool:
        """Whether something was written since; raises OSError where the file is gone."""
        return self.path.stat().st_size > self._place

    def blocks(self) -> Iterator[Sequence[Event | Line]]:
        """Every whole line that is new, in blocks.

        What follows the last line feed is a line that is being written, or was when its writer died. Raises
        :class:`JournalError` at a line that is no event, or where there is nothing to read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._place)
                rest = b""
                while piece := file.read(BLOCK):
                    whole, feed, rest = (rest + piece).rpartition(b"\n")
                    if feed:
                        yield self._decoded(whole + feed)
        except OSError as error:
            raise JournalError(f"{self.path}: {error.strerror}") from error

    def _decoded(self, block: bytes) -> Sequence[Event | Line]:
        found: Sequence[Event | Line]
        try:
            found = decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # An older format, a kind of a later version, or a broken line: one after the other, which tells.
            found = list(parse(block, str(self.path), before=self._lines))
        self._lines += len(found)
        self._place += len(block)
        return found

    def into(self, history: History) -> None:
        """Takes in what is new. Raises as :meth:`blocks` does, and where a line does not follow on those before it."""
        for block in self.blocks():
            if not len(history) and not _opens(block):
                raise JournalError(f"{self.path} does not begin with session.opened")
            try:
                history.extend(block)
            except (ValueError, LookupError) as error:
                raise JournalError(f"{self.path}: {error}") from error


def _opens(block: Sequence[Event | Line]) -> bool:
    return bool(block) and block[0].seq == 1 and isinstance(block[0].body, SessionOpened)


def load(path: Path) -> History:
    """The whole history of a journal. Raises :class:`JournalError`; a torn last line is normal and left out."""
    history = History()
    JournalReading(path).into(history)
    return history
