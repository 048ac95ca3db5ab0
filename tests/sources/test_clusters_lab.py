"""Two labs as the clusters of one day: a fault in each, a halt that ends both, and one whose API goes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watching import Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted
from controlroom.core.plan import Cluster as Binding
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.lab.kubernetes import Trouble
from controlroom.plan.load import load_plan
from controlroom.sources.clusters import Clusters
from tests.conductor.fakes import SEED, MemoryWriter
from tests.sources.test_kubernetes_lab import SESSION, World, world

ME = Actor(role="facilitator")
PLACE = Binding(context="staging-bookstore", namespaces=("bookstore",))


class Day:
    """What drives faults, over two worlds; latency acts in the further one, memory stress in the plan's own."""

    def __init__(self, own: World, east: World) -> None:
        self.own, self.east = own, east
        self.recorder = Recorder(own.clock, MemoryWriter())
        loaded = load_plan(SEED)
        experiments = tuple(
            changed(one, cluster="east" if one.id == "network-latency" else "")
            for one in loaded.plan.experiments
        )
        self.recorder.record(
            e.SessionOpened(
                session=SESSION,
                program="0",
                plan=changed(loaded.plan, experiments=experiments),
                plan_text=loaded.text,
                plan_hash=loaded.hash,
                files=loaded.files,
                bindings=changed(loaded.plan.bindings, cluster=PLACE, clusters={"east": PLACE}),
            )
        )
        clusters = Clusters(own.adapter, {"east": east.adapter})
        gate = Gate(clusters)
        self.faults = Faults(self.recorder, clusters, gate, Previewer(self.recorder, clusters))
        self.halting = Halting(self.recorder, clusters, gate, self.faults)
        self.watching = Watching(
            self.recorder, clusters, Watchman(self.recorder), self.faults.saw, self.faults.saw_pod
        )

    @property
    def state(self) -> State:
        return self.recorder.state

    async def start(self, experiment: str) -> None:
        words = ("everything", "out of phase", "unbounded", "foreign chaos", "no target")
        answer = await self.faults.start(
            i.Start(experiment=experiment, typed={word: word for word in words}, reason="a test"), ME
        )
        assert isinstance(answer, Accepted), answer

    async def until(self, done: Callable[[State], bool]) -> None:
        async with asyncio.timeout(30.0):
            while not done(self.state):
                await self.recorder.changed()


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    for name in ("own", "east"):
        (tmp_path / name).mkdir()
    async with world(tmp_path / "own") as own, world(tmp_path / "east") as east:
        made = Day(own, east)
        watching = asyncio.create_task(made.watching.run())
        yield made
        watching.cancel()
        await made.halting.close()
        await made.faults.close()
        await asyncio.gather(watching, return_exceptions=True)


async def both(day: Day) -> None:
    await day.start("network-latency")
    await day.start("memory-stress")
    await day.until(lambda state: all(run.state == "active" for run in state.runs.values()))


async def test_a_fault_in_each_and_a_halt_that_ends_both(day: Day) -> None:
    await both(day)
    runs = day.state.runs
    clusters = {name: run.object.cluster for name, run in runs.items() if run.object}
    assert clusters == {"network-latency#1": "east", "memory-stress#1": ""}
    pods = {name.partition(":")[0] for name in day.state.pods if ":" in name}
    assert pods == {"east"}
    assert any(":" not in name for name in day.state.pods)
    await day.halting.halt(i.HaltAll(), ME)
    async with asyncio.timeout(30.0):
        await day.halting.settled()
    assert {run.state for run in day.state.runs.values()} == {"ended"}
    finished = next(event.body for event in day.recorder.events if isinstance(event.body, e.HaltFinished))
    assert {proof.run for proof in finished.proofs} == set(runs)


async def test_one_api_goes_down_and_the_other_goes_on(day: Day) -> None:
    await both(day)
    day.east.lab.trouble = Trouble(api_down=True)
    await day.halting.halt(i.HaltAll(), ME)
    await day.until(lambda state: state.runs["memory-stress#1"].state == "ended")
    assert day.state.runs["network-latency#1"].running
    told = [event.body for event in day.recorder.events if isinstance(event.body, e.StopFailed)]
    assert {one.run for one in told} <= {"network-latency#1"}
    day.east.lab.trouble = Trouble()
    async with asyncio.timeout(30.0):
        await day.halting.settled()
    assert not day.state.running
