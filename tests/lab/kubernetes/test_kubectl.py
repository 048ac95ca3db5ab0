"""The real kubectl against the lab."""

from __future__ import annotations

import asyncio
import os
import re
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from controlroom.clock import WallClock
from controlroom.lab.kubernetes import Cluster, build_bookstore
from controlroom.lab.kubernetes.kubeconfig import kubeconfig
from controlroom.lab.kubernetes.server import make_app
from tests.system import require

pytestmark = pytest.mark.system

MANIFEST = """\
apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata:
  name: slow
  namespace: bookstore
  labels: {run: "LABEL"}
spec:
  action: delay
  mode: one
  selector:
    namespaces: [bookstore]
    labelSelectors: {app: inventory-service}
  delay: {latency: 10ms}
  duration: 10m
"""


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str


class Kubectl:
    """Runs kubectl with a home and a kubeconfig of its own."""

    def __init__(self, program: Path, home: Path, url: str) -> None:
        self.program = program
        self.home = home
        config = home / "config"
        config.write_text(kubeconfig(url, "staging-bookstore", "bookstore"))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(config)}

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            self.program, *arguments, stdout=PIPE, stderr=PIPE, env=self.environment, cwd=self.home
        )

    async def __call__(self, *arguments: str) -> Ended:
        process = await self.start(*arguments)
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def good(self, *arguments: str) -> str:
        """The output of a command that has to succeed."""
        ended = await self(*arguments)
        assert ended.code == 0, ended.err
        return ended.out

    def manifest(self, label: str = "1") -> str:
        path = self.home / "slow.yaml"
        path.write_text(MANIFEST.replace("LABEL", label))
        return str(path)


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(WallClock(), seed=5, startup_seconds=lambda app, pod: 0.3)
    build_bookstore(made)
    return made


@pytest.fixture
async def kubectl(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Kubectl]:
    program = require("kubectl", "kubernetes-client")
    runner = web.AppRunner(
        make_app(cluster), handle_signals=False, handler_cancellation=True, shutdown_timeout=0.1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    async def keep_stepping() -> None:
        while True:
            cluster.catch_up()
            await asyncio.sleep(0.02)

    stepping = asyncio.create_task(keep_stepping())
    yield Kubectl(program, tmp_path, f"http://127.0.0.1:{runner.addresses[0][1]}")
    stepping.cancel()
    await runner.cleanup()


async def test_get_pods_shows_the_columns_of_a_real_cluster(kubectl: Kubectl, cluster: Cluster) -> None:
    lines = (await kubectl.good("get", "pods")).splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [line.split()[0] for line in lines[1:]] == [pod.name for pod in cluster.pods("bookstore")]
    assert {tuple(line.split()[1:]) for line in lines[1:]} == {("1/1", "Running", "0", "6h")}


async def test_get_pods_w_follows_a_replacement(kubectl: Kubectl, cluster: Cluster) -> None:
    victim = cluster.pods("bookstore", "inventory-service")[0].name
    process = await kubectl.start("get", "pods", "-w", "-l", "app=inventory-service")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        for _ in range(4):
            await process.stdout.readline()
        await kubectl.good("delete", "pod", victim, "--wait=false")
        seen = set()
        while not any(name != victim and ready == "1/1" for name, ready, _ in seen):
            seen.add(tuple((await process.stdout.readline()).decode().split()[:3]))
    process.terminate()
    await process.wait()
    states = {state for name, _, state in seen if name != victim}
    assert {"Pending", "ContainerCreating", "Running"} <= states
    assert (victim, "1/1", "Terminating") in seen


async def test_describe_pod_and_podchaos(kubectl: Kubectl, cluster: Cluster) -> None:
    pod = cluster.pods("bookstore", "order-service")[0]
    text = await kubectl.good("describe", "pod", pod.name)
    assert re.search(rf"^Node: +{pod.node}/192\.168\.49\.\d$", text, re.MULTILINE)
    assert re.search(r"^ +Ready +True *$", text, re.MULTILINE)
    injected = asyncio.Event()
    cluster.on_fault(lambda change: injected.set())
    await kubectl.good("apply", "-f", kubectl.manifest())
    async with asyncio.timeout(10):
        await injected.wait()
    text = await kubectl.good("describe", "networkchaos", "slow")
    assert "Desired Phase:" in text and "FinalizerInited" in text


async def test_apply_and_apply_again_and_delete(kubectl: Kubectl) -> None:
    assert "slow created" in await kubectl.good("apply", "-f", kubectl.manifest())
    assert "slow unchanged" in await kubectl.good("apply", "-f", kubectl.manifest())
    assert "slow configured" in await kubectl.good("apply", "-f", kubectl.manifest("2"))
    assert '"slow" deleted' in await kubectl.good("delete", "-f", kubectl.manifest())
    ended = await kubectl("get", "networkchaos", "slow")
    assert (ended.code, "NotFound" in ended.err) == (1, True)


async def test_a_dry_run_leaves_nothing_behind(kubectl: Kubectl) -> None:
    text = await kubectl.good("apply", "--dry-run=server", "-f", kubectl.manifest())
    assert "slow created (server dry run)" in text
    assert (await kubectl("get", "networkchaos", "slow")).code == 1


async def test_server_side_apply_takes_over_from_a_client_side_one(kubectl: Kubectl) -> None:
    await kubectl.good("apply", "-f", kubectl.manifest())
    text = await kubectl.good("apply", "--server-side", "-f", kubectl.manifest())
    assert "slow serverside-applied" in text
    ended = await kubectl("apply", "--server-side", "--field-manager=another", "-f", kubectl.manifest("3"))
    assert ended.code == 1
    # A kubectl that does not take over the fields of its client-side apply names both managers.
    assert re.search(r'conflicts? with "kubectl":\s+(- )?\.metadata\.labels\.run', ended.err)


async def test_rollout_restart_and_status(kubectl: Kubectl, cluster: Cluster) -> None:
    old = {pod.name for pod in cluster.pods("bookstore", "order-service")}
    assert "restarted" in await kubectl.good("rollout", "restart", "deployment/order-service")
    assert "successfully rolled out" in await kubectl.good("rollout", "status", "deployment/order-service")
    assert not old & {pod.name for pod in cluster.pods("bookstore", "order-service") if not pod.deleting}


async def test_scale(kubectl: Kubectl, cluster: Cluster) -> None:
    assert "scaled" in await kubectl.good("scale", "deployment/order-service", "--replicas=3")
    ended = await kubectl("scale", "deployment/order-service", "--current-replicas=2", "--replicas=1")
    assert ended.code == 1
    assert next(each.replicas for each in cluster.deployments() if each.name == "order-service") == 3


async def test_get_events_shows_what_the_on_call_says(kubectl: Kubectl, cluster: Cluster) -> None:
    cluster.record_event("bookstore", "inventory-service", "on-call", "Escalated", "no stock for 3 minutes")
    text = await kubectl.good("get", "events")
    assert "Escalated" in text and "deployment/inventory-service" in text and "no stock for 3 minutes" in text


async def test_may_i(kubectl: Kubectl) -> None:
    assert await kubectl.good("auth", "can-i", "create", "podchaos.chaos-mesh.org") == "yes\n"
