"""A Schedule on the lab, by what it makes: its targets and state, a second fault, a halt proven by its children."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.core import intents as i
from controlroom.lab.kubernetes import Trouble
from tests.sources.test_halt_lab import ME, SESSION, Day
from tests.sources.test_kubernetes_lab import world

SCHEDULE = """
apiVersion: chaos-mesh.org/v1alpha1
kind: Schedule
metadata: {name: latency-now-and-then, namespace: bookstore}
spec:
  schedule: "@every 60s"
  type: NetworkChaos
  historyLimit: 2
  concurrencyPolicy: Forbid
  networkChaos:
    action: delay
    mode: all
    selector: {namespaces: [bookstore], labelSelectors: {app: inventory-service}}
    direction: to
    target: {mode: all, selector: {namespaces: [bookstore], labelSelectors: {app: postgres}}}
    delay: {latency: 100ms}
    duration: 30s
"""


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with world(tmp_path) as room:
        made = Day(room, SCHEDULE)
        serving = [asyncio.create_task(made.watching.run()), asyncio.create_task(made.faults.run())]
        yield made
        room.lab.trouble = Trouble()
        for task in serving:
            task.cancel()
        await made.halting.close()
        await made.faults.close()
        await asyncio.gather(*serving, return_exceptions=True)


async def test_what_runs_now_is_told_and_its_injection_is_proven(day: Day) -> None:
    await day.started()
    assert day.fault.injection is None, "a Schedule that has made nothing has injected nothing"
    await day.until(lambda state: day.fault.injected == 3 and day.fault.state == "active")
    first = day.fault.injection
    assert first is not None and first.proven
    assert [own.state for own in day.fault.targets] == ["injected"] * 3
    await day.until(lambda state: "between two faults" in day.fault.message)
    assert [own.state for own in day.fault.targets] == ["recovered"] * 3
    assert day.fault.effect_end is None and day.fault.running, "there is more to come"
    await day.until(lambda state: [own.state for own in day.fault.targets] == ["injected"] * 3)
    assert day.fault.message == "2 made, 1 acting now"
    again = day.fault.injection
    assert again is not None and again.first == first.first and again.last > first.last
    assert await day.room.adapter.foreign_chaos(SESSION) == [], "what our own Schedule makes is nobody else's"


async def test_a_halt_is_proven_only_when_what_was_made_is_recovered(day: Day) -> None:
    await day.started()
    await day.until(lambda state: day.fault.injected == 3 and day.fault.state == "active")
    day.room.lab.trouble = Trouble(controller_gone=True)
    await day.halting.halt(i.HaltAll(), ME)
    await day.until(lambda state: day.fault.state in ("recovering", "stuck"))
    await day.until(lambda state: day.fault.state == "stuck")
    assert day.fault.running and day.state.halts[-1].finished is None
    day.room.lab.trouble = Trouble()
    finished = await day.proven()
    assert len(finished.proofs) == 3
    assert {proof.outcome for proof in finished.proofs} == {"recovered"}
    assert day.fault.how == "1 made, recovered 3/3"
    assert day.room.lab.active_faults() == ()
    assert day.fault.effect_end is not None
