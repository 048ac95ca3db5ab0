"""Experiments in a cluster: preview, start, stop, clean-up, and following each run to its proven end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Literal

from controlroom.clock import utc
from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.parts import Parts, part_of
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.recorder import NOT_YET, SOURCE, Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.clean import clean
from controlroom.core.events import Actor, Event, ObjectRef, PodObserved
from controlroom.core.faults import follow_on
from controlroom.core.guards import may_start, overrides, unreasoned
from controlroom.core.intents import Accepted, Answer
from controlroom.core.state import Run
from controlroom.core.values import changed
from controlroom.sources.clusters import source_of
from controlroom.sources.ports import Cluster, Created, ObjectSeen, PreparedRun, SourceError

Why = Literal["stop", "clean-up", "halt", "end", "unattended"]

AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Real seconds before a stop, or a question that was not answered, is tried again."""
LONGEST_REASON = 1000
"""Characters of the reason for an override."""
DIED = "the host died before the answer came"
LOOK_REAL = 1.0
"""Real seconds between two looks at runs whose state depends on time alone (stuck)."""


class Faults(Part):
    """Drives the experiments."""

    def __init__(self, recorder: Recorder, cluster: Cluster, gate: Gate, previewer: Previewer) -> None:
        super().__init__(recorder)
        self._cluster = cluster
        self._gate = gate
        self._previewer = previewer
        self._parts = Parts()
        self._unseen: set[str] = set()
        """Runs that a host before us followed, and that this one has not seen yet."""
        self._unanswered: set[str] = set()
        self._pods: defaultdict[str, dict[str, PodObserved]] = defaultdict(dict)
        """By cluster, then by `namespace/name`, as targets are named."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: set[tuple[str, bool]] = set()
        """Runs that are being ended, and whether by a halt."""

    def handlers(self) -> Handlers:
        return {
            i.Preview: self.preview,
            i.Start: self.start,
            i.Stop: self.stop,
            i.CleanUp: self.clean_up,
        }

    async def run(self) -> None:
        """Looks again at what depends on time alone, until cancelled."""
        while True:
            for run in self.state.runs.values():
                if follow_on(run):
                    self._observe(run.id)
            await asyncio.sleep(LOOK_REAL)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Starting

    async def preview(self, intent: i.Preview, actor: Actor) -> Answer:
        if all(own.id != intent.experiment for own in self.plan.experiments):
            return refuse(f"no experiment is called {intent.experiment}")
        try:
            _, checked = await self._previewer.look(intent.experiment)
        except SourceError as error:
            return refuse(error.message, error.hint)
        return await self.write(checked, actor)

    async def start(self, intent: i.Start, actor: Actor) -> Answer:
        if all(own.id != intent.experiment for own in self.plan.experiments):
            return refuse(f"no experiment is called {intent.experiment}")
        if (trouble := self.state.record_trouble) is not None:
            reason = f"nothing is started while the record is not on disk: {trouble.error}"
            return await self._refuse_start(intent.experiment, (), reason, trouble.hint, actor)
        try:
            prepared, checked = await self._previewer.look(intent.experiment)
        except SourceError as error:
            return await self._refuse_start(intent.experiment, (), error.message, error.hint, actor)
        before = self.state.checks.get(intent.experiment)
        if intent.checked is not None and before is not None and before.targets != checked.targets:
            return refuse("the targets have changed since they were shown", "look at them again")
        if reasons := may_start(checked.guards, tuple(intent.typed.values())):
            return await self._refuse_start(intent.experiment, checked.guards, "; ".join(reasons), "", actor)
        reason = clean(intent.reason.strip(), LONGEST_REASON)
        lifted = overrides(checked.guards, tuple(intent.typed.values()), reason)
        if silent := unreasoned(lifted):
            return refuse(
                f"overriding {', '.join(silent)} takes a reason", "say why it is all right this time"
            )
        return await self._inject(prepared, lifted, actor)

    async def _refuse_start(
        self,
        experiment: str,
        guards: tuple[e.GuardResult, ...],
        reason: str,
        hint: str,
        actor: Actor,
    ) -> Answer:
        body = e.FaultRefused(
            experiment=experiment, run=self._previewer.next_run(experiment), reason=reason, guards=guards
        )
        await self.write(body, actor)
        return refuse(reason, hint)

    async def _inject(self, prepared: PreparedRun, lifted: tuple[e.GuardResult, ...], actor: Actor) -> Answer:
        body = e.FaultRequested(
            experiment=prepared.experiment,
            run=prepared.run,
            object=prepared.object,
            others=prepared.others,
            manifest=prepared.manifest,
            one_shot=prepared.one_shot,
            unbounded=prepared.unbounded,
            duration=prepared.duration,
            overrides=lifted,
        )
        written, on_disk = await self.recorder.durably(body, actor=actor, patience=5.0)
        made: list[Created] = []
        for index, part in enumerate(prepared.parts):
            try:
                created = await self._gate.create(part, written, on_disk, self.state)
            except GateClosed as closed:
                return self._not_started(prepared, made, str(closed), "")
            except SourceError as error:
                if not error.unsure:
                    return self._not_started(prepared, made, error.message, error.hint)
                self.recorder.record(e.FaultUnsure(run=prepared.run, error=error.message))
                self._spawn(self._ask_again(prepared.run))
                return Accepted(seq=written.seq, note="no answer: it may be running, and is asked for")
            made.append(created)
            if created.reading and not self._parts.known((prepared.run, index)):
                self._parts.read((prepared.run, index), created.reading)
        self._accept(prepared.run, made[0])
        return Accepted(seq=written.seq)

    def _not_started(self, prepared: PreparedRun, made: list[Created], error: str, hint: str) -> Answer:
        """One of its objects was refused: what was made of the others is taken back."""
        if not made:
            self.recorder.record(e.FaultFailed(run=prepared.run, error=error, hint=hint))
            return refuse(error, hint)
        refused = prepared.parts[len(made)].object
        half = f"{refused} was refused: {error}; what was made is taken back"
        self.recorder.record(e.FaultUnsure(run=prepared.run, error=half))
        self._spawn(self.end(prepared.run, "end"))
        return refuse(half, hint)

    def _accept(self, run: str, created: Created) -> None:
        body = e.FaultAccepted(
            run=run, uid=created.uid, created_at=created.created_at, already=created.already
        )
        self.recorder.record(body, actor=SOURCE, at=created.created_at, clock="apiserver")
        self._observe(run)
        state = self.state
        if state.locked or state.runs[run].stop:
            # A halt or a stop was faster than the answer: what just came into being goes at once.
            self._spawn(self.end(run, "halt" if state.locked else "stop"))

    async def _ask_again(self, name: str) -> None:
        """An unanswered start is asked for by its own name until the cluster tells."""
        attempt = 0
        while name in self.state.runs and self.state.runs[name].state == "unsure":
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
            try:
                found = [await self._cluster.read(target) for target in self.state.runs[name].objects]
            except SourceError as error:
                self.recorder.record(e.FaultUnsure(run=name, error=error.message))
                continue
            if not any(found):
                body = e.FaultFailed(run=name, error="the request never arrived", hint="start it again")
                self.recorder.record(body)
                return
            self._answered(name, found)

    def _answered(self, name: str, found: Sequence[bytes | None]) -> None:
        """What came of a start without an answer. Half of it is no experiment, and is taken back."""
        self._unanswered.discard(name)
        self._unseen.discard(name)
        for index, raw in enumerate(found):
            if raw is None:
                self._parts.gone((name, index), seen=False)
            else:
                self._parts.read((name, index), raw)
        self._observe(name)
        if not all(found):
            self._spawn(self.end(name, "end"))

    # After a host that died

    def take_up(self) -> None:
        """None of what runs by the record has been seen by this host. An unanswered start is asked for by name."""
        for run in self.state.running:
            self._unseen.add(run.id)
            if run.state in ("requested", "unsure") and run.created_at is None and run.objects:
                self._unanswered.add(run.id)
                self.recorder.record(e.FaultUnsure(run=run.id, error=DIED))
                self._spawn(self._ask_again(run.id))
        self._take_up_stops()

    def was_there(self, name: str) -> None:
        """This host has found its object: whatever becomes of it now is seen."""
        self._unseen.discard(name)

    def is_unanswered(self, name: str) -> bool:
        """Whether its start has not been answered for yet."""
        return name in self._unanswered

    def _take_up_stops(self) -> None:
        """What was to end and may still be there is deleted again, at once."""
        for run in self.state.running:
            if run.stop or self.state.locked:
                self._spawn(self.end(run.id, "halt" if self.state.locked else _why(run)))

    # Following

    def saw(self, seen: ObjectSeen) -> None:
        """A chaos object of this session changed."""
        name, index = part_of(seen.run)
        if name not in self.state.runs or index >= len(self.state.runs[name].objects):
            return
        if seen.child:
            self._parts.child((name, index), seen.object.name, seen.raw, gone=seen.gone)
            self._observe(name)
            return
        if seen.gone and not seen.raw and name in self._unanswered:
            return  # whoever asks for it by its name tells
        if seen.raw:
            self._unseen.discard(name)
            self._unanswered.discard(name)
            self._parts.read((name, index), seen.raw)
        if seen.gone:
            self._parts.gone((name, index), seen=bool(seen.raw))
        self._observe(name)
        run = self.state.runs[name]
        if run.state == "refused" and not run.stop and not seen.gone:
            # It was asked for, was not there, and has come after all: nobody follows it.
            self._spawn(self.end(run.id, "end"))

    def saw_pod(self, seen: PodObserved) -> None:
        """A pod changed: it may have been a target, or replace one."""
        self._pods[seen.cluster][f"{seen.namespace}/{seen.name}"] = seen
        for run in self.state.runs.values():
            if follow_on(run):
                self._observe(run.id)

    def _observe(self, name: str) -> None:
        run = self.state.runs.get(name)
        if run is None or run.state == "refused":
            return
        cluster = run.object.cluster if run.object is not None else ""
        found = self._parts.amount(run, self._pods[cluster], self._server_now(cluster))
        if found is None:
            return
        if found.state == "ended" and name in self._unseen:
            found = changed(found, how=_unseen_end(found))
        if not _same(run, found):
            at = found.object_end if found.state == "ended" and run.state != "ended" else None
            self.recorder.record(found, actor=SOURCE, at=at, clock="apiserver" if at else "host")

    def _server_now(self, cluster: str) -> datetime:
        known = self.state.sources.get(source_of(cluster))
        offset = known.offset if known and known.offset is not None else 0.0
        return utc(self.recorder.clock.time() + offset)

    # Stopping

    async def stop(self, intent: i.Stop, actor: Actor) -> Answer:
        run = self.state.runs.get(intent.run)
        if run is None or not run.running:
            return refuse("that is not running")
        return await self._stop_one(run, "stop", actor)

    async def clean_up(self, intent: i.CleanUp, actor: Actor) -> Answer:
        running = self.state.running
        if not running:
            return Accepted(seq=self.state.seq, note="nothing of ours is running")
        # Together: none waits for a disk that hangs on account of another.
        answers = await asyncio.gather(*(self._stop_one(run, "clean-up", actor) for run in running))
        return answers[-1]

    async def _stop_one(self, run: Run, why: Why, actor: Actor) -> Accepted:
        written, on_disk = await self.request_stop(run.id, why, actor)
        self._spawn(self.end(run.id, why, written))
        return Accepted(seq=written.seq, note="" if on_disk else NOT_YET)

    async def request_stop(self, run: str, why: Why, actor: Actor) -> tuple[Event, bool]:
        """The intention, on record; a stop does not wait long for the disk."""
        return await self.recorder.durably(e.StopRequested(run=run, why=why), actor=actor, patience=0.1)

    async def end(self, name: str, why: Why, written: Event | None = None) -> None:
        """Deletes the run's object, again and again until the cluster has taken it.

        A halt does not wait for a stop that pauses between two attempts, or for its answer: it asks by itself.
        """
        work = (name, why == "halt")
        if work in self._stopping:
            return
        self._stopping.add(work)
        try:
            if written is None:
                written, _ = await self.request_stop(name, why, e.Actor(role="host"))
            await self._delete_until_taken(name, written)
        finally:
            self._stopping.discard(work)

    async def end_unattended(self, name: str) -> None:
        """Ends a run that nobody is there to end."""
        await self.end(name, "unattended")

    async def _delete_until_taken(self, name: str, written: Event) -> None:
        """All objects of the run, at once; a task for one alone would keep a halt of many waiting."""
        objects = self.state.runs[name].objects
        if len(objects) == 1:
            await self._delete_one(name, 0, objects[0], written)
            return
        await asyncio.gather(
            *(self._delete_one(name, index, target, written) for index, target in enumerate(objects))
        )

    async def _delete_one(self, name: str, index: int, target: ObjectRef, written: Event) -> None:
        attempt = 0
        while True:
            try:
                there = await self._gate.delete(target, written)
            except SourceError as error:
                attempt += 1
                body = e.StopFailed(run=name, error=error.message, attempt=attempt, hint=error.hint)
                self.recorder.record(body, actor=SOURCE)
                await asyncio.sleep(error.retry_after or AGAIN[min(attempt, len(AGAIN)) - 1])
                continue
            if not there:
                self.gone(name, index)
            return

    def gone(self, name: str, index: int = 0) -> None:
        """An object of the run is not there (any more), and its last state was not seen."""
        self._parts.gone((name, index), seen=False)
        self._observe(name)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until_clear(self, done: Callable[[], bool] | None = None) -> None:
        """Waits until nothing of ours is active anywhere."""
        while not self.state.all_clear and not (done and done()):
            await self.recorder.changed()


def _unseen_end(found: e.FaultObserved) -> str:
    """How it ended, of an object that went while nobody looked."""
    if found.injection is None:
        return "ended while no host looked: whether it was injected is not known"
    return f"{found.how} · while no host looked"


def _why(run: Run) -> Why:
    """What asked for its end."""
    known: tuple[Why, ...] = ("stop", "clean-up", "halt", "end", "unattended")
    return next((why for why in known if why == run.stop), "end")


def _same(run: Run, found: e.FaultObserved) -> bool:
    return (
        run.state == found.state
        and run.targets == found.targets
        and run.message == found.message
        and run.ends_at == found.ends_at
        and run.injection == found.injection
        and run.effect_end == found.effect_end
        and run.object_end == found.object_end
    )
