"""The day: phases, the plan's clock, what is due. A due step is a prompt; only `auto` plans move by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core import timeline
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted, Answer

LOOK = 0.25
"""Session seconds between two looks at the clock; at high rates real time bounds it."""
LOOK_REAL = 0.02

SetRateOf = Callable[[float], Awaitable[None]]


class Day(Part):
    """Opens and closes phases, says what is due. `set_rate` exists in a rehearsal only."""

    def __init__(self, recorder: Recorder, set_rate: SetRateOf | None = None) -> None:
        super().__init__(recorder)
        self._set_rate = set_rate

    def handlers(self) -> Handlers:
        return {
            i.NextPhase: self.next_phase,
            i.ExtendPhase: self.extend,
            i.SkipPhase: self.skip,
            i.ReopenPhase: self.reopen,
            i.HoldClock: self.hold,
            i.ResumeClock: self.resume,
            i.SetRate: self.set_rate,
        }

    async def run(self) -> None:
        """Says what is due, until cancelled."""
        clock = self.recorder.clock
        while True:
            self._say_what_is_due()
            await clock.sleep(max(LOOK, LOOK_REAL * clock.rate))

    def _say_what_is_due(self) -> None:
        state, t = self.state, self.recorder.now()
        if state.held_since is not None:
            return
        for phase in state.phases:
            if phase.status != "open":
                continue
            for step in self.plan.phase(phase.id).steps:
                if step.id not in state.due and timeline.step_moment(state, step, t) <= t:
                    self.recorder.record(e.StepDue(step=step.id))

    async def next_phase(self, intent: i.NextPhase, actor: Actor) -> Answer:
        following = next((phase.id for phase in self.state.phases if phase.status == "planned"), None)
        if self.state.phase is not None:
            answer = await self.write(e.PhaseEnded(phase=self.state.phase), actor)
            if following is None:
                return answer
        if following is None:
            return refuse("all phases are over", "end the day, or open one again")
        return await self.write(e.PhaseStarted(phase=following), actor)

    async def extend(self, intent: i.ExtendPhase, actor: Actor) -> Answer:
        if self.state.phase is None:
            return refuse("no phase is open")
        if intent.seconds == 0 or not abs(intent.seconds) <= 24 * 3600:
            return refuse("extend by up to a day, in seconds")
        answer = await self.write(e.PhaseExtended(phase=self.state.phase, by=intent.seconds), actor)
        return Accepted(seq=answer.seq, note="; ".join(filter(None, (answer.note, self._outlived()))))

    def _outlived(self) -> str:
        """Running faults that end before the moment to which they should last."""
        state, t = self.state, self.recorder.now()
        names = []
        for run in state.running:
            if run.ends_at is None or run.one_shot or state.opened_at is None:
                continue
            end = (run.ends_at - state.opened_at).total_seconds()
            if timeline.until(state, self.plan.experiment(run.experiment), t) > end + 1:
                names.append(self.plan.experiment(run.experiment).title)
        if not names:
            return ""
        return f"{', '.join(names)} will end before that: run again to have it longer"

    async def skip(self, intent: i.SkipPhase, actor: Actor) -> Answer:
        phase = next((own for own in self.state.phases if own.id == intent.phase), None)
        if phase is None or phase.status not in ("planned", "open"):
            return refuse("only a planned or open phase can be skipped")
        return await self.write(e.PhaseEnded(phase=intent.phase, skipped=True), actor)

    async def reopen(self, intent: i.ReopenPhase, actor: Actor) -> Answer:
        phase = next((own for own in self.state.phases if own.id == intent.phase), None)
        if phase is None or phase.status not in ("done", "skipped"):
            return refuse("only a phase that is over can be opened again")
        if intent.seconds <= 0:
            return refuse("say how many seconds it shall have")
        if self.state.phase is not None:
            await self.write(e.PhaseEnded(phase=self.state.phase), actor)
        answer = await self.write(e.PhaseReopened(phase=intent.phase, left=intent.seconds), actor)
        return Accepted(seq=answer.seq, note="; ".join(filter(None, (answer.note, self._outlived()))))

    async def hold(self, intent: i.HoldClock, actor: Actor) -> Answer:
        if self.state.held_since is not None:
            return refuse("the plan's clock is held already")
        answer = await self.write(e.ClockHeld(reason=intent.reason), actor)
        return Accepted(seq=answer.seq, note="; ".join(filter(None, (answer.note, self._outlived()))))

    async def resume(self, intent: i.ResumeClock, actor: Actor) -> Answer:
        if self.state.held_since is None:
            return refuse("the plan's clock is not held")
        return await self.write(e.ClockResumed(), actor)

    async def set_rate(self, intent: i.SetRate, actor: Actor) -> Answer:
        if self._set_rate is None:
            return refuse("only a rehearsal can run faster than the clock on the wall")
        if not 0.1 <= intent.rate <= 120:
            return refuse("a rehearsal runs ×0.1 to ×120")
        await self._set_rate(intent.rate)
        return await self.write(e.RateChanged(rate=intent.rate), actor)


class PhaseKeeper(Part):
    """Moves a day that nobody moves: opens the first phase, and the next when the open one is over."""

    def __init__(self, recorder: Recorder, day: Day, actor: Actor) -> None:
        super().__init__(recorder)
        self._day = day
        self._actor = actor

    async def run(self) -> None:
        """Returns when the last phase is over."""
        clock = self.recorder.clock
        while True:
            state, t = self.state, self.recorder.now()
            left = timeline.left(state, t)
            over = left is not None and left <= 0
            if left is None or over:
                if left is None and not any(phase.status == "planned" for phase in state.phases):
                    return
                await self._day.next_phase(i.NextPhase(), self._actor)
                continue
            await clock.sleep(min(max(left, LOOK), 1.0 + LOOK_REAL * clock.rate))
            await asyncio.sleep(0)
