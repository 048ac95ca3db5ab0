"""A host that is killed in the middle of something, taken up again, and what must then be so."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.intents import Accepted, Answer, IntentBase
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.host.lab_process import LAB, FoundLab, LabFile, LabLost
from controlroom.host.launch import await_host, launch
from controlroom.host.order import Order
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import lines_of, read_events, verify
from controlroom.room import RoomClosed
from controlroom.room.attached import attach
from tests.host.live import LiveHost, Troubles, Viewer, fresh_folder, order_for

CHAOS = "apis/chaos-mesh.org/v1alpha1/namespaces/bookstore"
KINDS = ("podchaos", "networkchaos", "stresschaos")
SESSION_LABEL = "controlroom.dev/session"
FAULTS = ("network-latency", "pod-kill", "memory-stress")


@dataclass
class Ordeal:
    """One session, and all that its host acknowledged before it was killed."""

    order: Order
    host: LiveHost
    viewer: Viewer
    lab: Troubles
    kubernetes: str
    chance: random.Random
    acknowledged: dict[int, e.Body] = field(default_factory=dict)
    """What the event of each acknowledged seq must hold, where it is known."""
    asked: set[asyncio.Task[None]] = field(default_factory=set)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=20.0))
    before: list[bytes] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.viewer.state

    @property
    def folder(self) -> SessionFolder:
        return self.host.folder

    # What the facilitator does

    async def do(self, intent: IntentBase) -> Accepted:
        answer = await self._ask(intent)
        assert isinstance(answer, Accepted), (intent, answer)
        await self.viewer.until(lambda: self.state.seq >= answer.seq)
        return answer

    async def _ask(self, intent: IntentBase) -> Answer:
        answer = await self.viewer.ask(intent)
        if isinstance(answer, Accepted) and answer.note == "":
            self.acknowledged[answer.seq] = _promised(intent)
        return answer

    def ask_aside(self, intent: IntentBase) -> None:
        """Without waiting: the host may be killed before it answers."""

        async def ask() -> None:
            with contextlib.suppress(RoomClosed):
                await self._ask(intent)

        task = asyncio.create_task(ask())
        self.asked.add(task)
        task.add_done_callback(self.asked.discard)

    def write_aside(self) -> None:
        """Somebody writes one note after the other."""

        async def write() -> None:
            with contextlib.suppress(RoomClosed):
                for number in range(10_000):
                    await self._ask(i.WriteNote(type="observation", text=f"note number {number}"))

        self.asked.add(asyncio.create_task(write()))

    async def until_told(self, kind: type[e.Body], more: int = 0) -> None:
        """Waits for the first such event, and for so many more of any kind."""

        def told() -> bool:
            at = next((own.seq for own in self.viewer.events if isinstance(own.body, kind)), None)
            return at is not None and self.state.seq >= at + more

        await self.viewer.until(told)

    # What happens to the host

    async def kill(self) -> None:
        """SIGKILL; what was acknowledged is on disk from here on."""
        self.host.process.kill()
        self.host.process.wait()
        for task in self.asked:
            task.cancel()
        await asyncio.gather(*self.asked, return_exceptions=True)
        self.asked.clear()
        await self.viewer.leave()
        self.before = lines_of(self.folder.journal.read_bytes())
        self._check_acknowledged()

    async def resume(self, *, halt: bool = False) -> None:
        process = launch(changed(self.order, resume=True, halt=halt))
        found = await asyncio.to_thread(await_host, process, self.folder)
        self.host = LiveHost(self.folder, process, Path(found.socket))
        self.viewer = Viewer(await attach(self.host.socket, name="maria"))
        self.host.viewers.append(self.viewer)
        self.viewer.follow()
        await self.viewer.until(lambda: bool(self.state.gaps))

    # What must be so

    def _check_acknowledged(self) -> None:
        events = {event.seq: event for event in read_events(self.folder.journal)}
        for seq, promised in self.acknowledged.items():
            assert seq in events, (seq, promised)
            body = events[seq].body
            assert isinstance(body, type(promised)), (seq, promised, body)
            if isinstance(promised, e.NoteWritten):
                assert isinstance(body, e.NoteWritten)
                assert body.text == promised.text

    def check_record(self) -> None:
        """Nothing that was there before the kill has changed, and the chain holds."""
        after = lines_of(self.folder.journal.read_bytes())
        assert after[: len(self.before)] == self.before
        assert verify(self.folder.journal) == []
        self._check_acknowledged()
        assert [event.seq for event in read_events(self.folder.journal)] == list(range(1, len(after) + 1))
        times = [event.t for event in read_events(self.folder.journal)]
        assert times == sorted(times)

    async def objects(self) -> dict[str, str]:
        """Every chaos object in the lab: its uid by its name."""
        found = {}
        for kind in KINDS:
            answer = await self.http.get(f"{self.kubernetes}/{CHAOS}/{kind}")
            for item in answer.raise_for_status().json()["items"]:
                found[item["metadata"]["name"]] = item["metadata"]["uid"]
        return found

    async def plant_stray(self) -> None:
        """An object with the session's label that no record knows."""
        opened = self.state.opened
        assert opened is not None
        body = {
            "apiVersion": "chaos-mesh.org/v1alpha1",
            "kind": "PodChaos",
            "metadata": {
                "name": "stray",
                "namespace": "bookstore",
                "labels": {SESSION_LABEL: opened.session},
            },
            "spec": {
                "action": "pod-failure",
                "mode": "all",
                "duration": "1h",
                "selector": {"namespaces": ["bookstore"], "labelSelectors": {"app": "nothing-of-the-kind"}},
            },
        }
        answer = await self.http.post(f"{self.kubernetes}/{CHAOS}/podchaos", json=body)
        answer.raise_for_status()

    async def until_accounted(self) -> None:
        """Every chaos object in the lab is that of a run which the record knows as running, for certain."""
        async with asyncio.timeout(30.0):
            while unknown := await self._unaccounted():
                assert unknown
                seq = self.state.seq
                await self.viewer.until(lambda seq=seq: self.state.seq > seq)

    async def _unaccounted(self) -> list[str]:
        unsure = [run.id for run in self.state.running if run.state in ("requested", "unsure")]
        known = {run.object.name for run in self.state.running if run.object}
        return unsure + [name for name in await self.objects() if name not in known]

    async def end(self) -> None:
        """The day is ended and closed in good order, with nothing left."""
        if self.state.halts and self.state.locked:
            await self.viewer.until(lambda: self.state.halts[-1].finished is not None)
            await self.do(i.Unlock(word="unlock"))
        if self.state.status == "open":
            await self.do(i.End())
        await self.viewer.over()
        assert await self.host.ended() == 0
        assert (self.state.closed_reason, self.state.left) == ("ended", ())
        self.check_record()
        assert self.folder.report.is_file()

    async def close(self) -> None:
        for task in self.asked:
            task.cancel()
        await self.host.close()
        await self.lab.close()
        await self.http.aclose()
        await stop_lab(self.folder)


