"""The load of the day: started and stopped by plan or by key, and stopped on the way out whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.left_over import left_over
from controlroom.conductor.object_load import NotWhole, ObjectLoad
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, ObjectRef, StepDue
from controlroom.core.intents import Accepted, Answer
from controlroom.core.plan import Step
from controlroom.sources.ports import LoadDriver, SourceError

AGAIN = 1.0
"""Real seconds before a load that could not be looked at is looked at again."""


class Loading(Part):
    """Drives the load: by `driver`, or by `objects` where that is None."""

    def __init__(self, recorder: Recorder, driver: LoadDriver | None, objects: ObjectLoad) -> None:
        super().__init__(recorder)
        self._driver = driver
        self._objects = objects
        self._stopping = False
        self._busy = asyncio.Lock()
        self._taken_up = False

    def handlers(self) -> Handlers:
        return {i.StartLoad: self.start, i.StopLoad: self.stop}

    async def start(self, intent: i.StartLoad, actor: Actor) -> Answer:
        async with self._busy:
            if self.state.load_running:
                return refuse("the load is running already")
            command = self.plan.load.command if self.plan.load else ()
            self._stopping = False
            try:
                made = await self._make(actor)
            except SourceError as error:
                left = error.left if isinstance(error, NotWhole) else ()
                self.recorder.record(e.LoadFailed(error=error.message, left=left), actor=actor)
                if left:
                    await self._objects.stop(HOST, "taken back, as not all of it was made")
                return refuse(error.message, error.hint)
            return await self.write(e.LoadStarted(command=command, objects=made), actor)

    async def _make(self, actor: Actor) -> tuple[ObjectRef, ...]:
        if self._driver is None:
            return await self._objects.start(actor)
        await self._driver.start()
        return ()

    async def stop(self, intent: i.StopLoad, actor: Actor) -> Answer:
        async with self._busy:
            if not self.state.load_running:
                return refuse("the load is not running")
            if self._driver is None:
                return await self._delete(actor)
            self._stopping = True
            try:
                await self._driver.stop()
            except SourceError as error:
                return refuse(error.message, error.hint)
            return await self.write(e.LoadStopped(reason="stopped"), actor)

    async def _delete(self, actor: Actor) -> Answer:
        """Answers at once: what is deleted counts as stopped when its pods are gone."""
        if self.state.load_stop is not None:
            return refuse("the load is being stopped already", "it counts as running until its pods are gone")
        written = await self._objects.stop(actor, "stopped")
        return Accepted(seq=written.seq, note="deleted: it counts as running until its pods are gone")

    async def run(self) -> None:
        """Starts and stops it when its steps are due; says when it ends by itself."""
        begin = len(self.recorder.events)
        missed = left_over(self.state)
        await self._take_up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._by_plan(begin, missed))
            group.create_task(self._objects.run() if self._driver is None else self._watch(self._driver))

    async def _take_up(self) -> None:
        """After a host that died: a load that runs is followed on, one that does not is said to have ended.

        One that nothing on record started (its host died in between) is stopped: its step starts it again.
        """
        if self.recorder.resumption is None or self._taken_up:
            return
        while True:
            try:
                async with self._busy:
                    await self._look_for_it()
                return
            except SourceError as error:
                body = e.SourceFailed(source="load", error=error.message, hint=error.hint)
                self.recorder.record(body, actor=HOST)
                await asyncio.sleep(AGAIN)

    async def _look_for_it(self) -> None:
        if self._driver is None:
            await self._objects.take_up()
            self._taken_up = True
            return
        running = await self._driver.take_up()
        if running and not self.state.load_running:
            await self._driver.stop()
        if self.state.load_running and not running:
            self.recorder.record(e.LoadFailed(error="it had ended before the session was taken up again"))
        self._taken_up = True

    async def _by_plan(self, begin: int, missed: Sequence[Step]) -> None:
        for step in missed:
            since = self.state.loads[-1].start if self.state.loads else -1.0
            if since < self.state.due[step.id] and not self.state.load_error:
                await self._at(step)
        async for event in self.recorder.follow(begin):
            if isinstance(event.body, StepDue):
                await self._at(_step(self, event.body.step))

    async def _at(self, step: Step) -> None:
        if step.kind == "load-start" and not self.state.load_running:
            answer = await self.start(i.StartLoad(), HOST)
        elif step.kind == "load-stop" and self.state.load_running:
            answer = await self.stop(i.StopLoad(), HOST)
        else:
            return
        if isinstance(answer, Accepted):
            self.recorder.record(e.Ticked(list="step", item=step.id, ticked=True), actor=HOST)

    async def _watch(self, driver: LoadDriver) -> None:
        while True:
            why = await driver.ended()
            if self.state.load_running and not self._stopping:
                self.recorder.record(e.LoadFailed(error=why or "the load ended by itself"))
            await self.recorder.changed()

    async def close(self) -> None:
        """Stops it whatever happens."""
        self._stopping = True
        if self._driver is None:
            await self._objects.finish("end of the session")
            return
        try:
            await self._driver.stop()
        except SourceError as error:
            self.recorder.record(e.LoadFailed(error=error.message))
            return
        if self.state.load_running:
            self.recorder.record(e.LoadStopped(reason="end of the session"))


def _step(part: Part, name: str) -> Step:
    return next(step for _, step in part.plan.steps if step.id == name)
