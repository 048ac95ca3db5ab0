"""A halt on the lab when the credential was renewed a moment ago, and when nobody is there to take a fault back."""

from __future__ import annotations

import asyncio
import json
import sys
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
from controlroom.core.faults.forcing import FORCED
from controlroom.core.intents import Accepted, Refused
from controlroom.core.plan import Cluster as Binding
from controlroom.core.state import Run, State
from controlroom.core.values import changed
from controlroom.lab.kubernetes import Trouble
from controlroom.lab.kubernetes.api import access
from controlroom.plan.load import load_plan
from tests.conductor.fakes import SEED, MemoryWriter
from tests.sources.test_kubernetes_lab import SESSION, World, world

ME = Actor(role="facilitator", name="Ada")
LATENCY = "network-latency"
LONG = 40.0
PLUG_IN = """
import json, pathlib, sys
token = pathlib.Path(sys.argv[1]).read_text()
print(json.dumps({
    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token},
}))
"""


class Day:
    """What drives faults, over the lab's cluster; `manifest` takes the place of the latency's own."""

    def __init__(self, room: World, manifest: str | None = None) -> None:
        self.room = room
        self.recorder = Recorder(room.clock, MemoryWriter())
        loaded = load_plan(SEED)
        place = Binding(context="staging-bookstore", namespaces=("bookstore",))
        opened = e.SessionOpened(
            session=SESSION,
            program="0",
            plan=loaded.plan,
            plan_text=loaded.text,
            plan_hash=loaded.hash,
            files={**loaded.files, **({"network-latency-inventory.yaml": manifest} if manifest else {})},
            bindings=changed(loaded.plan.bindings, cluster=place),
        )
        self.recorder.record(opened)
        gate = Gate(room.adapter)
        self.faults = Faults(self.recorder, room.adapter, gate, Previewer(self.recorder, room.adapter))
        self.halting = Halting(self.recorder, room.adapter, gate, self.faults)
        self.watching = Watching(
            self.recorder, room.adapter, Watchman(self.recorder), self.faults.saw, self.faults.saw_pod
        )

    @property
    def state(self) -> State:
        return self.recorder.state

    @property
    def fault(self) -> Run:
        return self.state.runs[f"{LATENCY}#1"]

    async def started(self) -> None:
        words = ("everything", "out of phase", "unbounded")
        start = i.Start(experiment=LATENCY, typed={word: word for word in words}, reason="a test")
        answer = await self.faults.start(start, ME)
        assert isinstance(answer, Accepted), answer

    async def active(self) -> None:
        await self.started()
        await self.until(lambda state: self.fault.state == "active")

    async def until(self, done: Callable[[State], bool]) -> None:
        async with asyncio.timeout(LONG):
            while not done(self.state):
                await self.recorder.changed()

    async def proven(self) -> e.HaltFinished:
        async with asyncio.timeout(LONG):
            await self.halting.settled()
        body = self.recorder.events[-1].body
        found = next(
            own.body for own in reversed(self.recorder.events) if isinstance(own.body, e.HaltFinished)
        )
        assert not self.state.running, body
        return found


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with world(tmp_path) as room:
        made = Day(room)
        serving = [asyncio.create_task(made.watching.run()), asyncio.create_task(made.faults.run())]
        yield made
        room.lab.trouble = Trouble()
        for task in serving:
            task.cancel()
        await made.halting.close()
        await made.faults.close()
        await asyncio.gather(*serving, return_exceptions=True)


async def test_a_halt_passes_with_the_credential_that_came_after_a_401(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, plug_in = tmp_path / "token", tmp_path / "plug_in.py"
    plug_in.write_text(PLUG_IN)
    token.write_text("first")
    bearers = {"first": access.ADMIN}
    monkeypatch.setattr(access, "_BEARERS", bearers)
    shown: list[str] = []
    judge = access.authenticate

    def authenticate(header: str) -> access.User:
        shown.append(header.removeprefix("Bearer "))
        return judge(header)

    monkeypatch.setattr(access, "authenticate", authenticate)
    async with world(tmp_path) as room:
        path = tmp_path / "kubeconfig"
        config = json.loads(path.read_text())
        version = "client.authentication.k8s.io/v1"
        run = {"apiVersion": version, "command": sys.executable, "args": [str(plug_in), str(token)]}
        config["users"][0]["user"] = {"exec": {**run, "interactiveMode": "Never"}}
        path.write_text(json.dumps(config))
        day = Day(room)
        watching = asyncio.create_task(day.watching.run())
        await day.active()
        assert set(shown) == {"first"}

        token.write_text("second")
        bearers.clear()
        bearers["second"] = access.ADMIN
        shown.clear()
        await day.halting.halt(i.HaltAll(), ME)
        finished = await day.proven()
        assert {proof.outcome for proof in finished.proofs} == {"recovered"}
        assert shown[0] == "first" and "second" in shown, "refused once, then let in anew"
        assert not [own for own in day.recorder.events if isinstance(own.body, e.StopFailed)]
        watching.cancel()
        await day.halting.close()
        await day.faults.close()
        await asyncio.gather(watching, return_exceptions=True)


async def halted_without_a_controller(day: Day) -> None:
    """Nobody takes the finalizer away: it is named, and nothing is proven."""
    await day.active()
    day.room.lab.trouble = Trouble(controller_gone=True)
    await day.halting.halt(i.HaltAll(), ME)
    await day.until(lambda state: day.fault.state == "stuck")
    assert "finalizer chaos-mesh/records" in day.fault.message
    assert day.state.halts[-1].finished is None and day.state.locked
    again = await day.halting.halt(i.HaltAll(), ME)
    assert isinstance(again, Accepted) and again.note == "halting already"
    refused = await day.halting.unlock(i.Unlock(word="unlock"), ME)
    assert isinstance(refused, Refused) and "still halting" in refused.reason


async def test_without_a_controller_it_is_stuck_and_ends_when_there_is_one_again(day: Day) -> None:
    await halted_without_a_controller(day)
    day.room.lab.trouble = Trouble()
    finished = await day.proven()
    assert {proof.outcome for proof in finished.proofs} == {"recovered"}
    assert day.room.lab.active_faults() == ()


async def test_without_a_controller_it_may_be_forced_and_what_that_leaves_is_said(day: Day) -> None:
    await halted_without_a_controller(day)
    run = day.fault.id
    offered = await day.halting.release(i.Release(run=run, word=""), ME)
    assert isinstance(offered, Refused) and FORCED in offered.reason
    assert "may stay in bookstore/inventory-service" in offered.hint
    assert isinstance(await day.halting.release(i.Release(run=run, word=FORCED), ME), Accepted)
    await day.until(lambda state: day.fault.state == "stuck" and bool(day.fault.not_stopped))
    assert "the webhook" in day.fault.not_stopped, "to remove a finalizer is an update: its webhook is asked"
    assert "start chaos-controller-manager again" in day.fault.not_stopped
    assert day.fault.running and day.state.locked

    day.room.lab.trouble = Trouble(finalizer_stuck=True)
    assert isinstance(await day.halting.release(i.Release(run=run, word=FORCED), ME), Accepted)
    finished = await day.proven()
    assert {proof.outcome for proof in finished.proofs} == {"stuck"}
    assert day.fault.how == "recovered 0/3 · not recovered 3"
