"""The plan changed in mid-day: checked like a plan file, recorded whole, with its reason."""

from __future__ import annotations

from collections.abc import Callable

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import Recorder
from controlroom.core.clean import clean
from controlroom.core.events import Actor, PlanAmended
from controlroom.core.intents import AmendPlan, Answer
from controlroom.core.plan import Plan
from controlroom.plan.errors import PlanErrors
from controlroom.plan.load import LoadedPlan

ReadPlan = Callable[[str], LoadedPlan]
"""Checks the text of a plan; raises PlanErrors."""


class Amending(Part):
    """Takes an amended plan."""

    def __init__(self, recorder: Recorder, read: ReadPlan) -> None:
        super().__init__(recorder)
        self._read = read

    def handlers(self) -> Handlers:
        return {AmendPlan: self.amend}

    async def amend(self, intent: AmendPlan, actor: Actor) -> Answer:
        try:
            loaded = self._read(intent.text)
        except PlanErrors as errors:
            first = errors.errors[0]
            return refuse(str(first), f"{len(errors.errors)} errors in all" if len(errors.errors) > 1 else "")
        if (reason := self._fixed(loaded.plan)) is not None:
            return refuse(reason, "end this session and begin another with the changed plan")
        body = PlanAmended(plan=loaded.plan, plan_text=loaded.text, reason=clean(intent.reason))
        return await self.write(body, actor)

    def _fixed(self, plan: Plan) -> str | None:
        """What may not change while a session runs: its record rests on it."""
        old = self.plan
        opened = self.state.opened
        assert opened is not None
        if [(own.id, own.query) for own in plan.metrics] != [(own.id, own.query) for own in old.metrics]:
            return "the metrics of a running session cannot change: its samples are recorded by their order"
        if plan.sampling.step != old.sampling.step:
            return "the sampling step of a running session cannot change"
        if plan.bindings != old.bindings:
            return "a running session cannot move to another system"
        if plan.access != old.access:
            return "who may attach is settled when a session begins"
        if _in_cluster(plan) != _in_cluster(old):
            return "the load of a running session cannot turn from a command into a manifest, or back"
        named = [own.manifest for own in plan.experiments]
        named += [plan.load.manifest] if plan.load is not None and plan.load.manifest else []
        if missing := [name for name in named if name not in opened.files]:
            return f"{missing[0]} is not in the record of this session"
        kept = {phase.id for phase in plan.phases}
        if gone := [own.id for own in self.state.phases if own.status != "planned" and own.id not in kept]:
            return f"phase {gone[0]} has been lived already"
        ran = {run.experiment for run in self.state.runs.values()}
        if lost := ran - {own.id for own in plan.experiments}:
            return f"experiment {sorted(lost)[0]} has been injected already"
        return None


def _in_cluster(plan: Plan) -> bool:
    return plan.load is not None and bool(plan.load.manifest)