def _promised(intent: IntentBase) -> e.Body:
    """The event that an accepted intent stands for, or one of its kind."""
    ref = e.ObjectRef(api_version="", kind="", namespace="", name="")
    match intent:
        case i.WriteNote():
            return e.NoteWritten(note="", type=intent.type, text=intent.text)
        case i.Start():
            return e.FaultRequested(
                experiment=intent.experiment, run="", object=ref, manifest="", one_shot=False
            )
        case i.Stop():
            return e.StopRequested(run=intent.run, why="stop")
        case i.HaltAll():
            return e.HaltRequested()
        case i.End():
            return e.SessionEnding(how=intent.how)
        case i.Unlock():
            return e.Unlocked()
        case i.NextPhase():
            return e.PhaseStarted(phase="")
    raise AssertionError(intent)


@contextlib.asynccontextmanager
async def ordeal(
    place: Path, seed: int, rate: float = 20.0, plan: Path | None = None
) -> AsyncIterator[Ordeal]:
    """A rehearsal in its phase of faults, of the seed's plan unless another is given; whatever the test does,
    neither host nor lab is left."""
    folder = fresh_folder(place)
    order = order_for(folder, rate=rate, seed=seed)
    if plan is not None:
        order = changed(order, plan=str(plan))
    process = launch(order)
    try:
        found = await asyncio.to_thread(await_host, process, folder)
    except BaseException:
        process.kill()
        raise
    host = LiveHost(folder, process, Path(found.socket))
    viewer = await host.viewer()
    lab = Troubles(viewer)
    status = await lab.get(f"{lab.bindings.lab}/status")
    assert isinstance(status, dict)
    running = Ordeal(order, host, viewer, lab, status["addresses"]["kubernetes"], random.Random(seed))
    try:
        await viewer.until(lambda: viewer.state.phase == "baseline")
        await running.do(i.NextPhase())
        yield running
    finally:
        await running.close()


