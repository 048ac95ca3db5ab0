"""The scripted facilitator of a headless day: does what a person would at the screen, and is marked so.

It knows the plan and what the room shows, nothing of the lab: milestones come from what the on-call says in
Kubernetes Events on the service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from controlroom.conductor.context import Part
from controlroom.conductor.left_over import left_over
from controlroom.conductor.recorder import Recorder
from controlroom.core import intents as i
from controlroom.core.events import Actor, Event, KubeEvent, StepDue
from controlroom.core.events.people import Milestone
from controlroom.core.intents import Answer, Intent, Refused
from controlroom.core.plan import Step

SCRIPT = Actor(role="script", name="scripted facilitator")

SAID: dict[str, Milestone] = {
    "Escalated": "escalated",
    "RootCauseNamed": "root-cause",
    "MitigationStarted": "mitigation-started",
    "Mitigated": "mitigated",
}
"""Reasons of the on-call's Events, to the milestone each stands for."""

LIFTED = {"alerts": "alerts firing"}
"""A planted defect may make an unrelated alert fire; the day is to show what comes of it. It goes on record."""

WHY = "headless day: nobody is there to look into it, and what comes of it is to be seen"

Submit = Callable[[Intent, Actor], Awaitable[Answer]]


class Script(Part):
    """Follows the record and acts."""

    def __init__(self, recorder: Recorder, submit: Submit) -> None:
        super().__init__(recorder)
        self._submit = submit

    async def run(self) -> None:
        begin = len(self.recorder.events)
        missed = left_over(self.state)
        for item in self.plan.checklist:
            if item.check is None and item.id not in self.state.checklist:
                intent = i.SetTick(list="checklist", item=item.id, ticked=True, detail="by script")
                await self._do(intent)
        await self._take_up(missed)
        async for event in self.recorder.follow(begin):
            if isinstance(event.body, StepDue):
                await self._step(next(own for _, own in self.plan.steps if own.id == event.body.step))
            elif isinstance(event.body, KubeEvent):
                await self._listen(event, event.body)

    async def _take_up(self, missed: Sequence[Step]) -> None:
        """What the host that died had seen, and its script had not acted on."""
        for step in missed:
            started = step.experiment is not None and self.state.latest_run(step.experiment) is not None
            if not started and step.experiment not in self.state.refused:
                await self._step(step)
        marked = {(mark.milestone, mark.text) for mark in self.state.marks.values()}
        for event in self.recorder.past:
            said = event.body
            if isinstance(said, KubeEvent) and (SAID.get(said.reason), said.message) not in marked:
                await self._listen(event, said)

    async def _step(self, step: Step) -> None:
        if step.kind in ("load-start", "load-stop"):
            return
        if step.kind == "experiment" and step.experiment is not None:
            await self._do(i.Poll(role="facilitator", go=True, experiment=step.experiment))
            await self._do(i.Start(experiment=step.experiment, typed=LIFTED, reason=WHY))
            return
        if step.kind == "clean-up":
            await self._do(i.CleanUp())
        detail = "no screen to picture in a headless day" if step.kind == "pictures" else "by script"
        await self._do(i.SetTick(list="step", item=step.id, ticked=True, detail=detail))

    async def _listen(self, event: Event, said: KubeEvent) -> None:
        milestone = SAID.get(said.reason)
        if milestone is None or said.component != "on-call":
            return
        await self._do(i.MakeMark(milestone=milestone, text=said.message, at=event.at))

    async def answer_questions(self) -> None:
        """At the end: what only a person can judge is answered as a script can, and says so."""
        for question in self.plan.observations:
            text = {"yes-no": "no", "score": "", "text": "headless day: nobody watched", "figure": ""}
            await self._do(
                i.GiveAnswer(
                    section="observations",
                    question=question.id,
                    text=text[question.kind],
                    score=3 if question.kind == "score" else None,
                )
            )
        for question in self.plan.debrief:
            await self._do(
                i.GiveAnswer(section="debrief", question=question.id, text="headless day: no debrief held")
            )

    async def _do(self, intent: Intent) -> None:
        answer = await self._submit(intent, SCRIPT)
        if isinstance(answer, Refused):
            name = type(intent).__name__
            await self._submit(
                i.WriteNote(type="observation", text=f"{name} was refused: {answer.reason}"), SCRIPT
            )
