"""Connections for a halt are held ready while faults run, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from benchmarks.faulty import CONTEXT, write_kubeconfig
from benchmarks.serving import served
from controlroom.clock import HeldClock
from controlroom.conductor import standing_by
from controlroom.conductor.standing_by import StandingBy
from controlroom.core import events as e
from controlroom.sources.kubernetes_api import Api
from tests.conductor.fakes import Bench, FakeCluster

REF = e.ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="x")


class Asked(FakeCluster):
    """Tells for how many objects it was asked for connections."""

    def __init__(self) -> None:
        super().__init__(HeldClock())
        self.counts: asyncio.Queue[int] = asyncio.Queue()

    async def stand_by(self, objects: Sequence[e.ObjectRef]) -> None:
        self.counts.put_nowait(len(objects))


def _request(bench: Bench, run: str) -> None:
    bench.recorder.record(
        e.FaultRequested(
            experiment="pod-kill",
            run=run,
            object=REF,
            manifest="{}",
            one_shot=False,
            unbounded=False,
            duration=None,
        )
    )


async def test_it_follows_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_by, "LOOK_REAL", 0.0)
    monkeypatch.setattr(standing_by, "EVERY_REAL", 1000.0)
    bench, cluster = Bench(), Asked()
    task = asyncio.create_task(StandingBy(bench.recorder, cluster).run())
    await _several_looks()
    assert cluster.counts.empty(), "nothing runs"
    async with asyncio.timeout(10.0):
        for running in (1, 2):
            _request(bench, f"pod-kill#{running}")
            assert await cluster.counts.get() == running
    bench.recorder.record(e.FaultFailed(run="pod-kill#1", error="refused"))
    await _several_looks()
    assert cluster.counts.empty(), "fewer need no more connections"
    task.cancel()


async def _several_looks() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_connections_are_used_again(tmp_path: Path) -> None:
    peers: set[object] = set()
    together, all_here = 5, asyncio.Event()
    here = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal here
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        here += 1
        if here % together == 0:
            all_here.set()
        await all_here.wait()  # each keeps its connection until all are there
        return web.json_response({})

    async with served(handle) as server:
        api = Api(write_kubeconfig(tmp_path, server), CONTEXT, HeldClock())
        await api.stand_by(together)
        assert len(peers) == together
        all_here.clear()
        await api.stand_by(together)
        assert len(peers) == together, "no new ones were opened"
        await api.close()


async def test_a_server_that_is_away_raises_nothing(tmp_path: Path) -> None:
    api = Api(write_kubeconfig(tmp_path, "http://127.0.0.1:9"), CONTEXT, HeldClock())
    await api.stand_by(3)
    await api.close()
