"""The manifests that ship with the program are taken by the API without a complaint."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from controlroom.lab.kubernetes import Cluster
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import by_kind
from tests.lab.kubernetes.conftest import Client

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
MANIFESTS = sorted(
    path
    for path in EXPERIMENTS.glob("*.yaml")
    if "apiVersion: chaos-mesh.org" in path.read_text(encoding="utf-8")
)


def load(path: Path) -> Document:
    manifest: Document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return manifest


def test_there_are_manifests() -> None:
    assert len(MANIFESTS) >= 3


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
async def test_a_shipped_manifest_is_valid_and_finds_its_targets(
    path: Path, cluster: Cluster, client: Client
) -> None:
    manifest = load(path)
    resource = by_kind(manifest["apiVersion"], manifest["kind"])
    assert resource is not None
    base = f"/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore/{resource.plural}"
    answer = await client.post(f"{base}?fieldValidation=Strict", json=manifest)
    assert answer.status == 201, await answer.text()
    assert "Warning" not in answer.headers
    cluster.step(cluster.now + 3)
    held = await (await client.get(f"{base}/{manifest['metadata']['name']}")).json()
    assert {each["phase"] for each in held["status"]["experiment"]["containerRecords"]} == {"Injected"}


async def test_a_pod_has_no_log_and_says_so(cluster: Cluster, client: Client) -> None:
    name = cluster.pods("bookstore", "order-service")[0].name
    answer = await client.get(f"/api/v1/namespaces/bookstore/pods/{name}/log")
    assert (answer.status, await answer.text()) == (200, "The pods of the lab write no log.\n")
    assert (await client.get("/api/v1/namespaces/bookstore/pods/nobody/log")).status == 404
