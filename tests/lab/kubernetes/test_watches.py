"""Watches: what comes first, what comes live, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from controlroom.lab.kubernetes import Cluster, Trouble
from controlroom.lab.kubernetes.api import watches
from controlroom.lab.kubernetes.deletion import delete
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import CONFIG_MAPS, PODS
from tests.lab.kubernetes.conftest import Client

PODS_PATH = "/api/v1/namespaces/bookstore/pods"
MAPS_PATH = "/api/v1/namespaces/bookstore/configmaps"


@asynccontextmanager
async def watching(client: Client, path: str) -> AsyncIterator[AsyncIterator[Document]]:
    async with client.get(path) as response:
        assert response.status == 200

        async def events() -> AsyncIterator[Document]:
            async for line in response.content:
                yield json.loads(line)

        yield events()


def config_map(name: str, **labels: str) -> Document:
    meta = {"name": name, "namespace": "bookstore", "labels": labels}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta}


async def revision(client: Client) -> str:
    answer = await client.get(MAPS_PATH)
    return str((await answer.json())["metadata"]["resourceVersion"])


async def test_a_deleted_pod_and_its_replacement_come_as_recorded(cluster: Cluster, client: Client) -> None:
    path = f"{PODS_PATH}?watch=true&labelSelector=app%3Dinventory-service&resourceVersion={await revision(client)}"
    victim = cluster.pods("bookstore", "inventory-service")[0].name
    async with watching(client, path) as events:
        pod = cluster.store.get(PODS, "bookstore", victim)
        assert pod is not None
        delete(cluster.store, cluster.timers, PODS, pod)
        cluster.step(cluster.now + 10)
        seen = [await anext(events) for _ in range(9)]
    old = [each for each in seen if each["object"]["metadata"]["name"] == victim]
    new = [each for each in seen if each["object"]["metadata"]["name"] != victim]
    assert [each["type"] for each in old] == ["MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]
    assert [each["object"]["status"]["phase"] for each in old] == ["Running", "Failed", "Failed", "Failed"]
    graces = [each["object"]["metadata"]["deletionGracePeriodSeconds"] for each in old]
    assert graces == [30, 30, 0, 0]
    assert [each["type"] for each in new] == ["ADDED", *["MODIFIED"] * 4]
    assert [each["object"]["status"]["phase"] for each in new] == ["Pending"] * 3 + ["Running"] * 2
    assert {each["object"]["metadata"]["generation"] for each in new} == {1}


async def test_what_enters_and_leaves_a_selector_is_added_and_deleted(
    cluster: Cluster, client: Client
) -> None:
    path = f"{MAPS_PATH}?watch=true&labelSelector=watched%3Dyes&resourceVersion={await revision(client)}"
    async with watching(client, path) as events:
        cluster.create(config_map("one"))
        cluster.store.update(CONFIG_MAPS, config_map("one", watched="yes"))
        cluster.store.update(CONFIG_MAPS, config_map("one", watched="no"))
        entered, left = await anext(events), await anext(events)
    assert (entered["type"], left["type"]) == ("ADDED", "DELETED")
    assert left["object"]["metadata"]["labels"] == {"watched": "yes"}
    assert int(left["object"]["metadata"]["resourceVersion"]) == cluster.store.revision


async def test_a_watch_from_an_old_revision_replays_what_was_missed(cluster: Cluster, client: Client) -> None:
    since = await revision(client)
    cluster.create(config_map("one"))
    cluster.create(config_map("two"))
    async with watching(client, f"{MAPS_PATH}?watch=true&resourceVersion={since}") as events:
        missed = [await anext(events), await anext(events)]
    assert [each["object"]["metadata"]["name"] for each in missed] == ["one", "two"]


async def test_a_forgotten_revision_is_one_error_event(cluster: Cluster, client: Client) -> None:
    cluster.store.forget()
    async with watching(client, f"{MAPS_PATH}?watch=true&resourceVersion=1") as events:
        seen = [each async for each in events]
    assert [each["type"] for each in seen] == ["ERROR"]
    status = seen[0]["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"] == f"too old resource version: 1 ({cluster.store.revision})"


async def test_a_streaming_list_ends_with_its_bookmark(cluster: Cluster, client: Client) -> None:
    cluster.create(config_map("one"))
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with watching(client, f"{MAPS_PATH}?{query}&timeoutSeconds=5") as events:
        first, bookmark = await anext(events), await anext(events)
    assert (first["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_bookmark_of_pods_has_null_containers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "BOOKMARK_EVERY", 0.02)
    path = f"{PODS_PATH}?watch=true&allowWatchBookmarks=true&resourceVersion={await revision(client)}"
    async with watching(client, f"{path}&timeoutSeconds=5") as events:
        bookmark = await anext(events)
    assert bookmark["object"]["spec"] == {"containers": None}


async def test_the_time_out_ends_the_stream_cleanly(client: Client) -> None:
    async with watching(client, f"{MAPS_PATH}?watch=true&timeoutSeconds=0") as events:
        assert [each async for each in events] == []


async def test_a_table_watch_sends_its_columns_once(client: Client) -> None:
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    async with client.get(f"{PODS_PATH}?watch=true", headers={"Accept": table}) as response:
        lines = [json.loads(await response.content.readline()) for _ in range(2)]
    assert [each["object"]["kind"] for each in lines] == ["Table", "Table"]
    assert lines[0]["object"]["columnDefinitions"] and lines[1]["object"]["columnDefinitions"] is None
    assert len(lines[1]["object"]["rows"]) == 1


async def test_a_silent_watch_says_nothing(cluster: Cluster, client: Client) -> None:
    path = f"{MAPS_PATH}?watch=true&timeoutSeconds=1&resourceVersion={await revision(client)}"
    cluster.trouble = Trouble(watch_silent=True)
    async with watching(client, path) as events:
        cluster.create(config_map("one"))
        with pytest.raises(TimeoutError):  # it does not even end when its time is over
            async with asyncio.timeout(1.5):
                await anext(events)


async def test_ended_watches_leave_no_listener_behind(cluster: Cluster, client: Client) -> None:
    listeners: list[Any] = cluster.store._listeners
    before = len(listeners)
    async with watching(client, f"{MAPS_PATH}?watch=true&timeoutSeconds=0") as events:
        assert [each async for each in events] == []
    assert len(listeners) == before
