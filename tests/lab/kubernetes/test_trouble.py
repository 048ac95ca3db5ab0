"""What goes wrong on purpose, seen through the API; and the deletion that hangs, as recorded."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import ServerDisconnectedError

from controlroom.lab.kubernetes import Cluster, Refusal, Trouble
from controlroom.lab.kubernetes.api import admission
from controlroom.lab.kubernetes.documents import Document
from tests.lab.kubernetes.conftest import Client

RECORDINGS = Path(__file__).parents[2] / "recordings" / "kubernetes"
CHAOS = "/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore"
MERGE = {"Content-Type": "application/merge-patch+json"}


def pod_kill(name: str = "it") -> Document:
    selector = {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {"name": name, "namespace": "bookstore"},
        "spec": {"action": "pod-kill", "mode": "one", "selector": selector},
    }


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "Unauthorized"), (403, "Forbidden"), (409, "Conflict"), (410, "Expired"), (500, "InternalError")],
)
async def test_a_refusal_has_the_status_asked_for(
    cluster: Cluster, client: Client, status: Literal[401, 403, 409, 410, 500], reason: str
) -> None:
    cluster.trouble = Trouble(refusals=(Refusal(status, verb="create", kind="podchaos"),))
    answer = await client.post(f"{CHAOS}/podchaos", json=pod_kill())
    assert answer.status == status
    assert (await answer.json())["reason"] == reason
    assert (await client.get(f"{CHAOS}/podchaos")).status == 200
    assert (await client.get(f"{CHAOS}/networkchaos")).status == 200


async def test_too_many_requests_is_text_with_retry_after(cluster: Cluster, client: Client) -> None:
    cluster.trouble = Trouble(refusals=(Refusal(429, retry_after=7),))
    answer = await client.get("/api/v1/namespaces/bookstore/pods")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert await answer.text() == "Too many requests, please try again later.\n"


async def test_a_server_that_is_down_closes_the_connection(cluster: Cluster, client: Client) -> None:
    cluster.trouble = Trouble(api_down=True)
    with pytest.raises(ServerDisconnectedError):
        await client.get("/version")
    cluster.trouble = Trouble()
    assert (await client.get("/version")).status == 200


async def test_a_slow_server_takes_real_time(cluster: Cluster, client: Client) -> None:
    cluster.trouble = Trouble(slow_seconds=0.2)
    begun = time.monotonic()
    assert (await client.get("/version")).status == 200
    assert time.monotonic() - begun >= 0.2


async def test_a_webhook_denies_in_its_words(cluster: Cluster, client: Client) -> None:
    cluster.trouble = Trouble(webhook_denied="not today")
    answer = await client.post(f"{CHAOS}/podchaos", json=pod_kill())
    body = await answer.json()
    assert (answer.status, "details" in body) == (403, False)
    assert body["message"] == 'admission webhook "vpodchaos.kb.io" denied the request: not today'


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Trouble(webhook_timeout=True), "context deadline exceeded"),
        (Trouble(controller_gone=True), "connect: connection refused"),
    ],
)
async def test_a_webhook_out_of_reach_is_an_internal_error(
    cluster: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, words: str
) -> None:
    monkeypatch.setattr("controlroom.lab.kubernetes.server.TIMEOUT", 0.01)
    cluster.trouble = trouble
    answer = await client.post(f"{CHAOS}/podchaos?dryRun=All", json=pod_kill())
    body = await answer.json()
    recorded = json.loads((RECORDINGS / "chaos/create-webhook-timeout-500.json").read_text())["response"][
        "body"
    ]
    assert (answer.status, body["reason"], body.keys()) == (500, "InternalError", recorded.keys())
    assert body["message"].startswith('Internal error occurred: failed calling webhook "mpodchaos.kb.io": ')
    assert body["message"].endswith(words)
    assert admission.TIMEOUT == 5


async def test_a_deletion_passes_no_webhook(cluster: Cluster, client: Client) -> None:
    assert (await client.post(f"{CHAOS}/podchaos", json=pod_kill())).status == 201
    cluster.step(cluster.now + 2)
    cluster.trouble = Trouble(webhook_denied="no", webhook_timeout=True)
    assert (await client.delete(f"{CHAOS}/podchaos/it")).status == 200
    cluster.step(cluster.now + 2)
    assert (await client.get(f"{CHAOS}/podchaos/it")).status == 404


def recorded_hanging(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / "delete-hanging" / f"{name}.json").read_text())
    return found


async def hang(cluster: Cluster, client: Client, name: str) -> None:
    """A NetworkChaos whose deletion cannot end."""
    body = recorded_hanging("4-create-meanwhile-409")["request"]["body"]
    body["metadata"]["name"] = name
    assert (await client.post(f"{CHAOS}/networkchaos", json=body)).status == 201
    cluster.step(cluster.now + 2)
    cluster.trouble = Trouble(finalizer_stuck=True)
    answer = await client.delete(f"{CHAOS}/networkchaos/{name}")
    expected = recorded_hanging("1-delete")["response"]
    assert answer.status == expected["status"]
    deleted = await answer.json()
    assert deleted["metadata"]["finalizers"] == expected["body"]["metadata"]["finalizers"]
    cluster.step(cluster.now + 3)


async def test_a_hanging_deletion_answers_as_recorded(cluster: Cluster, client: Client) -> None:
    await hang(cluster, client, "stuck")
    for name in ("4-create-meanwhile-409", "6-add-finalizer-422"):
        recorded = recorded_hanging(name)
        request, expected = recorded["request"], recorded["response"]
        answer = await client.request(
            request["method"], request["path"], data=json.dumps(request["body"]), headers=request["headers"]
        )
        assert (answer.status, await answer.json()) == (expected["status"], expected["body"])
    meanwhile = await (await client.get(f"{CHAOS}/networkchaos/stuck")).json()
    recorded = recorded_hanging("2-get-meanwhile")["response"]["body"]
    assert meanwhile["metadata"].keys() - {"managedFields"} == recorded["metadata"].keys() - {"managedFields"}
    assert meanwhile["status"]["experiment"]["desiredPhase"] == "Stop"
    record = meanwhile["status"]["experiment"]["containerRecords"][0]
    assert record["phase"] == "Injected"
    assert {(each["operation"], each["type"]) for each in record["events"]} == {
        ("Apply", "Succeeded"),
        ("Recover", "Failed"),
    }
    again = await (await client.delete(f"{CHAOS}/networkchaos/stuck")).json()
    assert again["metadata"]["deletionTimestamp"] == meanwhile["metadata"]["deletionTimestamp"]


async def test_only_finalizers_null_lets_a_stuck_object_go(cluster: Cluster, client: Client) -> None:
    await hang(cluster, client, "forced")
    forced = {"metadata": {"annotations": {"chaos-mesh.chaos-mesh.org/cleanFinalizer": "forced"}}}
    answer = await client.patch(f"{CHAOS}/networkchaos/forced", data=json.dumps(forced), headers=MERGE)
    assert answer.status == 200
    cluster.step(cluster.now + 20)
    held = await (await client.get(f"{CHAOS}/networkchaos/forced")).json()
    patch = json.dumps({"metadata": {"finalizers": None}})
    answer = await client.patch(f"{CHAOS}/networkchaos/forced", data=patch, headers=MERGE)
    last = await answer.json()
    assert (answer.status, last["metadata"]["resourceVersion"]) == (200, held["metadata"]["resourceVersion"])
    assert (await client.get(f"{CHAOS}/networkchaos/forced")).status == 404
    # Nobody took the delay back: it stays in the pod until that is replaced.
    assert len(cluster.active_faults()) == 1
