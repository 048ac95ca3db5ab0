"""What viewers are told, as lines: the whole log, or the audience's own, made once for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from controlroom.conductor.recorder import Recorder
from controlroom.core.events import encode_event
from controlroom.core.projection import Audience

_log = logging.getLogger(__name__)

CHUNK = 200
"""Events that are projected before everybody else gets a turn."""


class Stream(Protocol):
    """A log that grows. Its lines are shared by all who read it: each keeps only how far it has come."""

    @property
    def lines(self) -> Sequence[bytes]: ...

    @property
    def over(self) -> str:
        """Why no more lines will come; empty: more may."""
        ...

    async def caught_up(self) -> None:
        """Returns when it holds all that has happened."""
        ...

    async def changed(self) -> None:
        """Waits for more lines, or the end."""
        ...


class Whole:
    """The log as it is."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @property
    def lines(self) -> Sequence[bytes]:
        return self._recorder.lines

    @property
    def over(self) -> str:
        return "closed" if self._recorder.closed else ""

    async def caught_up(self) -> None:
        """It always is."""

    async def changed(self) -> None:
        await self._recorder.changed()


class ForAudience:
    """The log as :class:`controlroom.core.projection.Audience` lets it be seen.

    Nothing is projected before the first audience comes. A failure in it ends the audience's view, and nothing else.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._audience = Audience()
        self._position = 0
        self._news = asyncio.Event()
        self._projecting: asyncio.Task[None] | None = None
        self.lines: list[bytes] = []
        self.over = ""

    async def caught_up(self) -> None:
        if self._projecting is None:
            self._projecting = asyncio.create_task(self._project())
        while self._position < len(self._recorder.events) and not self.over:
            await self.changed()

    async def changed(self) -> None:
        await self._news.wait()

    def close(self) -> None:
        if self._projecting is not None:
            self._projecting.cancel()

    async def _project(self) -> None:
        try:
            while not (self._recorder.closed and self._position == len(self._recorder.events)):
                self._take_chunk()
                if self._position < len(self._recorder.events):
                    await asyncio.sleep(0)
                elif not self._recorder.closed:
                    await self._recorder.changed()
            self.over = "closed"
        except Exception:
            _log.exception("the audience's view failed")
            self.over = "the audience's view failed: tell the facilitator"
        finally:
            self._tell()

    def _take_chunk(self) -> None:
        chunk = self._recorder.events[self._position : self._position + CHUNK]
        for event in chunk:
            self.lines.extend(encode_event(shown) for shown in self._audience.take(event))
        self._position += len(chunk)
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