async def stop_lab(folder: SessionFolder) -> None:
    """Ends the lab of a session whose host died, where it still runs."""
    try:
        lab = FoundLab.find(folder.path)
    except LabLost:
        return
    await lab.stop()


def lab_pid(folder: SessionFolder) -> int:
    return msgspec.json.decode((folder.path / LAB).read_bytes(), type=LabFile).process.pid


# The moments

Moment = Callable[[Ordeal], Awaitable[None]]


async def before_a_start(own: Ordeal) -> None:
    own.write_aside()
    seq = own.state.seq + own.chance.randrange(1, 30)
    await own.viewer.until(lambda: own.state.seq >= seq)
    if own.chance.random() < 0.5:
        own.ask_aside(i.Start(experiment=own.chance.choice(FAULTS)))
        await asyncio.sleep(0)


async def between_request_and_answer(own: Ordeal) -> None:
    if slow := own.chance.choice([0.0, 0.02, 0.2]):
        await own.lab.put("kubernetes", slow_seconds=slow)
    own.write_aside()
    own.ask_aside(i.Start(experiment=own.chance.choice(FAULTS)))
    await own.until_told(e.FaultRequested, own.chance.randrange(0, 3))


async def while_active(own: Ordeal) -> None:
    await start_and_await(own, own.chance.choice(FAULTS))
    own.write_aside()
    await own.until_told(e.FaultAccepted, own.chance.randrange(1, 60))


async def while_stopping(own: Ordeal) -> None:
    run = await start_and_await(own, own.chance.choice(FAULTS))
    if own.chance.random() < 0.5:
        await own.lab.put("kubernetes", slow_seconds=0.1)
    own.write_aside()
    own.ask_aside(i.Stop(run=run))
    await own.until_told(e.StopRequested, own.chance.randrange(0, 6))


async def during_a_halt(own: Ordeal) -> None:
    await start_and_await(own, "network-latency")
    if own.chance.random() < 0.5:
        await own.do(i.Start(experiment="memory-stress"))
    if own.chance.random() < 0.3:
        await own.lab.put("kubernetes", slow_seconds=0.1)
    own.write_aside()
    own.ask_aside(i.HaltAll(reason="enough"))
    await own.until_told(e.HaltRequested, own.chance.randrange(0, 6))


async def in_the_end(own: Ordeal) -> None:
    await start_and_await(own, own.chance.choice(FAULTS))
    own.ask_aside(i.End())
    await own.until_told(e.SessionEnding, own.chance.randrange(0, 8))


async def start_and_await(own: Ordeal, experiment: str) -> str:
    """Injects an experiment and waits until it acts; returns its run."""
    await own.do(i.Start(experiment=experiment))
    run = f"{experiment}#1"
    await own.viewer.until(lambda: own.state.runs[run].injection is not None)
    return run


MOMENTS: tuple[Moment, ...] = (
    before_a_start,
    between_request_and_answer,
    while_active,
    while_stopping,
    during_a_halt,
    in_the_end,
)
