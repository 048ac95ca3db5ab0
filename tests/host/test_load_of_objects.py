"""A day on a cluster (a lab stands for it) whose load is a manifest: through a halt, the death of its host, a sweep."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controlroom.core import intents as i
from controlroom.host.launch import await_host, launch
from controlroom.host.order import Order
from controlroom.lab.kubernetes.resources import by_kind
from controlroom.lab.lab import Lab
from controlroom.shipped import shipped
from tests.cli.calling import spawn
from tests.host.live import LiveHost, Viewer, fresh_folder
from tests.inspecting.site import inspection

JOB = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: orders-script}
data: {orders.js: "export default () => {}"}
---
apiVersion: batch/v1
kind: Job
metadata: {name: orders}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: k6, image: grafana/k6}]}}}
"""


class Site:
    """A host and the cluster that its load is made in."""

    def __init__(self, lab: Lab, host: LiveHost, order: Order) -> None:
        self.lab = lab
        self.host = host
        self.order = order

    def job(self) -> dict[str, Any] | None:
        resource = by_kind("batch/v1", "Job")
        assert resource is not None
        return self.lab.staging.cluster.store.get(resource, "bookstore", "orders")

    def report(self, **status: object) -> None:
        """What the Job's controller would write."""
        resource, job = by_kind("batch/v1", "Job"), self.job()
        assert resource is not None and job is not None
        self.lab.staging.cluster.store.update(resource, {**job, "status": status})

    async def kill(self) -> None:
        for viewer in self.host.viewers:
            await viewer.leave()
        self.host.viewers.clear()
        self.host.process.kill()
        await self.host.ended()

    async def next_host(self) -> Viewer:
        process = launch(Order(plan=self.order.plan, folder=self.order.folder, resume=True))
        found = await asyncio.to_thread(await_host, process, self.host.folder)
        self.host = LiveHost(self.host.folder, process, Path(found.socket))
        return await self.host.viewer()


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    plans = tmp_path / "experiments"
    shutil.copytree(shipped("experiments"), plans)
    (plans / "orders-load.yaml").write_text(JOB)
    plan = plans / "inventory-service-failure.yaml"
    head, _, tail = plan.read_text().partition("\nload:\n")
    plan.write_text(f"{head}\nload: {{manifest: orders-load.yaml}}\n{tail.partition(chr(10) * 2)[2]}")
    (tmp_path / "lab").mkdir()
    async with inspection(tmp_path / "lab") as own:
        monkeypatch.setenv("KUBECONFIG", own.addresses.kubeconfig)
        monkeypatch.setenv("PROMETHEUS_URL", own.addresses.prometheus)
        monkeypatch.setenv("ALERTMANAGER_URL", own.addresses.alertmanager)
        for name in ("GRAFANA_URL", "CHAT_URL"):
            monkeypatch.setenv(name, os.environ.get(name, ""))
        folder = fresh_folder(tmp_path / "sessions")
        order = Order(plan=str(plan), folder=str(folder.path))
        process = launch(order)
        found = await asyncio.to_thread(await_host, process, folder)
        made = Site(own.lab, LiveHost(folder, process, Path(found.socket)), order)
        try:
            yield made
        finally:
            await made.host.close()


async def test_through_a_halt_and_the_death_of_its_host_to_an_interruption(site: Site) -> None:
    viewer = await site.host.viewer()
    await viewer.do(i.NextPhase())  # the load's step is its first
    await viewer.until(lambda: viewer.state.load_running)
    job = site.job()
    assert job is not None
    assert job["metadata"]["annotations"]["controlroom.dev/session-id"] == site.host.folder.name
    site.report(active=2)
    await viewer.until(lambda: viewer.state.load_says.startswith("Job 2 active"))
    await viewer.do(i.HaltAll())
    await viewer.until(lambda: viewer.state.halts[-1].finished is not None)
    assert site.job() is not None and viewer.state.load_running

    await site.kill()
    assert site.job() is not None
    viewer = await site.next_host()
    await viewer.until(lambda: any(own.body.kind() == "session.resumed" for own in viewer.events))
    site.report(active=1, succeeded=1)
    await viewer.until(lambda: viewer.state.load_says.startswith("Job 1 active, 1 succeeded"))
    assert viewer.state.load_running and len(viewer.state.loads) == 1
    assert not [own for own in viewer.events if own.body.kind() == "fault.found"], "it is no stray"

    site.host.process.terminate()
    await viewer.until(lambda: viewer.state.status == "closed")
    await site.host.ended()
    assert site.job() is None, "it is stopped on the way out, whatever happens"
    assert viewer.state.loads[-1].what == "end of the session" and viewer.state.left == ()


async def test_what_a_killed_host_left_is_swept(site: Site) -> None:
    viewer = await site.host.viewer()
    await viewer.do(i.NextPhase())
    await viewer.until(lambda: viewer.state.load_running)
    await site.kill()
    sessions = site.host.folder.path.parent
    called = await asyncio.to_thread(
        spawn, "sweep", "--kubeconfig", os.environ["KUBECONFIG"], "--sessions", sessions, "--remove", "--yes"
    )
    assert called.code == 0, called
    assert "Job/bookstore/orders" in called.out and "ConfigMap/bookstore/orders-script" in called.out
    assert site.job() is None
