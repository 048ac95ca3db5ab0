"""The shipped alert rules change state here when they do in Prometheus's own rule tester."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlroom.clock import HeldClock
from controlroom.lab.prometheus.alerting import ActiveAlert
from controlroom.lab.prometheus.engine import VectorResult
from controlroom.lab.prometheus.labels import Labels, metric
from controlroom.lab.prometheus.numbers import STALE_NAN
from controlroom.lab.prometheus.server import LabPrometheus
from tests.system import require

pytestmark = pytest.mark.system

RULES = Path(__file__).parents[3] / "experiments" / "alerts-bookstore.yaml"
SECONDS = 900
CHECKED = range(0, SECONDS, 5)

Samples = list[float | None]
"""One each two seconds from second 0; None is a staleness marker."""

WHERE = {"namespace": "bookstore", "pod": "a"}
STEPS = SECONDS // 2


def _during(start: int, end: int, inside: float, outside: float) -> Samples:
    """`inside` from second `start` to `end`, else `outside`."""
    return [inside if start <= 2 * step < end else outside for step in range(STEPS)]


def _rising(rates: Samples) -> Samples:
    """A counter that rises by these rates, per second."""
    total, samples = 0.0, []
    for rate in rates:
        total += 2 * (rate or 0.0)
        samples.append(round(total, 3))
    return [*samples]


def _requests(application: str, uri: str, slow: tuple[int, int]) -> dict[Labels, Samples]:
    """50 requests a second; while `slow`, a fifth of them takes 2 to 3 seconds."""
    labels = {**WHERE, "application": application, "uri": uri, "method": "POST", "status": "201"}
    name = "http_server_requests_seconds_bucket"
    fast = _during(*slow, 40.0, 50.0)
    bounds = {"0.1": fast, "1": fast, "3": _during(0, 0, 0, 50.0), "+Inf": _during(0, 0, 0, 50.0)}
    return {metric(name, {**labels, "le": bound}): _rising(rates) for bound, rates in bounds.items()}


def incident() -> dict[Labels, Samples]:
    """Each alert's condition once too short to fire, and once long enough."""
    deployment = {"namespace": "bookstore", "deployment": "inventory-service"}
    order = {**WHERE, "application": "order-service", "uri": "/api/orders", "method": "POST"}
    available = _during(100, 140, 1.0, 3.0)
    available[20:23] = [1.0] * 3
    breaker = [1.0 if 2 * n in range(200, 230) or 2 * n in range(280, 300) else 0.0 for n in range(STEPS)]
    gone: Samples = [*breaker]
    gone[400:] = [None] * (STEPS - 400)
    labels = {**WHERE, "application": "order-service", "name": "inventory", "state": "open"}
    evictions = {**WHERE, "application": "inventory-service", "cache": "stock"}
    count = "http_server_requests_seconds_count"
    return {
        metric("kube_deployment_spec_replicas", deployment): _during(0, 0, 0, 3.0),
        metric("kube_deployment_status_replicas_available", deployment): available,
        metric("resilience4j_circuitbreaker_state", labels): gone,
        metric("cache_evictions_total", evictions): _rising(_during(350, 420, 200.0, 3.0)),
        metric(count, {**order, "status": "201"}): _rising(_during(0, 0, 0, 50.0)),
        metric(count, {**order, "status": "503"}): _rising(_during(450, 600, 12.0, 0.1)),
        **_requests("order-service", "/api/orders", (500, 700)),
        **_requests("payment-service", "/api/payments", (600, 640)),
    }


def series_of(expr: str, server: LabPrometheus, second: int) -> list[dict[str, Any]]:
    result = server.query(expr, second)
    assert isinstance(result, VectorResult)
    return [{"labels": _notation(one.labels), "value": one.value} for one in result.elements]


def _notation(labels: Labels) -> str:
    return labels.get("__name__") + str(labels.nameless()).replace(", ", ",")


def expectations(server: LabPrometheus, series: dict[Labels, Samples]) -> dict[str, list[dict[str, Any]]]:
    """What promtool is to find: at each moment the alerts' series, and the firing alerts in full."""
    names = [rule["alert"] for rule in yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]]
    tests: dict[str, list[dict[str, Any]]] = {"promql_expr_test": [], "alert_rule_test": []}
    for second in range(SECONDS):
        if second % 2 == 0:
            for labels, samples in series.items():
                value = samples[second // 2]
                server.storage.append(labels, second * 1000, STALE_NAN if value is None else value)
        if second in CHECKED:
            server.evaluate(second)
            for expr in ("ALERTS", "ALERTS_FOR_STATE"):
                found = series_of(expr, server, second)
                tests["promql_expr_test"].append(
                    {"expr": expr, "eval_time": f"{second}s", "exp_samples": found}
                )
            for name in names:
                alerts = [_expected(one) for one in server.alerts() if _fires(one, name)]
                tests["alert_rule_test"].append(
                    {"eval_time": f"{second}s", "alertname": name, "exp_alerts": alerts}
                )
    return tests


def _fires(alert: ActiveAlert, name: str) -> bool:
    return alert.state == "firing" and alert.labels.get("alertname") == name


def _expected(alert: ActiveAlert) -> dict[str, Any]:
    labels = alert.labels.without(("alertname",)).as_dict()
    return {"exp_labels": labels, "exp_annotations": alert.annotations}


def test_promtool_finds_the_same_alerts(tmp_path: Path) -> None:
    promtool = require("promtool", "prometheus")
    series, server = incident(), LabPrometheus(HeldClock(0), RULES.read_text("utf-8"))
    fired: set[str] = set()
    server.on_transition = lambda one: fired.add(one.alert) if one.after == "firing" else None
    tests = expectations(server, series)
    assert fired == {
        "InventoryReplicasLow", "InventoryCircuitBreakerOpen", "InventoryCacheEvictionsHigh",
        "OrderErrorRateHigh", "OrderLatencySLO",
    }  # fmt: skip
    values = [
        {
            "series": _notation(labels),
            "values": " ".join("stale" if value is None else repr(value) for value in samples),
        }
        for labels, samples in series.items()
    ]
    suite = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5s",
        "tests": [{"interval": "2s", "input_series": values, **tests}],
    }
    path = tmp_path / "suite.yml"
    path.write_text(yaml.safe_dump(suite), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
