"""Halt of fifty active experiments: all deletions are under way at once, makers first, and each target is proven."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.faulty import CONTEXT, GROUP, NAMESPACE, TYPED, Faulty, write_kubeconfig, write_plan
from benchmarks.serving import served
from controlroom.clock import WallClock
from controlroom.core import intents as i
from controlroom.core.events import HaltFinished, HaltRequested, ObjectRef
from controlroom.core.plan import Cluster
from controlroom.host.launch import await_host, launch
from controlroom.host.order import Order
from controlroom.sources.kubernetes import KubernetesCluster
from tests.host.live import LiveHost, fresh_folder

FAULTS, SCHEDULES = 50, 3


async def test_fifty_deletions_are_under_way_at_once_and_fifty_proofs_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, all_there = Faulty(), asyncio.Event()

    async def held(name: str) -> None:
        """Nobody is answered before the last has asked: one that waits for another's answer would wait for ever."""
        if len(cluster.deletions) >= FAULTS:
            all_there.set()
        await all_there.wait()

    async with served(cluster.handle) as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path, server)))
        folder = fresh_folder(tmp_path / "sessions")
        plan = write_plan(tmp_path, FAULTS, SCHEDULES)
        process = launch(Order(plan=str(plan), folder=str(folder.path)))
        found = await asyncio.to_thread(await_host, process, folder)
        host = LiveHost(folder, process, Path(found.socket))
        try:
            viewer = await host.viewer()
            for _ in ("baseline", "inject"):
                await viewer.do(i.NextPhase())
            for own in viewer.state.plan.experiments if viewer.state.plan else ():
                await viewer.do(i.Start(experiment=own.id, typed=TYPED, reason="a test"))
            active = {run.id for run in viewer.state.running}
            assert len(active) == FAULTS
            await viewer.until(lambda: all(run.state == "active" for run in viewer.state.running))
            cluster.before_delete = held
            await viewer.do(i.HaltAll())
            again = await viewer.do(i.HaltAll())
            assert again.note == "halting already"
            await viewer.until(lambda: viewer.state.halts[-1].finished is not None)
            makers = {
                run.object.name
                for run in viewer.state.runs.values()
                if run.object and run.object.kind == "Schedule"
            }
            assert {name for name, _ in cluster.deletions[:SCHEDULES]} == makers
            assert len(cluster.deletions) == FAULTS, "each is deleted once"
            assert not any(cluster.objects.values())
            proofs = next(own.body for own in viewer.events if isinstance(own.body, HaltFinished)).proofs
            assert {proof.run for proof in proofs} == active
            assert sum(1 for own in viewer.events if isinstance(own.body, HaltRequested)) == 1
            await viewer.do(i.End())
            await viewer.over()
            assert await host.ended() == 0
        finally:
            await host.close()
        report = host.folder.report.read_text()
        table = report.partition("## Halts")[2].partition("\n## ")[0]
        told = [line for line in table.splitlines() if "| recovered |" in line or "| gone |" in line]
        assert len(told) == FAULTS, table


async def test_no_deletion_waits_for_a_connection(tmp_path: Path) -> None:
    """The library's own limit is a hundred connections, of which the watches hold some."""
    server, all_there, many = Faulty(), asyncio.Event(), 130

    async def held(name: str) -> None:
        if len(server.deletions) >= many:
            all_there.set()
        await all_there.wait()

    server.before_delete = held
    async with served(server.handle) as address:
        binding = Cluster(context=CONTEXT, namespaces=(NAMESPACE,))
        cluster = KubernetesCluster(binding, write_kubeconfig(tmp_path, address), "s", WallClock())
        refs = [
            ObjectRef(api_version=GROUP, kind="PodChaos", namespace=NAMESPACE, name=f"x-{number}")
            for number in range(many)
        ]
        async with asyncio.timeout(10.0):
            await asyncio.gather(*(cluster.delete(ref) for ref in refs))
        await cluster.close()
