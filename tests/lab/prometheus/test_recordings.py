"""The lab answers as the recorded Prometheus did: status, content type, shape, error type and words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from controlroom.clock import HeldClock
from controlroom.lab.prometheus.api import PrometheusApi
from controlroom.lab.prometheus.labels import Labels, metric
from controlroom.lab.prometheus.server import LabPrometheus, TargetStatus

RECORDINGS = Path(__file__).parents[2] / "recordings" / "prometheus"
NOW = 1795461307.4

FREE = frozenset({"metric", "labels", "annotations", "discoveredLabels", "timings", "stats"})
"""Objects whose keys depend on the data; `stats` the lab does not have (it counts no samples)."""

DATA_IN_WORDS = frozenset({"combined/one-execution-error-422", "errors/many-to-many-422"})
"""Errors whose words name series, which are others in the lab."""

SAME_VALUE = [
    "inf-scalar", "minus-inf-scalar", "nan-inf-scalar", "scalar-number", "string", "small-and-large",
    "vector-no-labels", "comparison-false", "empty",
]  # fmt: skip

RULES = """
groups:
- name: bookstore
  interval: 2s
  rules:
  - alert: InventoryServiceDown
    expr: (count(up{job="inventory-service"} == 1) or vector(0)) < 1
    for: 4s
    labels: {service: inventory-service, severity: critical}
    annotations: {summary: No inventory-service pod answers, runbook_url: 'https://runbooks.local/inventory-down'}
  - alert: Watchdog
    expr: vector(1)
    labels: {severity: none}
    annotations: {summary: Always firing}
"""


def recordings() -> list[str]:
    paths = sorted(RECORDINGS.rglob("*.json"))
    names = [str(path.relative_to(RECORDINGS).with_suffix("")) for path in paths]
    exchanges = [name for name in names if name != "combined/latency"]  # a table of durations, no exchange
    return [name for name in exchanges if not name.startswith("alerts-series/")]


def recorded(name: str) -> dict[str, Any]:
    return dict(json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8")))


def exposed(second: int) -> list[tuple[Labels, float]]:
    """Two services' worth of what the recorded Prometheus had scraped."""
    samples: list[tuple[Labels, float]] = [
        (metric("orders_created_total", {"outcome": "created"}), 60.0 * second)
    ]
    for service in ("order-service", "inventory-service"):
        for name, value in (("active", 2.0), ("idle", 8.0), ("max", 10.0)):
            labels = {"service": service, "pool": "HikariPool-1"}
            samples.append((metric(f"hikaricp_connections_{name}", labels), value))
        for kind, size in (("used", 2.4e8), ("max", 5.4e8)):
            samples.append((metric(f"jvm_memory_{kind}_bytes", {"service": service, "area": "heap"}), size))
        requests = {"service": service, "uri": "/api/orders", "status": "201"}
        samples.append((metric("http_server_requests_seconds_count", requests), 50.0 * second))
        for bound, share in (("0.1", 0.5), ("0.2", 0.98), ("+Inf", 1.0)):
            bucket = metric("http_server_requests_seconds_bucket", {**requests, "le": bound})
            samples.append((bucket, 50.0 * second * share))
        for result in ("hits", "misses"):
            samples.append(
                (metric(f"cache_{result}_total", {"service": service, "cache": "inventory"}), 9.0 * second)
            )
    for partition in ("0", "1", "2"):
        lag = {"consumergroup": "inventory-service", "topic": "orders.created", "partition": partition}
        samples.append((metric("kafka_consumergroup_lag", lag), 4.0))
    return samples


class ScrapedTarget:
    """One target, up."""

    up = True

    def __init__(self, labels: dict[str, str], samples: list[tuple[Labels, float]]) -> None:
        self.labels = Labels(labels)
        self.samples = samples


def served() -> LabPrometheus:
    server = LabPrometheus(HeldClock(NOW), RULES, {"cluster": "staging-bookstore"}, 2.0, 2.0)
    for second in range(0, 1200, 2):
        targets = [ScrapedTarget({"job": "bookstore", "instance": "127.0.0.1:19100"}, exposed(second))]
        targets += [
            ScrapedTarget(
                {
                    "app": "inventory-service",
                    "instance": f"10.244.0.{pod}:8080",
                    "job": "inventory-service",
                    "namespace": "bookstore",
                    "pod": f"inventory-service-{pod}",
                },
                [],
            )
            for pod in (4, 7, 9)
        ]
        server.scrape(targets, NOW - 1200 + second)
    server.evaluate(NOW - 1)
    assert all(isinstance(one, TargetStatus) and one.up for one in server.targets())
    return server


