"""The halt drill: a harmless fault on one pod, halted and timed, by the same parts that a day's halt goes through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.halting import Halting
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watching import Measuring, Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.checks import Judgement, failed, ok
from controlroom.core.events import Actor, Event, ObjectRef, SessionOpened
from controlroom.core.intents import Refused
from controlroom.core.plan import Experiment, Phase, Plan
from controlroom.core.state import Run
from controlroom.core.values import changed
from controlroom.plan.documents import Json, objects_of
from controlroom.plan.errors import Flaw
from controlroom.sources.chaos_mesh import VERSION, selection_of
from controlroom.sources.errors import SOURCE
from controlroom.sources.ports import Cluster, SourceError

NAME = "halt-drill"
"""Of the experiment; its manifest is called so, too."""
LATENCY = "1ms"
PATIENCE = 30.0
"""Most real seconds until the fault acts; it ends by itself soon after that."""
PROOF = 60.0
"""Most real seconds that the halt is followed."""
TIDY = 10.0
"""Most real seconds for a last deletion, where the halt did not get as far."""
LIFTED = {"phase": "out of phase", "blast-radius": "everything"}
"""What the drill is by its nature: in no phase, and on all the packets of its pod. No other guard is lifted."""

WHY = "by its nature: in no phase, and on all the packets of its pod"


class NoTarget(Exception):
    """The plan has no experiment whose pods a drill could borrow."""


def drill_of(plan: Plan, files: dict[str, str]) -> tuple[Plan, str, str]:
    """A plan of the drill alone, its manifest, and the name of the cluster that it is for. Raises NoTarget."""
    for experiment in plan.experiments:
        manifest = None if experiment.change else _manifest(files[experiment.manifest])
        if manifest is not None:
            break
    else:
        raise NoTarget("no experiment of the plan selects pods")
    own = Experiment(id=NAME, title="Halt drill", manifest=NAME, phase=NAME, at=0.0, until=NAME)
    phase = Phase(id=NAME, title="Halt drill", duration=1.0)
    drill = changed(
        plan, duration=1.0, phases=(phase,), experiments=(own,), approvals=(), abort=(), injects=()
    )
    return drill, manifest, experiment.cluster


def _manifest(text: str) -> str | None:
    """A delay of a millisecond on one of the pods that the manifest selects. None: it selects none."""
    try:
        documents = [document for document, _ in objects_of(text)]
    except Flaw:
        return None
    for document in documents:
        if not isinstance(document, dict) or not str(document.get("apiVersion", "")).startswith(
            "chaos-mesh.org/"
        ):
            continue
        try:
            selection = selection_of(msgspec.json.encode(document), str(document.get("kind")))
        except msgspec.MsgspecError:
            continue
        if selection is None:
            continue
        metadata = document.get("metadata")
        place = (
            {"namespace": metadata["namespace"]}
            if isinstance(metadata, dict) and "namespace" in metadata
            else {}
        )
        spec = {
            "action": "delay",
            "mode": "one",
            "selector": _bare(msgspec.to_builtins(selection.selector)),
            "delay": {"latency": LATENCY},
        }
        own = {
            "apiVersion": VERSION,
            "kind": "NetworkChaos",
            "metadata": {"name": NAME, **place},
            "spec": spec,
        }
        return msgspec.json.encode(own).decode()  # JSON is YAML
    return None


def _bare(value: Json) -> Json:
    """Without what is not said."""
    if isinstance(value, dict):
        return {key: _bare(own) for key, own in value.items() if own is not None}
    return [_bare(own) for own in value] if isinstance(value, list) else value


class _Timed(Gate):
    """The gate, with a look at the clock when the cluster has taken a deletion."""

    taken: float | None = None
    """Of the last one; real monotonic seconds."""

    async def delete(self, target: ObjectRef, written: Event) -> bool:
        there = await super().delete(target, written)
        self.taken = time.monotonic()
        return there


class Drill:
    """One drill, on a record of its own."""

    def __init__(self, recorder: Recorder, cluster: Cluster, actor: Actor) -> None:
        self._recorder = recorder
        self._cluster = cluster
        self._actor = actor
        self._gate = _Timed(cluster)
        self._faults = Faults(recorder, cluster, self._gate, Previewer(recorder, cluster))
        self._halting = Halting(recorder, cluster, self._gate, self._faults)
        self._watchman = Watchman(recorder)

    async def run(self, opened: SessionOpened) -> Judgement:
        """Injects, halts, follows to the proof, and leaves nothing, also where it is broken off."""
        _, on_disk = await self._recorder.durably(opened, actor=self._actor, patience=10.0)
        if not on_disk:
            return _not_told("the record of the drill could not be written: nothing was started")
        watching = Watching(
            self._recorder, self._cluster, self._watchman, self._faults.saw, self._faults.saw_pod
        )
        tasks = [asyncio.create_task(part.run()) for part in (watching, self._faults)]
        try:
            # Without it, ages by the server's clock are taken for what they are not.
            await Measuring(self._recorder, {SOURCE: self._cluster}, self._watchman).once()
            return await self._drilled(opened.session)
        finally:
            try:
                await self._tidy()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._halting.close()
                await self._faults.close()

    async def _drilled(self, session: str) -> Judgement:
        typed = i.Start(experiment=NAME, typed=LIFTED, reason=WHY)
        answer = await self._faults.start(typed, self._actor)
        if isinstance(answer, Refused):
            return _not_told(f"nothing was started: {answer.reason}", answer.hint)
        active = await self._until(lambda: self._run.state == "active" or not self._run.running, PATIENCE)
        before = self._run
        pressed = time.monotonic()
        await self._halting.halt(i.HaltAll(reason="halt drill"), self._actor)
        halted = await self._until(lambda: self._recorder.state.halts[-1].finished is not None, PROOF)
        if not halted:
            return failed(
                f"halted, and {self._run.object} was not proven gone in {PROOF:.0f} s: {_told(self._run)}",
                f"controlroom sweep --session {session} --remove",
            )
        if not active or before.state != "active":
            return failed(
                f"the fault did not act in {PATIENCE:.0f} s: {_told(before)}; it was halted and is gone",
                "look at the chaos controller and the chaos daemon of the pod's node",
            )
        return self._judged(pressed)

    def _judged(self, pressed: float) -> Judgement:
        """Of a fault that acted and was halted."""
        last = next(
            event.body for event in reversed(self._recorder.events) if isinstance(event.body, e.HaltFinished)
        )
        targets = ", ".join(proof.target for proof in last.proofs) or str(self._run.object)
        deleted = f"{self._gate.taken - pressed:.2f} s" if self._gate.taken is not None else "not known"
        times = f"from the key to the last DELETE {deleted}, to the proof {last.seconds:.2f} s"
        bad = [proof for proof in last.proofs if proof.outcome != "recovered"]
        if bad or not last.proofs:
            how = ", ".join(f"{proof.target} {proof.outcome}" for proof in bad) or "no target was proven"
            return failed(
                f"{LATENCY} on {targets}, not proven recovered ({how}); {times}", "look at that pod"
            )
        return ok(f"{LATENCY} on {targets}, proven recovered; {times}")

    @property
    def _run(self) -> Run:
        return self._recorder.state.runs[f"{NAME}#1"]

    async def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether it came to that in time, real seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    await self._recorder.changed()
        except TimeoutError:
            return False
        return True

    async def _tidy(self) -> None:
        """Deletes what is there still: nothing, where the halt was proven."""
        for run in self._recorder.state.running:
            written, _ = await self._faults.request_stop(run.id, "end", self._actor)
            for target in run.objects:
                try:
                    async with asyncio.timeout(TIDY):
                        await self._gate.delete(target, written)
                except (SourceError, GateClosed, TimeoutError):
                    continue  # it ends by itself within the minute, and the label tells whose it is


def _told(run: Run) -> str:
    return f"{run.state}, {run.message}" if run.message else run.state


def _not_told(reason: str, then: str = "") -> Judgement:
    return Judgement(state="could not tell", reason=reason, next=then or "mend that, and check again")
