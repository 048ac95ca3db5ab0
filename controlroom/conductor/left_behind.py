"""What other sessions left in the cluster: looked for once, when a session begins, and said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core import events as e
from controlroom.sources.kubernetes_leftovers import Found
from controlroom.sources.ports import SourceError

AGAIN = (2.0, 10.0, 30.0, 60.0)
"""Real seconds before the cluster is asked again where it did not answer; the last one holds."""

FindLeft = Callable[[], Awaitable[Found]]
"""What sessions other than this one left."""


class LeftBehind(Part):
    """It changes nothing: a person decides, with `controlroom sweep`."""

    def __init__(self, recorder: Recorder, find: FindLeft | None) -> None:
        super().__init__(recorder)
        self._find = find

    async def run(self) -> None:
        """Returns when it has looked at every cluster. A session that is taken up again has looked already."""
        if self._find is None or self.recorder.resumption is not None:
            return
        attempt = 0
        said: e.LeftoversFound | None = None
        while True:
            wait: float | None = None
            try:
                found = await self._find()
            except SourceError as error:  # that the cluster is away is said by whoever watches it
                wait = error.retry_after
            else:
                body = e.LeftoversFound(left=found.left, unseen=found.unseen)
                if body != said:
                    self.recorder.record(body, actor=HOST)
                    said = body
                if not found.away:
                    return
            await asyncio.sleep(wait or AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
