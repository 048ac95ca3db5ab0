"""A room that its facilitators have left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controlroom.clock import HeldClock
from controlroom.conductor.attending import ARRIVING, Attending
from controlroom.core import events as e
from controlroom.core.events import ObjectRef, PlanAmended
from controlroom.core.plan import Vanished
from controlroom.core.values import changed
from tests.conductor.fakes import Bench

UNATTENDED = ("unattended.began", "unattended.ended")


class Watch:
    """The part at work on a wall clock that stands still, and what it did."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.wall = HeldClock()
        self.halted: list[str] = []
        self.ended: list[str] = []
        self.part = Attending(bench.recorder, self._halt, self._end, self.wall)

    async def _halt(self, reason: str) -> None:
        self.halted.append(reason)

    async def _end(self, run: str) -> None:
        self.ended.append(run)

    def policy(self, **changes: object) -> None:
        plan = changed(self.bench.plan, vanished=Vanished(**changes))
        self.bench.recorder.record(PlanAmended(plan=plan, plan_text="", reason=""))

    async def come(self, viewer: str = "viewer-1", seat: str = "facilitator") -> None:
        self.bench.recorder.record(e.SeatTaken(viewer=viewer, seat=seat, name=viewer))
        await self.wall.advance(0)

    async def go(self, viewer: str = "viewer-1") -> None:
        self.bench.recorder.record(e.SeatLeft(viewer=viewer))
        await self.wall.advance(0)

    def said(self) -> list[str]:
        return [kind for kind in self.bench.kinds() if kind in UNATTENDED]


@asynccontextmanager
async def watching(bench: Bench, **policy: object) -> AsyncIterator[Watch]:
    watch = Watch(bench)
    watch.policy(**policy)
    task = asyncio.create_task(watch.part.run())
    await watch.wall.advance(0)
    try:
        yield watch
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_last_facilitator_who_goes_starts_the_countdown_and_halt_ends_it(bench: Bench) -> None:
    async with watching(bench, policy="halt", after=120.0) as watch:
        await watch.come("viewer-1")
        await watch.come("viewer-2")
        await watch.go("viewer-1")
        assert watch.said() == []
        await watch.go("viewer-2")
        assert watch.said() == ["unattended.began"]
        assert bench.state.unattended.halt_after == 120.0
        await watch.wall.advance(119)
        assert watch.halted == []
        await watch.wall.advance(1)
        assert watch.halted == ["unattended for 120 s"]
        assert watch.said() == ["unattended.began", "unattended.ended"]
        assert bench.last(e.UnattendedEnded).body == e.UnattendedEnded(seconds=120.0, halted=True)
        await watch.wall.advance(1000)
        assert len(watch.halted) == 1


async def test_whoever_comes_back_in_time_stops_it_and_the_next_time_counts_anew(bench: Bench) -> None:
    async with watching(bench, policy="halt", after=120.0) as watch:
        await watch.come()
        await watch.go()
        await watch.wall.advance(100)
        await watch.come("viewer-2")
        assert bench.state.unattended is None
        await watch.wall.advance(500)
        await watch.go("viewer-2")
        await watch.wall.advance(100)
        assert watch.halted == []
        await watch.wall.advance(20)
        assert len(watch.halted) == 1


async def test_a_scribe_or_an_audience_is_no_facilitator(bench: Bench) -> None:
    async with watching(bench, policy="halt", after=60.0) as watch:
        await watch.come()
        await watch.come("viewer-2", "scribe")
        await watch.come("viewer-3", "audience")
        await watch.go()
        await watch.wall.advance(60)
        assert len(watch.halted) == 1


async def test_one_who_never_came_is_waited_for_a_while(bench: Bench) -> None:
    async with watching(bench, policy="halt", after=60.0) as watch:
        await watch.wall.advance(ARRIVING - 1)
        assert watch.said() == []
        await watch.wall.advance(1)
        assert watch.said() == ["unattended.began"]
        await watch.wall.advance(60)
        assert len(watch.halted) == 1


async def test_keep_ends_only_what_has_no_end_of_its_own(bench: Bench) -> None:
    for run, unbounded in (("pod-kill#1", True), ("network-latency#1", False)):
        bench.recorder.record(
            e.FaultRequested(
                experiment=run.partition("#")[0],
                run=run,
                object=ObjectRef(
                    api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="shop", name=run
                ),
                manifest="",
                one_shot=False,
                unbounded=unbounded,
            )
        )
    async with watching(bench, policy="keep", after=60.0) as watch:
        await watch.come()
        await watch.go()
        await watch.wall.advance(60)
        assert (watch.halted, watch.ended) == ([], ["pod-kill#1"])
        await watch.wall.advance(40)
        await watch.come("viewer-2")
        assert bench.last(e.UnattendedEnded).body == e.UnattendedEnded(seconds=100.0)
