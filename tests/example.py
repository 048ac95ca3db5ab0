"""Records the example session anew: `python -m tests.example [FOLDER]`.

A facilitator's day in the lab at ×60, lived through the same door as the screen: starts what is due, marks what
the on-call says, writes notes, answers the questions, ends the day. The result is `sessions/example`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from controlroom.clock import ScaledClock
from controlroom.conductor.script import SAID
from controlroom.core import intents as i
from controlroom.core import timeline
from controlroom.core.events import AlertObserved, Event, FaultObserved, KubeEvent, StepDue
from controlroom.core.events.people import NoteType
from controlroom.core.fold import apply
from controlroom.core.state import State
from controlroom.host.launch import await_host, launch
from controlroom.host.order import LabOrder, Order
from controlroom.journal.folder import create
from controlroom.room.attached import AttachedRoom, attach
from controlroom.shipped import shipped

RATE = 60.0
KEPT = ("journal.jsonl", "session.json", "session.md")

#: Session minute, type and text of what is noted down.
NOTES: tuple[tuple[float, NoteType, str], ...] = (
    (3.0, "note", "Load is steady, all dashboards open on the shared screen"),
    (13.5, "decision", "Go for the first injection: no objections in the round"),
    (16.2, "observation", "Two pods gone, third one carries on; customers see a few errors"),
    (27.0, "observation", "Breaker is open, orders are accepted with the reservation to be made later"),
    (29.5, "todo", "Runbook of InventoryCircuitBreakerOpen does not name the database → @maria"),
    (37.0, "observation", "Hit ratio falls, database gets what the cache no longer serves"),
    (46.0, "parked", "Should the cache live outside the pods?"),
    (50.0, "observation", "On-call opened the latency dashboard first, then the JVM one"),
    (57.0, "decision", "No further mitigation: service is inside its limits"),
    (58.0, "todo", "Alert on slow queries is missing: file it → @jo"),
    (77.0, "note", "Clean-up done, nothing of ours is left in the cluster"),
)
OBSERVATIONS = {
    "runbooks": ("Found at once, but silent about the database path", 3),
    "communication-quality": ("Calm, one voice; status every few minutes", 4),
    "mitigation": ("Rolling restart helped because new pods are not faulted", 4),
    "poor-communication": ("no", None),
}
DEBRIEF = (
    "The breaker and its fallback kept orders flowing; alerts were quick.",
    "Root cause took long: three symptoms looked like one failure.",
    "Found quickly; the breaker's runbook lacks the database.",
    "All three alerts fired within two minutes; slow queries have none.",
    "No alert on query latency; no panel for evictions.",
    "Runbook for the breaker, alert on slow queries, panel for evictions.",
)


class Facilitator:
    """Acts as the plan and the room suggest."""

    def __init__(self, room: AttachedRoom) -> None:
        self._room = room
        self._state = State()
        self._clock = ScaledClock(0.0, RATE)
        self._notes = list(NOTES)
        self._news = asyncio.Event()

    async def live(self) -> None:
        following = asyncio.create_task(self._follow())
        await self._until(lambda: self._state.plan is not None)
        plan = self._state.plan
        assert plan is not None
        for item in plan.checklist:
            await self._room.submit(i.SetTick(list="checklist", item=item.id, ticked=True))
        for _ in plan.phases:
            await self._phase()
            await self._room.submit(i.NextPhase())
        await self._answers()
        await self._room.submit(i.End())
        await following

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            await self._news.wait()

    async def _phase(self) -> None:
        """Until the open phase has used its time; notes are written when their minute has come."""
        await self._until(lambda: self._state.phase is not None)
        phase = self._state.phase
        while self._state.phase == phase:
            now = self._clock.time()
            while self._notes and self._notes[0][0] * 60 <= now:
                _, kind, text = self._notes.pop(0)
                await self._room.submit(i.WriteNote(type=kind, text=text))
            left = timeline.left(self._state, now)
            if left is not None and left <= 0:
                return
            await self._clock.sleep(1.0)

    async def _follow(self) -> None:
        async for event in self._room.events():
            self._state = apply(self._state, event)
            self._clock.follow(event.t, RATE)
            news, self._news = self._news, asyncio.Event()
            news.set()
            await self._react(event)

    async def _react(self, event: Event) -> None:
        body, plan = event.body, self._state.plan
        if isinstance(body, StepDue) and plan is not None:
            step = next(own for _, own in plan.steps if own.id == body.step)
            if step.kind == "experiment" and step.experiment:
                await self._room.submit(i.Preview(experiment=step.experiment))
                await self._room.submit(i.Start(experiment=step.experiment))
            elif step.kind == "clean-up":
                await self._room.submit(i.CleanUp())
            if step.kind not in ("load-start", "load-stop"):
                await self._room.submit(i.SetTick(list="step", item=step.id, ticked=True))
        elif isinstance(body, KubeEvent) and body.component == "on-call" and body.reason in SAID:
            await self._room.submit(i.MakeMark(milestone=SAID[body.reason], text=body.message, at=event.at))
        elif isinstance(body, FaultObserved) and body.injection and body.state in ("active", "fired"):
            run = self._state.runs[body.run]
            if run.experiment not in self._state.revealed and self._clock.time() > 45 * 60:
                await self._room.submit(i.Reveal(experiment=run.experiment))
        elif isinstance(body, AlertObserved) and body.state == "firing":
            await self._room.submit(
                i.MakeMark(milestone="mark", text=f"{body.name} seen on the shared screen")
            )

    async def _answers(self) -> None:
        plan = self._state.plan
        assert plan is not None
        for question in plan.observations:
            text, score = OBSERVATIONS.get(question.id, ("see the figure", None))
            await self._room.submit(
                i.GiveAnswer(section="observations", question=question.id, text=text, score=score)
            )
        for question, text in zip(plan.debrief, DEBRIEF, strict=True):
            await self._room.submit(i.GiveAnswer(section="debrief", question=question.id, text=text))


async def record(place: Path) -> Path:
    """Lives the day; returns the session's folder."""
    plan = shipped("experiments") / "inventory-service-failure.yaml"
    folder = create(place, "inventory-service-failure", datetime.now(UTC))
    order = Order(plan=str(plan), folder=str(folder.path), lab=LabOrder(seed=7, rate=RATE))
    process = launch(order)
    host = await asyncio.to_thread(await_host, process, folder)
    room = await attach(Path(host.socket), name="maria")
    await Facilitator(room).live()
    await room.close()
    await asyncio.to_thread(process.wait)
    return folder.path


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped("sessions") / "example"
    with tempfile.TemporaryDirectory() as place:
        found = asyncio.run(record(Path(place)))
        target.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(found / name, target / name)
    print(target)


if __name__ == "__main__":
    main()
