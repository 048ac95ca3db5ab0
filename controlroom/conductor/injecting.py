"""Experiments that the plan marks `auto`: injected when their step is due, by the same way as by hand.

Every guard is asked; nobody is there to type a word, so only what the plan approves is lifted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Part
from controlroom.conductor.left_over import left_over
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core import timeline
from controlroom.core.events import Actor, FaultRefused, StepDue
from controlroom.core.intents import Answer, Start
from controlroom.core.plan import Step


class Injecting(Part):
    """Follows what is due; `start` is how an experiment is started."""

    def __init__(self, recorder: Recorder, start: Callable[[Start, Actor], Awaitable[Answer]]) -> None:
        super().__init__(recorder)
        self._start = start

    async def run(self) -> None:
        """Until cancelled. A refusal is on record, with its reason, as any other.

        One whose moment lay in a gap of the record is left to people: several may be overdue, and nobody may be
        in the room yet.
        """
        missed = left_over(self.state)
        begin = len(self.recorder.events)
        for step in missed:
            self._leave_to_people(step)
        async for event in self.recorder.follow(begin):
            if not isinstance(event.body, StepDue):
                continue
            step = next(own for _, own in self.plan.steps if own.id == event.body.step)
            if self._overslept(step):
                self._leave_to_people(step)
            elif step.experiment is not None and self.plan.experiment(step.experiment).auto:
                await self._start(Start(experiment=step.experiment), HOST)

    def _overslept(self, step: Step) -> bool:
        """Whether its moment was before this host took the session up."""
        resumption = self.recorder.resumption
        if resumption is None:
            return False
        return timeline.step_moment(self.state, step, self.recorder.now()) < resumption.t

    def _leave_to_people(self, step: Step) -> None:
        name = step.experiment
        if name is None or not self.plan.experiment(name).auto or self.state.latest_run(name) is not None:
            return
        if name not in self.state.refused:
            reason = "its moment was missed while no host was there: start it by hand"
            self.recorder.record(FaultRefused(experiment=name, run=f"{name}#1", reason=reason), actor=HOST)