@pytest.fixture(scope="module")
def lab() -> LabPrometheus:
    return served()


@pytest.fixture
async def client(lab: LabPrometheus) -> AsyncIterator[TestClient[Any, Any]]:
    app = PrometheusApi(lab, "http://127.0.0.1:19093").make_app()
    async with TestClient(TestServer(app)) as connected:
        yield connected


async def asked(client: TestClient[Any, Any], name: str) -> tuple[int, str, Any]:
    request = recorded(name)["request"]
    body = request.get("body")
    form = request["headers"].get("Content-Type", "") == "application/x-www-form-urlencoded"
    sent: dict[str, Any] = {"data": body} if form else {} if body is None else {"json": body}
    async with client.request(
        request["method"],
        URL(request["path"], encoded=True),
        headers=request["headers"] if form else None,
        allow_redirects=False,
        **sent,
    ) as response:
        content_type = response.headers["Content-Type"]
        answer = await response.json() if content_type == "application/json" else await response.text()
        return response.status, content_type, answer


def differences(mine: Any, theirs: Any, where: str = "") -> list[str]:
    """Where the shapes differ: types, keys of objects, whether a result is empty."""
    if (
        isinstance(mine, bool)
        or isinstance(theirs, bool)
        or not isinstance(theirs, dict | list | int | float)
    ):
        return [] if type(mine) is type(theirs) else [f"{where}: {mine!r} for {theirs!r}"]
    if isinstance(theirs, int | float):
        return [] if isinstance(mine, int | float) else [f"{where}: {mine!r} for {theirs!r}"]
    if type(mine) is not type(theirs):
        return [f"{where}: {mine!r} for {theirs!r}"]
    if isinstance(mine, list):
        if where.endswith(".result") and bool(mine) != bool(theirs):
            return [f"{where}: {len(mine)} elements for {len(theirs)}"]
        return differences(mine[0], theirs[0], f"{where}[0]") if mine and theirs else []
    return [] if where.rpartition(".")[2] in FREE else key_differences(mine, theirs, where)


def key_differences(mine: Any, theirs: Any, where: str) -> list[str]:
    """Those of two objects: missing and additional keys, and what differs below the common ones."""
    found = (
        [f"{where}: keys {sorted(mine)} for {sorted(theirs)}"]
        if mine.keys() - FREE != theirs.keys() - FREE
        else []
    )
    for key in sorted(mine.keys() & theirs.keys()):
        found += differences(mine[key], theirs[key], f"{where}.{key}")
    return found


@pytest.mark.parametrize("name", recordings())
async def test_every_recording(client: TestClient[Any, Any], name: str) -> None:
    response = recorded(name)["response"]
    status, content_type, answer = await asked(client, name)
    assert (status, content_type) == (response["status"], response["headers"]["content-type"])
    if status in (200, 302):
        if not name.startswith(("status/flags", "labels/metadata")):  # objects with names for keys
            assert differences(answer, response["body"]) == []
    elif name in DATA_IN_WORDS:
        assert answer["errorType"] == response["body"]["errorType"]
        assert answer["error"].startswith(response["body"]["error"][:80])
    else:
        assert answer == response["body"]


@pytest.mark.parametrize("name", SAME_VALUE)
async def test_values_that_need_no_samples_are_written_alike(client: TestClient[Any, Any], name: str) -> None:
    _, _, answer = await asked(client, f"query/{name}")
    theirs = recorded(f"query/{name}")["response"]["body"]["data"]
    mine = answer["data"]
    if theirs["resultType"] == "vector":
        assert [(one["metric"], one["value"][1]) for one in mine["result"]] == [
            (one["metric"], one["value"][1]) for one in theirs["result"]
        ]
    else:
        assert mine["result"][1] == theirs["result"][1]


@pytest.mark.parametrize("part", ["alerts", "alerts_for_state", "range"])
async def test_the_recorded_outage_gives_the_recorded_series(part: str) -> None:
    """The pods were down from 1795461545 to 1795461571; scrapes and evaluations each two seconds."""
    server = LabPrometheus(HeldClock(1795461593.118), RULES, {}, 2.0, 2.0)
    for step in range(60):
        t = 1795461476.054 + 2 * step
        labels = metric("up", {"job": "inventory-service", "pod": "a"})
        server.storage.append(labels, round((t - 0.5) * 1000), 0.0 if 1795461545 < t < 1795461571 else 1.0)
        server.evaluate(t)
    name = f"alerts-series/inventory-down-inventoryservicedown-{part}"
    async with TestClient(TestServer(PrometheusApi(server).make_app())) as client:
        _, _, answer = await asked(client, name)
    assert answer == recorded(name)["response"]["body"]
