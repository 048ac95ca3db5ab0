"""The load of the day: started and stopped by plan or by key, and stopped on the way out whatever happens."""

from __future__ import annotations

import asyncio

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, StepDue
from controlroom.core.intents import Accepted, Answer
from controlroom.core.plan import Step
from controlroom.sources.ports import LoadDriver, SourceError


class Loading(Part):
    """Drives the load."""

    def __init__(self, recorder: Recorder, driver: LoadDriver) -> None:
        super().__init__(recorder)
        self._driver = driver
        self._stopping = False
        self._busy = asyncio.Lock()

    def handlers(self) -> Handlers:
        return {i.StartLoad: self.start, i.StopLoad: self.stop}

    async def start(self, intent: i.StartLoad, actor: Actor) -> Answer:
        async with self._busy:
            if self.state.load_running:
                return refuse("the load is running already")
            command = self.plan.load.command if self.plan.load else ()
            self._stopping = False
            try:
                await self._driver.start()
            except SourceError as error:
                self.recorder.record(e.LoadFailed(error=error.message), actor=actor)
                return refuse(error.message, error.hint)
            return await self.write(e.LoadStarted(command=command), actor)

    async def stop(self, intent: i.StopLoad, actor: Actor) -> Answer:
        async with self._busy:
            if not self.state.load_running:
                return refuse("the load is not running")
            self._stopping = True
            try:
                await self._driver.stop()
            except SourceError as error:
                return refuse(error.message, error.hint)
            return await self.write(e.LoadStopped(reason="stopped"), actor)

    async def run(self) -> None:
        """Starts and stops it when its steps are due; says when it ends by itself."""
        begin = len(self.recorder.events)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._by_plan(begin))
            group.create_task(self._watch())

    async def _by_plan(self, begin: int) -> None:
        async for event in self.recorder.follow(begin):
            if not isinstance(event.body, StepDue):
                continue
            step = _step(self, event.body.step)
            if step.kind == "load-start" and not self.state.load_running:
                answer = await self.start(i.StartLoad(), HOST)
            elif step.kind == "load-stop" and self.state.load_running:
                answer = await self.stop(i.StopLoad(), HOST)
            else:
                continue
            if isinstance(answer, Accepted):
                self.recorder.record(e.Ticked(list="step", item=step.id, ticked=True), actor=HOST)

    async def _watch(self) -> None:
        while True:
            why = await self._driver.ended()
            if self.state.load_running and not self._stopping:
                self.recorder.record(e.LoadFailed(error=why or "the load ended by itself"))
            await self.recorder.changed()

    async def close(self) -> None:
        """Stops it whatever happens."""
        self._stopping = True
        try:
            await self._driver.stop()
        except SourceError as error:
            self.recorder.record(e.LoadFailed(error=error.message))
            return
        if self.state.load_running:
            self.recorder.record(e.LoadStopped(reason="end of the session"))


def _step(part: Part, name: str) -> Step:
    return next(step for _, step in part.plan.steps if step.id == name)
