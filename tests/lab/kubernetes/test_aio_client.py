"""kubernetes.aio against the lab: the client that the program itself uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from controlroom.lab.kubernetes import Cluster
from controlroom.lab.kubernetes.kubeconfig import kubeconfig
from controlroom.lab.kubernetes.server import make_app

SELECTOR = {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
POD_KILL = {
    "apiVersion": "chaos-mesh.org/v1alpha1",
    "kind": "PodChaos",
    "metadata": {"name": "it", "namespace": "bookstore"},
    "spec": {"action": "pod-kill", "mode": "one", "selector": SELECTOR},
}
WHERE = ("chaos-mesh.org", "v1alpha1", "bookstore", "podchaos")


@pytest.fixture
async def api(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Any]:
    from kubernetes.aio import client, config

    runner = web.AppRunner(make_app(cluster), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    path = tmp_path / "config"
    path.write_text(
        kubeconfig(f"http://127.0.0.1:{runner.addresses[0][1]}", "staging-bookstore", "bookstore")
    )
    settings = client.Configuration()
    await config.load_kube_config(config_file=str(path), client_configuration=settings)
    async with client.ApiClient(settings) as made:
        yield made
    await runner.cleanup()


async def test_typed_pods_parse(api: Any, cluster: Cluster) -> None:
    from kubernetes.aio.client import CoreV1Api

    pods = await CoreV1Api(api).list_namespaced_pod("bookstore")
    assert [pod.metadata.name for pod in pods.items] == [pod.name for pod in cluster.pods("bookstore")]
    assert {condition.status for condition in pods.items[0].status.conditions} == {"True"}


async def test_a_chaos_object_from_create_to_delete(api: Any, cluster: Cluster) -> None:
    from kubernetes.aio.client import ApiException, CustomObjectsApi

    chaos = CustomObjectsApi(api)
    await chaos.create_namespaced_custom_object(*WHERE, POD_KILL)
    cluster.step(cluster.now + 2)
    held = await chaos.get_namespaced_custom_object(*WHERE, "it")
    assert held["status"]["experiment"]["containerRecords"][0]["phase"] == "Injected"
    with pytest.raises(ApiException) as twice:
        await chaos.create_namespaced_custom_object(*WHERE, POD_KILL)
    assert twice.value.status == 409
    await chaos.delete_namespaced_custom_object(*WHERE, "it")
    cluster.step(cluster.now + 2)
    with pytest.raises(ApiException) as gone:
        await chaos.get_namespaced_custom_object(*WHERE, "it")
    assert gone.value.status == 404


async def test_a_merge_patch_pauses(api: Any, cluster: Cluster) -> None:
    from kubernetes.aio.client import CustomObjectsApi

    chaos = CustomObjectsApi(api)
    spec = {"action": "pod-failure", "mode": "one", "selector": SELECTOR, "duration": "10m"}
    await chaos.create_namespaced_custom_object(*WHERE, {**POD_KILL, "spec": spec})
    cluster.step(cluster.now + 2)
    patch = {"metadata": {"annotations": {"experiment.chaos-mesh.org/pause": "true"}}}
    await chaos.patch_namespaced_custom_object(*WHERE, "it", patch)
    cluster.step(cluster.now + 2)
    held = await chaos.get_namespaced_custom_object(*WHERE, "it")
    conditions = {each["type"]: each["status"] for each in held["status"]["conditions"]}
    assert (conditions["Paused"], conditions["AllRecovered"]) == ("True", "True")
