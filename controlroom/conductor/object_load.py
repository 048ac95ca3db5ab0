"""A load that is objects of a cluster: made through the gate, followed, and deleted until their pods are gone.

A load is no fault: a halt leaves it running, and it is stopped on the way out whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence

from controlroom.conductor.context import Part
from controlroom.conductor.faults import AGAIN
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.previewing import PATIENCE, is_a_refusal, right_of
from controlroom.conductor.recorder import HOST, SOURCE, Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core.events import Actor, Event, ObjectRef
from controlroom.core.faults import ChaosReading, NotAnObject, decode
from controlroom.core.faults.others import ENDING
from controlroom.core.guards import GuardFacts, Right, check
from controlroom.core.values import changed
from controlroom.sources.manifests import SESSION_NOTE, ManifestError, prepare_load
from controlroom.sources.ports import Cluster, LoadOutput, ObjectSeen, Prepared, SourceError

LOAD = "load"
OUTPUT = "load output"
"""What its troubles are told under."""
GUARDS = frozenset({"lock", "context", "namespace", "rights", "dry-run"})
"""The guards that also stand before a load."""
READ_EVERY = 2.0
"""Real seconds between two looks at what its pods say."""
PODS_GONE = 60.0
"""Most real seconds that a stop waits for the pods of what was deleted: twice what a pod is given to end."""
CLOSE = 75.0
"""Most real seconds that the end of the session waits for all of that."""
PASSIVE = frozenset(
    {"ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "Role", "RoleBinding"}
)
"""Kinds that a load needs and that drive nothing."""


class NotWhole(SourceError):
    """Not all of the load was made; `left` was, and is to be taken back."""

    def __init__(self, message: str, hint: str, left: Sequence[ObjectRef]) -> None:
        super().__init__(LOAD, message, hint=hint)
        self.left = tuple(left)


class ObjectLoad(Part):
    """Drives the manifest of the plan's load. What is there of it stands in the state, so that any host finds it."""

    def __init__(
        self,
        recorder: Recorder,
        cluster: Cluster,
        gate: Gate,
        watchman: Watchman,
        output: LoadOutput | None,
    ) -> None:
        super().__init__(recorder)
        self._cluster = cluster
        self._gate = gate
        self._watchman = watchman
        self._output = output
        self._readings: dict[str, ChaosReading] = {}
        self._gone: set[str] = set()
        self._pods: int | None = None
        self._said: tuple[str, int | None] = ("", None)
        self._removing: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    # Starting

    async def start(self, actor: Actor) -> tuple[ObjectRef, ...]:
        """Makes the objects; those with a uid are known to be there. Raises SourceError, NotWhole."""
        if self.state.load_objects:
            await self.stop(actor, "removed before the next start")
            await self.gone()
        prepared = self._prepared()
        await self._ask_guards(prepared)
        body = e.LoadRequested(
            objects=tuple(part.object for part in prepared),
            manifest="---\n".join(part.manifest for part in prepared),
        )
        written, on_disk = await self.recorder.durably(body, actor=actor, patience=5.0)
        self._readings, self._gone, self._pods, self._said = {}, set(), None, ("", None)
        made: list[ObjectRef] = []
        for part in prepared:
            try:
                created = await self._gate.create(part, written, on_disk, self.state)
            except GateClosed as closed:
                raise NotWhole(str(closed), "", made) from closed
            except SourceError as error:
                if not error.unsure:
                    raise NotWhole(error.message, error.hint, made) from error
                self._watchman.failed(LOAD, error)
                self._spawn(self._ask_again(body.objects))
                return tuple(made) + body.objects[len(made) :]
            made.append(changed(part.object, uid=created.uid))
        return tuple(made)

    def _prepared(self) -> tuple[Prepared, ...]:
        opened, load = self.state.opened, self.plan.load
        assert opened is not None and load is not None
        try:
            made = prepare_load(
                opened.files[load.manifest],
                session=opened.session,
                number=len(self.state.loads) + 1,
                namespaces=opened.bindings.cluster_of(load.cluster).namespaces,
            )
        except ManifestError as error:
            hint = "Correct the manifest; the session needs to begin again with it."
            raise SourceError(LOAD, f"{load.manifest}: {error}", hint=hint) from error
        return tuple(changed(part, object=changed(part.object, cluster=load.cluster)) for part in made)

    async def _ask_guards(self, prepared: Sequence[Prepared]) -> None:
        """Raises SourceError where one of them refuses, or where the cluster answers nothing at all."""
        opened, load = self.state.opened, self.plan.load
        assert opened is not None and load is not None
        binding = opened.bindings.cluster_of(load.cluster)
        rights: list[Right] = []
        refused = ""
        try:
            async with asyncio.timeout(PATIENCE):
                context = await self._cluster.context(load.cluster)
                for part in prepared:
                    rights += [right_of(one) for one in await self._cluster.permissions(part)]
                    refused = refused or await self._dry_run(part)
        except TimeoutError:
            raise SourceError(LOAD, "the cluster does not answer", hint="Start it again later.") from None
        for part in prepared:
            facts = GuardFacts(
                experiment=LOAD,
                planned_context=binding.context,
                context=context,
                planned_namespaces=binding.namespaces,
                namespace=part.object.namespace,
                locked=self.state.locked,
                rights=tuple(rights),
                dry_run=refused,
            )
            said = [one for one in check(facts) if one.guard in GUARDS and one.outcome == "refused"]
            if said:
                raise SourceError(LOAD, "; ".join(f"{one.guard}: {one.message}" for one in said))

    async def _dry_run(self, part: Prepared) -> str:
        """Why the server would refuse it; empty: it would not."""
        try:
            await self._cluster.dry_run(part)
        except SourceError as error:
            if not is_a_refusal(error):
                raise
            return f"{error.message}: {error.hint}" if error.hint else error.message
        return ""

    async def _ask_again(self, objects: Sequence[ObjectRef]) -> None:
        """After a request without an answer: all of it is there, or what is there is taken back."""
        found: list[ObjectRef | None] = []
        for target in objects:
            found.append(await self._patiently(target))
        if all(found) or self.state.load_stop is not None:
            return
        left = tuple(one for one in found if one is not None)
        error = "the request never arrived whole: start it again" if left else "the request never arrived"
        self.recorder.record(e.LoadFailed(error=error, left=left), actor=HOST)
        if left:
            await self.stop(HOST, "taken back")

    async def _patiently(self, target: ObjectRef) -> ObjectRef | None:
        attempt = 0
        while True:
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
            try:
                found = await self._mine(target)
            except SourceError as error:
                self._watchman.failed(LOAD, error)
                continue
            self._well()
            return found

    async def _mine(self, target: ObjectRef) -> ObjectRef | None:
        """The object with its uid; None: it is not there, or what bears its name is not this session's."""
        raw = await self._cluster.read(target)
        if raw is None:
            return None
        try:
            meta = decode(raw).metadata
        except NotAnObject:
            return None
        session = self.state.opened.session if self.state.opened else ""
        if target.uid and meta.uid != target.uid:
            return None
        if not target.uid and (meta.annotations or {}).get(SESSION_NOTE) != session:
            return None
        return changed(target, uid=meta.uid)

    # Following

    async def take_up(self) -> None:
        """After a host that died: what runs is followed on, what should not be there is deleted. Raises SourceError."""
        objects = self.state.load_objects
        if not objects:
            return
        if not self.state.load_running or self.state.load_stop is not None:
            await self.stop(HOST, "left by a host that died")
            return
        found = [await self._mine(target) for target in objects]
        left = tuple(one for one in found if one is not None)
        if len(left) < len(objects):
            missing = ", ".join(str(own) for own, one in zip(objects, found, strict=True) if one is None)
            error = f"{missing} went before the session was taken up again"
            self.recorder.record(e.LoadFailed(error=error, left=left), actor=HOST)

    def saw(self, seen: ObjectSeen) -> None:
        """An object of the session changed; those of the load are told and judged."""
        known = {str(own): own for own in self.state.load_objects}
        target = known.get(str(seen.object))
        if target is None or (target.uid and seen.object.uid and target.uid != seen.object.uid):
            return
        if seen.gone:
            self._gone.add(str(target))
        try:
            if seen.raw:
                self._readings[str(target)] = decode(seen.raw)
        except NotAnObject:
            return  # whoever reads the watch says so
        self._tell()

    def _tell(self) -> None:
        """Records what has changed of what is known; and that it is over, where it is."""
        objects = self.state.load_objects
        told = [
            (own, reading.progress.words)
            for own in objects
            if (reading := self._readings.get(str(own))) is not None and reading.progress.words
        ]
        message = "; ".join(f"{own.kind} {words}" for own, words in told)
        if (message, self._pods) != self._said and (message or self._pods):
            self._said = (message, self._pods)
            self.recorder.record(e.LoadObserved(message=message, pods=self._pods), actor=SOURCE)
        if self.state.load_running and self.state.load_stop is None and (why := self._over()):
            left = tuple(own for own in objects if str(own) not in self._gone)
            self.recorder.record(e.LoadFailed(error=why, left=left), actor=SOURCE)

    def _over(self) -> str:
        """Why the load is over by itself; empty: it is not."""
        objects = self.state.load_objects
        acting = [own for own in objects if own.kind not in PASSIVE] or list(objects)
        if gone := [own for own in acting if str(own) in self._gone]:
            return f"{gone[0]} is gone: it was deleted by somebody else"
        readings = [self._readings.get(str(own)) for own in acting]
        ends = [one for one in readings if one is not None and one.progress.over]
        lasting = [own for own in acting if own.kind in ENDING]
        if not ends or len(ends) < len(lasting):
            return ""
        if failed := next((one.progress.failed for one in ends if one.progress.failed), ""):
            return f"the load failed: {failed}"
        return f"the load ended by itself: {', '.join(one.progress.words for one in ends)}"

    async def run(self) -> None:
        """Keeps what its pods say, until cancelled or the session is over."""
        while self._output is not None and not self.recorder.closed:
            if not self.state.load_objects:
                await self.recorder.changed()
                continue
            await self._read(self._output)
            await asyncio.sleep(READ_EVERY)

    async def _read(self, output: LoadOutput) -> int | None:
        """How many pods run; None: not known."""
        try:
            running = await output.read(self.state.load_objects)
        except SourceError as error:
            self._watchman.failed(OUTPUT, error)
            return None
        self._watchman.answered(OUTPUT)
        if running != self._pods and self.state.load_objects:
            self._pods = running
            self._tell()
        return running

    # Stopping

    async def stop(self, actor: Actor, why: str) -> Event:
        """Asks for their end; :meth:`gone` waits for it. It does not wait long for the disk."""
        body = e.LoadStopRequested(objects=self.state.load_objects, why=why)
        written, _ = await self.recorder.durably(body, actor=actor, patience=0.1)
        if self._removing is None or self._removing.done():
            self._removing = asyncio.create_task(self._remove(written), name="load stop")
        return written

    async def gone(self) -> None:
        """Waits until what was asked to go is gone."""
        if self._removing is not None:
            await asyncio.shield(self._removing)

    async def finish(self, why: str) -> None:
        """At the end of the session. What is still there then stands in the state."""
        for task in self._asking:
            task.cancel()
        if self.state.load_objects and (self._removing is None or self._removing.done()):
            await self.stop(HOST, why)
        try:
            async with asyncio.timeout(CLOSE):
                await self.gone()
        except TimeoutError:
            names = ", ".join(map(str, self.state.load_objects))
            hint = "`controlroom sweep` removes it once the cluster lets it go."
            self._watchman.failed(LOAD, SourceError(LOAD, f"the load is not gone: {names}", hint=hint))
        finally:
            if self._removing is not None:
                self._removing.cancel()
                self._removing = None

    async def _remove(self, written: Event) -> None:
        body = written.body
        assert isinstance(body, e.LoadStopRequested)
        await asyncio.gather(*(self._remove_one(target, written) for target in body.objects))
        pods = await self._until_pods_are_gone(body.objects)
        rest = f"; {pods} of its pods had not ended after {PODS_GONE:g} s" if pods else ""
        self.recorder.record(e.LoadStopped(reason=body.why + rest), actor=HOST)

    async def _remove_one(self, target: ObjectRef, written: Event) -> None:
        """Deletes it, again and again until the cluster has taken that, and waits until it is not there."""
        attempt, asked = 0, False
        while True:
            try:
                mine = await self._mine(target)
                if mine is None:
                    break
                if not asked:
                    await self._gate.delete(mine, written)
                    asked = True
            except SourceError as error:
                self._watchman.failed(LOAD, error)
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
        self._well()

    async def _until_pods_are_gone(self, objects: Sequence[ObjectRef]) -> int:
        """How many still run when it gives up."""
        if self._output is None:
            return 0
        end = asyncio.get_running_loop().time() + PODS_GONE
        attempt = 0
        while (running := await self._read(self._output)) != 0:
            if asyncio.get_running_loop().time() > end:
                return running or 0
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
        return 0

    def _well(self) -> None:
        """The cluster does again what is asked of it for the load."""
        known = self.state.sources.get(LOAD)
        if known is not None and known.ok is False:
            self._watchman.answered(LOAD)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
