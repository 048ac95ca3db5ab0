"""Cells that depend on time and on what happened to a pod."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controlroom.lab.kubernetes import Cluster
from controlroom.lab.kubernetes.api.tables import human_duration
from controlroom.lab.kubernetes.documents import Document
from tests.lab.kubernetes.conftest import Client

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
PODS = "/api/v1/namespaces/bookstore/pods?labelSelector=app%3Dinventory-service&includeObject=None"
RECORDINGS = Path(__file__).parents[2] / "recordings" / "kubernetes"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (447, "7m27s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (15000, "4h10m"),
        (6 * 3600, "6h"),
        (8 * 3600 + 59, "8h"),
        (48 * 3600, "2d"),
        (50 * 3600, "2d2h"),
        (9 * 86400 + 3600, "9d"),
    ],
)
def test_ages_are_written_as_kubernetes_does(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


async def rows(client: Client) -> list[list[str | int]]:
    table: Document = await (await client.get(PODS, headers=TABLE)).json()
    return [row["cells"] for row in table["rows"]]


async def test_restarts_tell_how_long_ago(cluster: Cluster, client: Client) -> None:
    recorded = json.loads((RECORDINGS / "pods/list-table-restarts.json").read_text())["response"]["body"]
    assert any(str(row["cells"][3]).endswith(" ago)") for row in recorded["rows"])
    selector = {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
    spec = {
        "action": "container-kill",
        "mode": "all",
        "selector": selector,
        "containerNames": ["inventory-service"],
    }
    meta = {"name": "it", "namespace": "bookstore"}
    cluster.create(
        {"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos", "metadata": meta, "spec": spec}
    )
    cluster.step(cluster.now + 447.5)
    assert {row[3] for row in await rows(client)} == {"1 (7m27s ago)"}


async def test_a_pod_that_is_starting_is_creating_its_containers(cluster: Cluster, client: Client) -> None:
    cluster.rollout_restart("bookstore", "inventory-service", by="somebody")
    cluster.step(cluster.now + 0.2)
    states = [(row[1], row[2]) for row in await rows(client)]
    assert ("0/1", "ContainerCreating") in states
