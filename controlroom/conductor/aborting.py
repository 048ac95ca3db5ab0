"""Abort rules: metrics that halt the day after a visible countdown, unless a person holds it.

They are asked only while something of ours is running. The breach is measured on the samples (session
time); the countdown is real time, for a person must be able to react.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.core.intents import Answer
from controlroom.core.plan import AbortRule

LOOK_REAL = 0.2


class Aborting(Part):
    """Watches the rules; `halt(reason)` is what it does in the end."""

    def __init__(self, recorder: Recorder, halt: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(recorder)
        self._halt = halt
        self._countdowns: dict[str, asyncio.Task[None]] = {}

    def handlers(self) -> Handlers:
        return {i.HoldAbort: self.hold}

    async def hold(self, intent: i.HoldAbort, actor: Actor) -> Answer:
        abort = self.state.aborts.get(intent.rule)
        if abort is None or abort.status != "counting":
            return refuse("no countdown of that rule is running")
        self._stop_counting(intent.rule)
        return await self.write(e.AbortHeld(rule=intent.rule), actor)

    async def run(self) -> None:
        await self._take_up()
        try:
            while True:
                for rule in self.plan.abort:
                    self._look(rule)
                await asyncio.sleep(LOOK_REAL)
        finally:
            for task in self._countdowns.values():
                task.cancel()

    async def _take_up(self) -> None:
        """A rule that had fired when its host died, and no halt on record: it is done now."""
        halted = max((halt.t for halt in self.state.halts), default=-1.0)
        for abort in self.state.aborts.values():
            if abort.status == "fired" and abort.t > halted and self.state.running:
                text = next((rule.text for rule in self.plan.abort if rule.id == abort.rule), abort.rule)
                await self._halt(f"abort rule: {text}")
                return

    def _look(self, rule: AbortRule) -> None:
        broken, value = self.broken(rule)
        known = self.state.aborts.get(rule.id)
        # A host that died took its countdown along: it begins anew, so that a person has time to react.
        anew = known is None or (known.status == "counting" and rule.id not in self._countdowns)
        if broken and anew and self.state.running and not self.state.locked:
            self.recorder.record(e.AbortBreached(rule=rule.id, value=value, countdown=rule.countdown))
            self._countdowns[rule.id] = asyncio.create_task(self._count_down(rule))
        elif known is not None and not broken and known.status != "fired":
            self._stop_counting(rule.id)
            self.recorder.record(e.AbortCleared(rule=rule.id))

    def broken(self, rule: AbortRule) -> tuple[bool, float | None]:
        """Whether every step of the last `lasting` seconds breaches, and the latest value."""
        series = self.recorder.view.series(self.plan.metric_index(rule.metric))
        if series.last is None:
            return False, None
        within = series.span(series.last - rule.lasting, series.last)
        if (len(within) - 1) * series.step < rule.lasting - series.step:
            return False, None
        values = series.values(within)
        latest = values[-1]
        return all(self._breach(rule, value) for value in values), latest if latest == latest else None

    @staticmethod
    def _breach(rule: AbortRule, value: float) -> bool:
        if value != value:
            return rule.no_data == "breach"
        return (rule.above is not None and value > rule.above) or (
            rule.below is not None and value < rule.below
        )

    async def _count_down(self, rule: AbortRule) -> None:
        await asyncio.sleep(rule.countdown)
        abort = self.state.aborts.get(rule.id)
        if abort is not None and abort.status == "counting":
            self.recorder.record(e.AbortFired(rule=rule.id))
            await self._halt(f"abort rule: {rule.text}")

    def _stop_counting(self, rule: str) -> None:
        if (task := self._countdowns.pop(rule, None)) is not None:
            task.cancel()
