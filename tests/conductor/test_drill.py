"""The halt drill on the lab: proven and timed; refused, not acting, stuck or broken off, it leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.conductor import drill
from controlroom.conductor.drill import NAME, Drill, NoTarget, drill_of
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core.checks import Judgement
from controlroom.core.events import Actor, SessionOpened
from controlroom.core.plan import Cluster as Binding
from controlroom.core.values import changed
from controlroom.lab.kubernetes import Trouble
from controlroom.plan.load import load_plan
from tests.conductor.fakes import SEED, MemoryWriter
from tests.sources.test_kubernetes_lab import SESSION, World, world

ME = Actor(role="facilitator", name="maria")
PLACE = Binding(context="staging-bookstore", namespaces=("bookstore",))
LOADED = load_plan(SEED)


class Rig:
    def __init__(self, there: World) -> None:
        self.world = there
        self.writer = MemoryWriter()
        self.recorder = Recorder(there.clock, self.writer)

    async def run(self, context: str = "staging-bookstore") -> Judgement:
        plan, manifest, _ = drill_of(LOADED.plan, LOADED.files)
        bindings = changed(plan.bindings, cluster=changed(PLACE, context=context))
        opened = SessionOpened(
            session=SESSION,
            program="0",
            plan=plan,
            plan_text="",
            plan_hash="",
            files={NAME: manifest},
            bindings=bindings,
        )
        async with asyncio.timeout(60.0):
            return await Drill(self.recorder, self.world.adapter, ME).run(opened)

    def first(self, kind: type[e.Body]) -> e.Body:
        return next(event.body for event in self.recorder.events if isinstance(event.body, kind))

    async def left(self) -> int:
        return len(await self.world.adapter.labelled(SESSION))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with world(tmp_path) as there:
        there.clock.set_rate(1.0)
        yield Rig(there)


async def test_one_pod_is_delayed_for_a_moment_halted_and_proven(rig: Rig) -> None:
    judged = await rig.run()
    assert judged.state == "ok", judged
    assert judged.reason.startswith("1ms on bookstore/inventory-service-")
    assert "to the last DELETE 0." in judged.reason and "proven recovered" in judged.reason
    asked = rig.first(e.FaultRequested)
    assert isinstance(asked, e.FaultRequested)
    assert (asked.object.kind, asked.duration) == ("NetworkChaos", 31.0)
    assert "mode: one" in asked.manifest and "latency: 1ms" in asked.manifest
    assert [one.guard for one in asked.overrides] == ["phase", "blast-radius"]
    (proof,) = rig.recorder.state.halts[-1].proofs
    assert proof.outcome == "recovered"
    assert await rig.left() == 0


async def test_a_guard_that_a_drill_does_not_lift_keeps_it_from_starting(rig: Rig) -> None:
    judged = await rig.run(context="another")
    assert judged.state == "could not tell"
    assert judged.reason.startswith("nothing was started: context: ")
    assert await rig.left() == 0


async def test_nothing_is_started_without_a_record(rig: Rig) -> None:
    rig.writer.refusing = True
    judged = await rig.run()
    assert (judged.state, await rig.left()) == ("could not tell", 0)
    assert "could not be written" in judged.reason


async def test_a_fault_that_does_not_act_is_a_failure_and_goes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill, "PATIENCE", 1.0)
    rig.world.lab.trouble = Trouble(apply_fails=True)
    judged = await rig.run()
    assert judged.state == "failed" and "did not act" in judged.reason
    assert await rig.left() == 0


async def test_what_does_not_go_is_named_with_the_command_that_removes_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill, "PROOF", 1.0)
    rig.world.lab.trouble = Trouble(finalizer_stuck=True)
    judged = await rig.run()
    assert judged.state == "failed"
    assert "was not proven gone" in judged.reason
    assert judged.next == f"controlroom sweep --session {SESSION} --remove"


async def test_broken_off_while_the_fault_acts_it_leaves_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()

    async def wait(self: Drill, done: object, seconds: float) -> bool:
        waiting.set()
        return await asyncio.Event().wait()

    monkeypatch.setattr(Drill, "_until", wait)
    task = asyncio.create_task(rig.run())
    await waiting.wait()
    assert await rig.left() == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20.0):
        while await rig.left():
            continue  # each look is a request, in which the lab goes on


def test_a_plan_that_selects_no_pod_has_no_drill() -> None:
    changes = tuple(changed(one, change=True) for one in LOADED.plan.experiments)
    with pytest.raises(NoTarget):
        drill_of(changed(LOADED.plan, experiments=changes), LOADED.files)
