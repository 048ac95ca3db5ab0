"""Experiments that the plan marks `auto`: injected when their step is due, by the same way as by hand.

Every guard is asked; nobody is there to type a word, so only what the plan approves is lifted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core.events import Actor, StepDue
from controlroom.core.intents import Answer, Start


class Injecting(Part):
    """Follows what is due; `start` is how an experiment is started."""

    def __init__(self, recorder: Recorder, start: Callable[[Start, Actor], Awaitable[Answer]]) -> None:
        super().__init__(recorder)
        self._start = start

    async def run(self) -> None:
        """Until cancelled. A refusal is on record, with its reason, as any other."""
        async for event in self.recorder.follow(len(self.recorder.events)):
            if not isinstance(event.body, StepDue):
                continue
            step = next(own for _, own in self.plan.steps if own.id == event.body.step)
            if step.experiment is not None and self.plan.experiment(step.experiment).auto:
                await self._start(Start(experiment=step.experiment), HOST)
