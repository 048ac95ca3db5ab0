"""Firing, silence, inhibition and resolution as we record them, against a real Prometheus and Alertmanager.

Their own account is Alertmanager's: it is sent the moments at which the alert began to fire and was resolved, and says
whom it kept from people. Both servers evaluate each second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from controlroom.clock import WallClock
from controlroom.conductor.alerting import Alerting
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import AlertObserved, AlertSuppressed, SessionOpened, SilenceObserved
from controlroom.core.state import State, kept_quiet
from controlroom.sources.alertmanager import AlertmanagerSource
from controlroom.sources.http import JsonClient
from controlroom.sources.prometheus import PrometheusSource
from tests.conductor.fakes import Bench, MemoryWriter
from tests.sources.test_prometheus_system import ready, serving
from tests.system import require

pytestmark = pytest.mark.system

INTERVAL = timedelta(seconds=1)
"""Between two evaluations."""
LONG = 60.0
FIRES_AFTER, LASTS = 6, 12
"""Real seconds from the start of the servers, and of what the rule watches."""
# Prometheus writes no samples of alerts before its third evaluation: until then it restores earlier state.
RULES = """
groups:
- name: test
  interval: 1s
  rules:
  - {alert: Passing, expr: "(vector(time()) >= %d) < %d", for: 2s, labels: {severity: page}}
  - {alert: ClusterDown, expr: vector(1), labels: {severity: page}}
  - {alert: PodDown, expr: vector(1), labels: {severity: ticket}}
"""
CONFIG = """
global:
  evaluation_interval: 1s
  external_labels: {cluster: staging}
rule_files: [rules.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ["%s"]}]}]
"""
ROUTES = """
route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: "%s", send_resolved: true}]}]
inhibit_rules: [{source_matchers: [alertname="ClusterDown"], target_matchers: [alertname="PodDown"]}]
"""


@dataclass
class Site:
    """Both servers, what Alertmanager tells people, and our record of it all."""

    alertmanager: str
    recorder: Recorder
    told: list[dict[str, str]] = field(default_factory=list)
    """Name, status, startsAt and endsAt of each alert in a notification."""

    @property
    def state(self) -> State:
        return self.recorder.state

    def alert(self, name: str) -> AlertObserved | None:
        return next((own for own in self.state.alerts.values() if own.name == name), None)

    def quiet(self, name: str) -> str:
        alert = self.alert(name)
        return kept_quiet(self.state, alert) if alert is not None else ""

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONG):
            while not what():
                await self.recorder.changed()

    async def notified(self, name: str, status: str) -> dict[str, str]:
        """Polled: nothing here announces what a server in another process sends."""
        async with asyncio.timeout(LONG):
            while True:
                for own in self.told:
                    if (own["name"], own["status"]) == (name, status):
                        return own
                await asyncio.sleep(0.05)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    manager = require("prometheus-alertmanager", "prometheus-alertmanager")
    program = require("prometheus", "prometheus")
    found = Site("", Recorder(WallClock(), MemoryWriter()))
    bench = Bench()
    opened = bench.last(SessionOpened).body
    assert isinstance(opened, SessionOpened)
    async with AsyncExitStack() as stack:
        hook = await stack.enter_async_context(_Hook(found.told))
        (tmp_path / "alertmanager.yml").write_text(ROUTES % hook.address)
        options = [
            "--config.file=alertmanager.yml",
            f"--storage.path={tmp_path / 'am'}",
            "--cluster.listen-address=",
        ]
        found.alertmanager = await stack.enter_async_context(serving(manager, tmp_path, *options))
        (tmp_path / "prometheus.yml").write_text(CONFIG % found.alertmanager.removeprefix("http://"))
        begin = int(time.time()) + FIRES_AFTER
        (tmp_path / "rules.yml").write_text(RULES % (begin, begin + LASTS))
        found.recorder.record(opened)
        options = ["--config.file=prometheus.yml", f"--storage.tsdb.path={tmp_path / 'data'}"]
        options += ["--rules.alert.resend-delay=1s"]  # the first ones find no Alertmanager yet
        metrics = await stack.enter_async_context(serving(program, tmp_path, *options))
        await ready(metrics)
        sources = (
            PrometheusSource(metrics, [], WallClock()),
            AlertmanagerSource(found.alertmanager, WallClock()),
        )
        for own in sources:
            stack.push_async_callback(own.close)
        part = Alerting(found.recorder, *sources, Watchman(found.recorder))
        following = asyncio.create_task(part.run())
        try:
            yield found
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


class _Hook:
    """Where Alertmanager sends what it tells people."""

    def __init__(self, told: list[dict[str, str]]) -> None:
        self._told = told
        self.address = ""

    async def _take(self, request: web.Request) -> web.Response:
        for own in (await request.json())["alerts"]:
            found = {key: own[key] for key in ("status", "startsAt", "endsAt")}
            self._told.append({"name": own["labels"]["alertname"], **found})
        return web.Response()

    async def __aenter__(self) -> _Hook:
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def test_firing_and_resolution_agree_with_the_servers_own(site: Site) -> None:
    theirs = await site.notified("Passing", "firing")
    await site.until(lambda: (own := site.alert("Passing")) is not None and own.state == "firing")
    ours = site.alert("Passing")
    assert ours is not None
    assert ours.firing_at is not None
    assert abs(ours.firing_at - datetime.fromisoformat(theirs["startsAt"])) <= INTERVAL
    resolved = await site.notified("Passing", "resolved")
    await site.until(lambda: (own := site.alert("Passing")) is not None and own.state == "resolved")
    ours = site.alert("Passing")
    assert ours is not None
    assert ours.resolved_at is not None
    assert abs(ours.resolved_at - datetime.fromisoformat(resolved["endsAt"])) <= INTERVAL


async def test_an_inhibited_alert_is_shown_as_such_and_people_are_told_of_the_other_alone(site: Site) -> None:
    await site.until(lambda: site.quiet("PodDown") == "inhibited by ClusterDown")
    assert site.quiet("ClusterDown") == ""
    suppressed = [own.body for own in site.recorder.events if isinstance(own.body, AlertSuppressed)]
    assert suppressed[0].labels == {"severity": "ticket", "cluster": "staging"}
    assert any("PodDown inhibited by ClusterDown" in line.text for line in site.state.feed)
    await site.notified("ClusterDown", "firing")


async def test_a_silence_is_shown_from_its_beginning_to_its_end(site: Site) -> None:
    await site.until(lambda: (own := site.alert("ClusterDown")) is not None and own.state == "firing")
    http, now = JsonClient("Alertmanager", site.alertmanager), datetime.now(UTC)
    matcher = {"name": "alertname", "value": "ClusterDown", "isRegex": False, "isEqual": True}
    body = {
        "matchers": [matcher],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(seconds=5)).isoformat(),
        "createdBy": "ann",
        "comment": "looking at it",
    }
    await http.change("POST", "/api/v2/silences", body)
    await http.close()
    await site.until(lambda: site.quiet("ClusterDown") == "silenced by ann")
    (silence,) = site.state.silences.values()
    assert (silence.state, silence.by) == ("active", "ann")
    assert abs(silence.starts_at - now) <= INTERVAL
    await site.until(lambda: site.quiet("ClusterDown") == "")
    await site.until(lambda: next(iter(site.state.silences.values())).state == "expired")
    over = [own for own in site.recorder.events if isinstance(own.body, SilenceObserved)][-1]
    assert abs(over.at - (now + timedelta(seconds=5))) <= INTERVAL
    (span,) = (own for own in site.state.quiet if own.what == "ClusterDown silenced by ann")
    assert span.end is not None
