"""Halt: one key, no question. Everything of ours is deleted at once and followed until each target is proven.

What stays stuck may be forced away by a person, who types a word and is told what that leaves behind.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.faults import AGAIN, Faults
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.recorder import HOST, NOT_YET, SOURCE, Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Event, HaltProof, ObjectRef
from controlroom.core.faults.forcing import FORCED, consequence
from controlroom.core.intents import Accepted, Answer
from controlroom.core.state import Run
from controlroom.sources.clusters import there
from controlroom.sources.ports import Cluster, SourceError
from controlroom.tidying import put_off

PATIENCE = 0.1
"""Most real seconds that halt waits for the disk: the record follows, the deletions go out."""
PATIENCE_ON_FORCE = 5.0
"""The same for a removal of finalizers, which is not done before."""
UNDISTURBED = 1.0
"""Real seconds from the key in which no garbage is looked for: fifty deletions are on their way in a fraction."""
MAKERS = frozenset({"Schedule", "Workflow"})
"""Kinds that make other faults: their deletion is sent first."""


class Halting(Part):
    """Halt, unlock, real incident, and what does not go."""

    def __init__(self, recorder: Recorder, cluster: Cluster, gate: Gate, faults: Faults) -> None:
        super().__init__(recorder)
        self._cluster = cluster
        self._gate = gate
        self._faults = faults
        self._proving: asyncio.Task[None] | None = None
        self._forcing: set[asyncio.Task[None]] = set()

    def handlers(self) -> Handlers:
        return {
            i.HaltAll: self.halt,
            i.Unlock: self.unlock,
            i.DeclareIncident: self.incident,
            i.Release: self.release,
        }

    async def halt(self, intent: i.HaltAll, actor: Actor) -> Answer:
        """Idempotent: pressed again while it works, it is the same halt."""
        if self._proving is not None and not self._proving.done() and self.state.locked:
            return Accepted(seq=self.state.seq, note="halting already")
        put_off(UNDISTURBED)
        runs = sorted(self.state.running, key=lambda run: all(one.kind not in MAKERS for one in run.objects))
        pressed = self.recorder.now()
        written, on_disk = await self.recorder.durably(
            e.HaltRequested(reason=intent.reason, runs=tuple(run.id for run in runs)),
            actor=actor,
            patience=PATIENCE,
        )
        self._proving = asyncio.create_task(self._prove(runs, written, pressed, {run.id for run in runs}))
        return Accepted(seq=written.seq, note="" if on_disk else NOT_YET)

    def take_up(self) -> None:
        """Goes on with a halt whose host died before it was proven; its seconds count from the key all the same."""
        halt = self.state.halts[-1] if self.state.halts else None
        if self._proving is not None or halt is None or halt.finished is not None:
            return
        events = reversed(self.recorder.events)
        written = next(event for event in events if isinstance(event.body, e.HaltRequested))
        runs = list(self.state.running)
        names = {run.id for run in runs} | (set(halt.runs) & set(self.state.runs))
        self._proving = asyncio.create_task(self._prove(runs, written, halt.t, names))

    async def _prove(self, runs: list[Run], written: Event, pressed: float, names: set[str]) -> None:
        """Sends every deletion at once, looks for what we do not know of, and follows all to the end."""
        async with asyncio.TaskGroup() as group:
            for run in runs:
                group.create_task(self._faults.end(run.id, "halt", written))
            group.create_task(self._sweep_unknown(written))
            group.create_task(self._follow(names, pressed))

    async def _sweep_unknown(self, written: Event) -> None:
        """What carries our label but is in no list of ours goes as well; it is asked for again for a minute."""
        said = ""
        for again in (*AGAIN, *AGAIN[-1:] * 5, None):
            try:
                await self._sweep(written)
            except SourceError as error:
                if error.message != said:
                    said = error.message
                    body = e.SourceFailed(source=error.source, error=error.message, hint=error.hint)
                    self.recorder.record(body, actor=HOST)
                if again is not None:
                    await asyncio.sleep(error.retry_after or again)
            else:
                return

    async def _sweep(self, written: Event) -> None:
        session = self.state.opened.session if self.state.opened else ""
        known = {one.name for run in self.state.runs.values() for one in run.objects}
        known |= {one.name for one in self.state.load_objects}  # load is no fault: it goes on
        found, away = await there(self._cluster, session)
        for one in found:
            if one.name not in known:
                await self._gate.delete(one, written)
        if away is not None:
            raise away

    async def _follow(self, names: set[str], pressed: float) -> None:
        proofs: dict[tuple[str, str], HaltProof] = {}
        while True:
            for name in names:
                run = self.state.runs[name]
                for target in run.targets:
                    key = (name, target.id)
                    if key not in proofs and (outcome := _outcome(run, target.state)) is not None:
                        proofs[key] = HaltProof(
                            run=name,
                            target=target.id,
                            outcome=outcome,
                            seconds=round(self.recorder.now() - pressed, 3),
                        )
                if not run.targets and not run.running and run.object is not None:
                    proofs[name, ""] = proofs.get((name, "")) or HaltProof(
                        run=name,
                        target=str(run.object),
                        outcome="gone",
                        seconds=round(self.recorder.now() - pressed, 3),
                    )
            if not any(self.state.runs[name].running for name in names):
                break
            await self.recorder.changed()
        seconds = round(self.recorder.now() - pressed, 3)
        await self.recorder.durably(
            e.HaltFinished(seconds=seconds, proofs=tuple(proofs.values())), actor=HOST, patience=2.0
        )

    async def unlock(self, intent: i.Unlock, actor: Actor) -> Answer:
        if not self.state.locked:
            return refuse("nothing is locked")
        if intent.word != "unlock":
            return refuse("type the word unlock")
        if self.state.halts and self.state.halts[-1].finished is None:
            return refuse("still halting: wait until everything is proven recovered")
        return await self.write(e.Unlocked(), actor)

    async def incident(self, intent: i.DeclareIncident, actor: Actor) -> Answer:
        answer = await self.halt(i.HaltAll(reason="real incident"), actor)
        await self.write(e.IncidentDeclared(text=intent.text), actor)
        return answer

    async def release(self, intent: i.Release, actor: Actor) -> Answer:
        """Forces a stuck run away: its finalizers are removed. What then happens to it is observed as ever."""
        run = self.state.runs.get(intent.run)
        if run is None or run.state != "stuck":
            return refuse("only a run that is stuck can be forced away", "it is deleted again meanwhile")
        targets = tuple(one for one in run.objects if not one.changed)
        if not targets:
            return refuse("what was there before is put back, never removed", "it is tried again meanwhile")
        if intent.word != FORCED:
            held = [target.id for target in run.targets if target.state not in ("recovered", "lost")]
            return refuse(f"type the word {FORCED}", consequence(held))
        written, on_disk = await self.recorder.durably(
            e.ReleaseRequested(objects=targets, run=run.id), actor=actor, patience=PATIENCE_ON_FORCE
        )
        if not on_disk:
            return refuse("the request is not on disk: nothing is forced while the record cannot be kept")
        for target in targets:
            task = asyncio.create_task(self._release_one(run.id, target, written))
            self._forcing.add(task)
            task.add_done_callback(self._forcing.discard)
        return Accepted(seq=written.seq)

    async def _release_one(self, run: str, target: ObjectRef, written: Event) -> None:
        """Once: where the cluster refuses it, that is said, and a person may ask again."""
        try:
            await self._gate.release(target, written, on_disk=True)
        except SourceError as error:
            told = f"{error.message}. {error.hint}" if error.hint else error.message
            self.recorder.record(e.StopFailed(run=run, error=told, attempt=1), actor=SOURCE)
        except GateClosed as closed:
            self.recorder.record(e.StopFailed(run=run, error=str(closed), attempt=1), actor=HOST)

    async def by_rule(self, reason: str) -> None:
        """A halt that an abort rule asks for."""
        await self.halt(i.HaltAll(reason=reason), HOST)

    async def settled(self) -> None:
        """Waits until a halt under way is proven."""
        if self._proving is not None:
            await asyncio.shield(self._proving)

    async def close(self) -> None:
        if self._proving is not None and not self._proving.done():
            self._proving.cancel()
        for task in self._forcing:
            task.cancel()


def _outcome(run: Run, state: e.TargetState) -> Literal["recovered", "gone", "stuck"] | None:
    if state == "recovered":
        return "recovered"
    if state == "failed" and run.released is not None and not run.running:
        return "stuck"  # it went by force, and the fault may act on in the target
    if state == "lost" or not run.running:
        return "gone"
    return None
