"""What a check asks of Prometheus and Alertmanager, asked of real ones, where they are installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controlroom.clock import WallClock
from controlroom.core import check_alerts, checks
from controlroom.core.check_facts import RuleFact
from controlroom.core.plan import AlertRef
from controlroom.sources.alertmanager_looks import AlertmanagerLooks
from controlroom.sources.prometheus_looks import PrometheusLooks
from tests.sources.test_prometheus_system import READY, ready, serving
from tests.system import require

pytestmark = pytest.mark.system

RULES = """
groups:
- name: test
  interval: 1s
  rules:
  - {alert: Quiet, expr: "vector(0) > 1", for: 90s, labels: {severity: page}}
  - {alert: Firing, expr: vector(1), labels: {severity: ticket, team: "{{ $value }}"}}
"""
CONFIG = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {cluster: staging}
rule_files: [rules.yml]
scrape_configs:
- job_name: itself
  static_configs: [{targets: ["%s"]}]
alerting:
  alertmanagers: [{static_configs: [{targets: ["%s"]}]}]
"""
ROUTES = """
route:
  receiver: default
  routes:
  - {receiver: page, matchers: ['severity="page"', 'cluster=~"stag.*"']}
  - {receiver: nobody, matchers: ['severity=ticket']}
receivers:
- {name: default}
- {name: nobody}
- name: page
  webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[PrometheusLooks, AlertmanagerLooks]]:
    manager = require("prometheus-alertmanager", "prometheus-alertmanager")
    program = require("prometheus", "prometheus")
    (folder / "alertmanager.yml").write_text(ROUTES)
    arguments = (
        "--config.file=alertmanager.yml",
        f"--storage.path={folder / 'am'}",
        "--cluster.listen-address=",
    )
    async with serving(manager, folder, *arguments) as alerts:
        where = alerts.removeprefix("http://")
        (folder / "prometheus.yml").write_text(CONFIG % (where, where))
        (folder / "rules.yml").write_text(RULES)
        options = ("--config.file=prometheus.yml", f"--storage.tsdb.path={folder / 'data'}")
        async with serving(program, folder, *options) as metrics:
            await ready(metrics)
            looks = PrometheusLooks(metrics, WallClock()), AlertmanagerLooks(alerts, WallClock())
            yield looks
            for own in looks:
                await own.close()


async def settled(metrics: PrometheusLooks) -> tuple[RuleFact, ...]:
    """The rules, once one fires and Prometheus has found its Alertmanager: polled, as nothing announces it."""
    async with asyncio.timeout(READY):
        while True:
            rules = tuple(await metrics.rules())
            fires = any(state == "firing" for one in rules for _, state in one.alerts)
            scraped = (await metrics.metric("sum(up)")).value == 1.0
            if fires and scraped and await metrics.alertmanagers():
                return rules
            await asyncio.sleep(0.1)


async def test_real_servers_are_understood(tmp_path: Path) -> None:
    async with both(tmp_path) as (metrics, alerts):
        rules = await settled(metrics)
        external = await metrics.external_labels()
        routing = await alerts.routing()
        silences = await alerts.silences()
        number = await metrics.metric("sum(alertmanager_build_info)")
        rate = await metrics.metric("sum(rate(process_cpu_seconds_total[10s])) / no_such_series")
        wrong = await metrics.metric("sum(")
        times = await metrics.clock(), await alerts.clock()
        assert await metrics.alertmanagers() == 1
        assert (await alerts.version())[0].isdigit()
    assert all(checks.clock(one.offset, one.uncertainty).state == "ok" for one in times)
    assert external == {"cluster": "staging"}
    assert (number.value, number.series) == (1.0, 1)
    assert checks.metric(number, loaded=True).state == "ok"
    (age,) = number.newest.values()
    assert age is not None
    assert 0.0 <= age < 5.0
    assert rate.value is None
    assert rate.newest["no_such_series"] is None
    assert "parse error" in wrong.refused

    quiet, firing = AlertRef(name="Quiet"), AlertRef(name="Firing")
    assert check_alerts.rule(quiet, rules, 120.0).state == "ok"
    assert check_alerts.rule(quiet, rules, 60.0).state == "warning"
    assert check_alerts.quiet(quiet, rules).state == "ok"
    assert check_alerts.quiet(firing, rules).state == "warning"
    assert check_alerts.unrelated(rules, ["Quiet"]).reason == "firing: Firing"
    assert check_alerts.unrelated(rules, ["Firing"]).state == "ok"
    assert check_alerts.routed(quiet, rules, external, routing, silences) == checks.ok("routed to page")
    assert check_alerts.routed(firing, rules, external, routing, silences).state == "warning"
    # Without the external label it cannot be told which of the two it is.
    assert check_alerts.routed(quiet, rules, {}, routing, silences).state == "could not tell"
