"""A halt in waiting: a connection is held open for each object that a halt would delete.

To open one costs a round trip, with TLS two or three, and much of the machine where fifty are opened at once: all of it
between the key and the first deletion.
"""

from __future__ import annotations

import asyncio

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import ObjectRef
from controlroom.sources.ports import Cluster

LOOK_REAL = 1.0
"""Real seconds between two looks at what runs."""
EVERY_REAL = 10.0
"""Real seconds after which the connections are used once, which keeps them: the client lets one go after 15 idle ones,
API servers and what stands before them after a minute or more."""


class StandingBy(Part):
    """Tells the cluster how much there is to delete."""

    def __init__(self, recorder: Recorder, cluster: Cluster) -> None:
        super().__init__(recorder)
        self._cluster = cluster

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        before: tuple[ObjectRef, ...] = ()
        due = 0.0
        while True:
            objects = tuple(one for run in self.state.running for one in run.objects)
            if objects and (len(objects) > len(before) or loop.time() >= due):
                await self._cluster.stand_by(objects)
                due = loop.time() + EVERY_REAL
            before = objects
            await asyncio.sleep(LOOK_REAL)
