"""What the recordings do not show: troubles, the clock, parameters of labels and series."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from controlroom.clock import HeldClock
from controlroom.lab.prometheus.api import PrometheusApi
from controlroom.lab.prometheus.labels import metric
from controlroom.lab.prometheus.server import LabPrometheus
from controlroom.lab.trouble import Trouble, TroubleKind

NOW = 1_700_000_000.25


@pytest.fixture
def api() -> PrometheusApi:
    server = LabPrometheus(HeldClock(NOW))
    for second in range(0, 60, 2):
        t_ms = round((NOW - 60 + second) * 1000)
        server.storage.append(metric("orders_total", {"status": "201"}), t_ms, float(second))
        server.storage.append(metric("up", {"pod": "a"}), t_ms, 1.0)
    return PrometheusApi(server)


@pytest.fixture
async def client(api: PrometheusApi) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(api.make_app())) as connected:
        yield connected


async def data(client: TestClient[Any, Any], path: str, **parameters: str) -> Any:
    async with client.get(f"/api/v1{path}", params=parameters) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["data"]


async def test_a_query_too_large_for_memory_is_refused(client: TestClient[Any, Any]) -> None:
    async with client.get("/api/v1/query", params={"query": "max_over_time(up[365d:1ms])"}) as response:
        answer = await response.json()
    assert (response.status, answer["errorType"]) == (422, "execution")
    assert answer["error"].startswith("query processing would load too many samples")


async def test_now_is_the_clocks_time(client: TestClient[Any, Any]) -> None:
    assert (await data(client, "/query", query="time()"))["result"] == [NOW, "1700000000.25"]


async def test_not_a_number_in_every_value(api: PrometheusApi, client: TestClient[Any, Any]) -> None:
    api.answers_nan = True
    assert (await data(client, "/query", query="up"))["result"][0]["value"][1] == "NaN"
    span = {"start": str(NOW - 10), "end": str(NOW), "step": "5"}
    matrix = await data(client, "/query_range", query="up or vector(1)", **span)
    assert {value for one in matrix["result"] for _, value in one["values"]} == {"NaN"}
    api.answers_nan = False
    assert (await data(client, "/query", query="up"))["result"][0]["value"][1] == "1"


async def test_troubles_last_until_they_are_set_back(
    api: PrometheusApi, client: TestClient[Any, Any]
) -> None:
    api.trouble.value = Trouble(TroubleKind.ERROR)
    async with client.get("/api/v1/query", params={"query": "up"}) as response:
        assert response.status == 500
    api.trouble.value = Trouble(TroubleKind.HTML)
    async with client.get("/-/ready") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    api.trouble.value = Trouble(TroubleKind.STOPPED)
    with pytest.raises(aiohttp.ClientError):
        await data(client, "/query", query="up")
    api.trouble.value = Trouble(TroubleKind.HANG, seconds=30)
    with pytest.raises(asyncio.TimeoutError):
        await client.get("/-/ready", timeout=aiohttp.ClientTimeout(total=0.05))
    api.trouble.value = Trouble()
    assert (await data(client, "/query", query="up"))["resultType"] == "vector"


async def test_labels_and_series_can_be_chosen(client: TestClient[Any, Any]) -> None:
    chosen = {"match[]": 'orders_total{status=~"2.."}'}
    assert await data(client, "/labels", **chosen) == ["__name__", "status"]
    assert await data(client, "/label/status/values", **chosen) == ["201"]
    assert await data(client, "/series", **chosen) == [{"__name__": "orders_total", "status": "201"}]
    assert await data(client, "/series", end="1600000000", **chosen) == []


@pytest.mark.parametrize(
    ("path", "parameters", "told"),
    [
        ("/label/a-b/values", {}, 'invalid label name: "a-b"'),
        ("/series", {"match[]": "sum(up)"}, 'invalid parameter "match[]"'),
        ("/query_range", {"query": "up", "end": "5", "step": "1"}, 'parameter "start": cannot parse "" to'),
        (
            "/query_range",
            {"query": "(", "start": "1", "end": "5", "step": "1"},
            "1:2: parse error: unclosed left",
        ),
        ("/query", {"query": "up", "time": "2023-13-01T00:00:00Z"}, "Invalid time value for 'time'"),
    ],
)
async def test_what_cannot_be_read_is_bad_data(
    client: TestClient[Any, Any], path: str, parameters: dict[str, str], told: str
) -> None:
    async with client.get(f"/api/v1{path}", params=parameters) as response:
        answer = await response.json()
    assert (response.status, answer["errorType"]) == (400, "bad_data")
    assert told in answer["error"]
