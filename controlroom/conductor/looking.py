"""The inspection of the plan within a session: at its start, again while something is wrong, and when asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.checks import overall
from controlroom.core.events import Actor
from controlroom.core.findings import Finding, Inspected
from controlroom.core.intents import Answer
from controlroom.core.plan import Plan
from controlroom.core.values import changed

Inspect = Callable[[Plan, bool], Awaitable[Inspected]]
"""Looks at everything that the plan counts on; told whether the load runs."""

FIRST, LONGEST = 10.0, 60.0
"""Session seconds between two looks while something is not well: ever longer, so that nobody is bothered."""
LEAST_REAL = 2.0
"""Real seconds between two looks, however fast session time runs."""


class Looking(Part):
    """Keeps the record of what was found; it says so once, and again only when something has changed."""

    def __init__(self, recorder: Recorder, inspect: Inspect | None) -> None:
        super().__init__(recorder)
        self._inspect = inspect
        self._under_way: asyncio.Task[Inspected] | None = None

    def handlers(self) -> Handlers:
        return {i.CheckPlan: self.check}

    async def run(self) -> None:
        """Looks until all is well or a fault was injected: from then on the day itself would be measured."""
        pause = FIRST
        while self._inspect is not None and not self.state.runs:
            found = await self._look(self._inspect)
            before = self.state.inspected
            if before is None or _told(before.findings) != _told(found.findings):
                self.recorder.record(_event(found), actor=HOST)
            self._tick(found.findings)
            if overall(found.findings) in ("ok", "warning"):
                return
            clock = self.recorder.clock
            await clock.sleep(max(pause, LEAST_REAL * clock.rate))
            pause = min(2 * pause, LONGEST)

    async def close(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def check(self, intent: i.CheckPlan, actor: Actor) -> Answer:
        """Answers when it is done, with the worst that was found; one that is under way is waited for."""
        if self._inspect is None:
            return refuse("this session cannot look at its systems", "controlroom check looks from outside")
        found = await self._look(self._inspect)
        self._tick(found.findings)
        answer = await self.write(_event(found), actor)
        return changed(answer, note=answer.note or overall(found.findings))

    async def _look(self, inspect: Inspect) -> Inspected:
        """One at a time: who comes while one is under way gets its outcome."""
        if self._under_way is None or self._under_way.done():
            loaded = any(span.end is None for span in self.state.loads)
            self._under_way = asyncio.create_task(
                _whole(inspect(self._open_plan(), loaded)), name="inspection"
            )
        return await asyncio.shield(self._under_way)

    def _open_plan(self) -> Plan:
        """The plan without what is ticked: its commands need not run again."""
        ticks = self.state.checklist
        left = tuple(
            item for item in self.plan.checklist if item.id not in ticks or not ticks[item.id].ticked
        )
        return changed(self.plan, checklist=left)

    def _tick(self, findings: tuple[Finding, ...]) -> None:
        """Scripts and commands of the checklist. What a person has ticked or unticked is left to people."""
        for item in self.plan.checklist:
            own = [one for one in findings if one.id in (f"scripts.{item.id}", f"command.{item.id}")]
            if own and item.id not in self.state.checklist and all(one.state == "ok" for one in own):
                detail = "; ".join(one.reason for one in own)
                body = e.Ticked(list="checklist", item=item.id, ticked=True, detail=detail)
                self.recorder.record(body, actor=HOST)


def _told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """What makes two outcomes different: their states, not the figures in their words."""
    return [(finding.id, finding.state) for finding in findings]


def _event(found: Inspected) -> e.PlanChecked:
    return e.PlanChecked(findings=found.findings, seconds=found.seconds)


async def _whole(work: Awaitable[Inspected]) -> Inspected:
    return await work
