"""What a person did, and what touches the cluster, is on disk before it is answered or sent: in this very order."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest

from controlroom.conductor.conductor import Conductor, Means
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Body, Event, ObjectRef
from controlroom.core.findings import Inspected
from controlroom.core.intents import Accepted, Intent, Refused
from controlroom.core.plan import Plan
from controlroom.core.values import changed
from controlroom.journal import tail
from controlroom.journal.reader import parse
from controlroom.journal.writer import JournalWriter
from controlroom.sources.ports import Created, Prepared
from tests.conductor import fakes
from tests.conductor.fakes import Bench, FakeAlerts

ME = Actor(role="facilitator", name="maria")
PATIENCE = 10.0


class Disk:
    """Remembers how much of the journal each sync made safe, and can be made to hang or to refuse."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        self._safe = 0
        self.answers = threading.Event()
        self.answers.set()
        self.full = False
        self._write = os.write
        monkeypatch.setattr(tail.os, "fdatasync", self._sync)
        monkeypatch.setattr(tail.os, "write", self._guarded)

    def _sync(self, file: int) -> None:
        self.answers.wait(PATIENCE)
        self._safe = os.fstat(file).st_size

    def _guarded(self, file: int, data: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(file, data)

    @property
    def synced(self) -> list[Event]:
        """The events that a power failure at this moment would leave."""
        return list(parse(self._path.read_bytes()[: self._safe]))


class FakeLoad:
    async def start(self) -> None:
        """At once."""

    async def stop(self) -> None:
        """At once."""

    async def ended(self) -> str:
        await asyncio.Event().wait()
        return ""


class FakeWorld:
    async def set_rate(self, rate: float) -> None:
        """At once."""


class Rig:
    """A conductor on a journal of the real kind; the cluster looks at the disk whenever it is asked for something."""

    def __init__(self, bench: Bench, disk: Disk) -> None:
        self.bench = bench
        self.disk = disk
        self.on_the_wire: list[tuple[str, list[Body]]] = []
        """Each mutation, and what was safe when it was sent."""
        self._news = asyncio.Event()
        create, delete = bench.cluster.create, bench.cluster.delete

        async def creating(prepared: Prepared) -> Created:
            self._sent("create")
            return await create(prepared)

        async def deleting(target: ObjectRef) -> bool:
            self._sent("delete")
            return await delete(target)

        bench.cluster.create = creating  # type: ignore[method-assign]
        bench.cluster.delete = deleting  # type: ignore[method-assign]
        means = Means(
            metrics=bench.metrics,
            alerts=FakeAlerts(),
            cluster=bench.cluster,
            load=FakeLoad(),
            read_plan=lambda text: bench.loaded,
            world=FakeWorld(),  # type: ignore[arg-type]
            inspect=nothing_found,
        )
        self.conductor = Conductor(bench.recorder, means)

    def _sent(self, what: str) -> None:
        self._news.set()
        self.on_the_wire.append((what, [event.body for event in self.disk.synced]))  # type: ignore[misc]

    async def ask(self, intent: Intent) -> Accepted | Refused:
        return await self.conductor.submit(intent, ME)

    async def do(self, intent: Intent) -> Accepted:
        answer = await self.ask(intent)
        assert isinstance(answer, Accepted), (intent, answer)
        return answer

    async def sent(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.on_the_wire) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    path = tmp_path / "journal.jsonl"
    disk = Disk(path, monkeypatch)
    monkeypatch.setattr(fakes, "MemoryWriter", lambda: JournalWriter(path))
    bench = Bench()
    found = Rig(bench, disk)
    await found.do(i.NextPhase())
    await found.do(i.NextPhase())
    yield found
    disk.answers.set()
    await asyncio.to_thread(bench.writer.close)  # type: ignore[attr-defined]


async def nothing_found(plan: Plan, loaded: bool) -> Inspected:
    return Inspected(findings=(), by_hand=(), unbound=(), seconds=0.0)


LATENCY = "network-latency"


def bodies(found: list[Body], kind: type[Body]) -> list[Body]:
    return [body for body in found if isinstance(body, kind)]


async def test_a_start_is_safe_before_the_request_goes_out(rig: Rig) -> None:
    await rig.do(i.Start(experiment=LATENCY))
    ((what, safe),) = rig.on_the_wire
    assert what == "create"
    (asked,) = bodies(safe, e.FaultRequested)
    assert isinstance(asked, e.FaultRequested) and asked.manifest == rig.bench.cluster.created[0].manifest


@pytest.mark.parametrize("how", ["stop", "clean-up", "halt", "end"])
async def test_what_ends_a_fault_is_safe_before_the_deletion_goes_out(rig: Rig, how: str) -> None:
    await rig.do(i.Start(experiment=LATENCY))
    run = f"{LATENCY}#1"
    asked: dict[str, Intent] = {
        "stop": i.Stop(run=run),
        "clean-up": i.CleanUp(),
        "halt": i.HaltAll(),
        "end": i.End(how="halt"),
    }
    await rig.do(asked[how])
    await rig.sent(2)
    what, safe = rig.on_the_wire[1]
    assert what == "delete"
    assert bodies(safe, e.StopRequested) or bodies(safe, e.HaltRequested)


def every_act(rig: Rig) -> list[Intent]:
    """One of each kind, in an order in which each can be accepted."""
    plan = rig.bench.plan
    return [
        i.Preview(experiment=LATENCY),
        i.Start(experiment=LATENCY),
        i.Stop(run=f"{LATENCY}#1"),
        i.Release(run=f"{LATENCY}#1", word="release"),
        i.CleanUp(),
        i.HoldAbort(rule=plan.abort[0].id),
        i.ExtendPhase(seconds=60),
        i.HoldClock(),
        i.ResumeClock(),
        i.SetRate(rate=2.0),
        i.SkipPhase(phase=plan.phases[2].id),
        i.ReopenPhase(phase=plan.phases[2].id, seconds=60),
        i.NextPhase(),
        i.MakeMark(milestone="root-cause", text="found"),
        i.AmendMark(mark="MARK", text="found it"),
        i.UndoMark(mark="MARK"),
        i.WriteNote(type="todo", text="mend it @jo"),
        i.EditNote(note="NOTE", type="note", text="mended"),
        i.SetAction(title="mend it"),
        i.SetTick(list="checklist", item=plan.checklist[0].id, ticked=True),
        i.GiveAnswer(section="debrief", question=plan.debrief[0].id, text="well"),
        i.GiveInject(inject=plan.injects[0].id) if plan.injects else i.GiveInject(inject=""),
        i.Reveal(experiment=LATENCY),
        i.Poll(role="ops", go=True),
        i.CheckPlan(),
        i.StartLoad(),
        i.StopLoad(),
        i.AmendPlan(text="", reason="as it is"),
        i.DeclareIncident(text="a real one"),
        i.HaltAll(),
        i.Unlock(word="unlock"),
        i.End(),
    ]


def by_name(rig: Rig, intent: Intent) -> Intent:
    """With the mark or note that there is, and a run that is stuck."""
    state = rig.bench.state
    if isinstance(intent, i.Release):
        rig.bench.recorder.record(e.FaultObserved(run=intent.run, state="stuck"))
    if isinstance(intent, i.AmendMark | i.UndoMark):
        return changed(intent, mark=next(iter(state.marks)))
    if isinstance(intent, i.EditNote):
        return changed(intent, note=next(iter(state.notes)))
    return intent


async def test_every_act_of_a_person_is_safe_before_it_is_answered(rig: Rig) -> None:
    """Whatever the recorder held of a person when the answer came would survive a power failure."""
    acts = every_act(rig)
    assert {type(act) for act in acts} == set(get_args(Intent))
    rig.bench.recorder.record(e.AbortBreached(rule=rig.bench.plan.abort[0].id, value=1.0, countdown=60.0))
    answered = set()
    for act in acts:
        answer = await rig.ask(by_name(rig, act))
        own = [event for event in rig.bench.recorder.events if event.actor == ME]
        safe = rig.disk.synced
        assert [event for event in safe if event.actor == ME] == own, act
        if isinstance(answer, Accepted):
            assert "not yet" not in answer.note
            answered.add(type(act))
    refused = {type(act) for act in acts} - answered
    assert refused <= {i.Unlock, i.GiveInject}, "a halt is proven first; the plan may have no inject"


async def test_nothing_is_called_safe_while_the_disk_hangs_and_all_is_when_it_answers(rig: Rig) -> None:
    rig.disk.answers.clear()
    noted = await rig.do(i.WriteNote(type="note", text="while it hangs"))
    assert noted.note == "not yet on disk"
    assert all(event.seq < noted.seq for event in rig.disk.synced)
    rig.disk.answers.set()
    assert (await rig.do(i.WriteNote(type="note", text="after"))).note == ""
    assert [event.seq for event in rig.disk.synced][: noted.seq][-1] == noted.seq


@pytest.mark.parametrize("trouble", ["hangs", "full"])
async def test_stops_and_halts_go_out_whatever_the_disk_does(rig: Rig, trouble: str) -> None:
    await rig.do(i.Start(experiment=LATENCY))
    if trouble == "hangs":
        rig.disk.answers.clear()
    rig.disk.full = trouble == "full"
    began = time.monotonic()
    stopped = await rig.do(i.Stop(run=f"{LATENCY}#1"))
    await rig.sent(2)
    assert time.monotonic() - began < 0.3
    assert stopped.note == "not yet on disk"
    assert rig.on_the_wire[1][0] == "delete"
    began = time.monotonic()
    halted = await rig.do(i.HaltAll())
    assert time.monotonic() - began < 0.3
    assert halted.note == "not yet on disk"
    rig.disk.full = False
    rig.disk.answers.set()


async def test_nothing_is_started_while_the_record_is_known_to_be_in_trouble(rig: Rig) -> None:
    rig.bench.recorder.record(e.RecordTroubled(error="No space left", hint="make room", seconds=0.0, kept=2))
    trouble = rig.bench.state.record_trouble
    assert trouble is not None and trouble.kept == 2
    refused = await rig.ask(i.Start(experiment=LATENCY))
    assert isinstance(refused, Refused)
    assert "No space left" in refused.reason and refused.hint == "make room"
    assert rig.on_the_wire == []
    rig.bench.recorder.record(e.RecordTroubled(error="the disk takes everything again", seconds=3.0))
    assert rig.bench.state.record_trouble is None
    await rig.do(i.Start(experiment=LATENCY))
