"""The adapters against a real Prometheus and a real Alertmanager, where they are installed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controlroom.clock import WallClock
from controlroom.core.events import AlertObserved
from controlroom.core.plan import Metric
from controlroom.plan.load import load_plan
from controlroom.sources.alertmanager import AlertmanagerSource
from controlroom.sources.http import JsonClient
from controlroom.sources.poll import Pace, Reading, poll
from controlroom.sources.prometheus import PrometheusSource
from tests.system import require

pytestmark = pytest.mark.system

PLAN = load_plan(Path(__file__).parents[2] / "experiments" / "inventory-service-failure.yaml").plan
READY = 30.0
"""Real seconds that a server may take to listen, and an alert to fire."""

# Prometheus writes no samples of alerts before its third evaluation: until then it restores earlier state.
RULES = """
groups:
- name: test
  interval: 1s
  rules:
  - alert: AlwaysOn
    expr: vector(1)
    for: 4s
    labels: {severity: ticket}
    annotations: {summary: "It is {{ $value }}"}
"""
CONFIG = """
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
"""
RECEIVER = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


@asynccontextmanager
async def serving(program: Path, folder: Path, *arguments: str) -> AsyncIterator[str]:
    """A server on a port of the kernel's choice; its address, as its log tells it."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        "--web.listen-address=127.0.0.1:0",
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = []
    try:
        async with asyncio.timeout(READY):
            while line := (await process.stderr.readline()).decode():
                said.append(line)
                if found := re.search(r"[Ll]istening on\D+address=(127\.0\.0\.1:\d+)", line):
                    break
            else:
                pytest.fail(f"{program.name} ended: {''.join(said)}")
        draining = asyncio.create_task(process.stderr.read())
        yield f"http://{found[1]}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    draining.cancel()


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[str]:
    program = require("prometheus", "prometheus")
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    (tmp_path / "rules.yml").write_text(RULES)
    arguments = ("--config.file=prometheus.yml", f"--storage.tsdb.path={tmp_path / 'data'}")
    async with serving(program, tmp_path, *arguments) as address:
        await ready(address)
        yield address


async def ready(address: str) -> None:
    """It listens before it answers queries: until then it says 503."""
    http = JsonClient("Prometheus", address)
    readings = poll(lambda: http.request("GET", "/-/ready"), "Prometheus", Pace(every=0.05))
    async with asyncio.timeout(READY), aclosing(readings):
        async for outcome in readings:
            if isinstance(outcome, Reading) and outcome.value.status == 200:
                break
    await http.close()


async def test_the_shipped_plan_and_odd_expressions_in_one_reading(prometheus: str) -> None:
    odd = {
        "number": "42.5 # with a comment",
        "scalar": "scalar(vector(7))",
        "two": 'label_replace(vector(1), "a", "b", "", "") or vector(2)',
        "nan": "vector(0) / 0",
        "range": "up[1m]",
        "text": '"text"',
        "unclosed": "sum(up",
        "breakout": 'up), "controlroom_metric", "0", "", "") or label_replace((up',
    }
    metrics = [*PLAN.metrics, *(Metric(id=name, title="", query=query) for name, query in odd.items())]
    source = PrometheusSource(prometheus, metrics, WallClock())
    end = int(WallClock().time()) // 2 * 2
    found = await source.read(dict.fromkeys(range(len(metrics)), end - 4), end, 2)
    again = await source.read(dict.fromkeys(range(len(metrics)), end - 4), end, 2)
    await source.close()
    by_id = {metric.id: found[index] for index, metric in enumerate(metrics)}
    for metric in PLAN.metrics:
        assert (metric.id, by_id[metric.id].error) == (metric.id, "")
        assert by_id[metric.id].values == (None,) * 3
    assert by_id["number"].values == (42.5,) * 3
    assert by_id["scalar"].values == (7.0,) * 3
    assert by_id["two"].remark == "2 series, expected one"
    assert by_id["nan"].remark == "not a number"
    for name in ("range", "text", "unclosed", "breakout"):
        assert by_id[name].error.startswith("the expression is not valid: ")
    assert again == found


async def test_an_alert_from_pending_to_firing(prometheus: str) -> None:
    source = PrometheusSource(prometheus, [], WallClock())
    clock = WallClock()
    begun = clock.time()

    async def read() -> AlertObserved | None:
        return next(iter(await source.alerts(begun - 5.0, clock.time())), None)

    episode: AlertObserved | None = None
    async with (
        asyncio.timeout(READY),
        aclosing(poll(read, "Prometheus", Pace(every=0.25))) as readings,
    ):
        async for outcome in readings:
            assert isinstance(outcome, Reading)
            episode = outcome.value
            if episode is not None and episode.state == "firing":
                break
    reading = await source.clock()
    await source.close()
    assert episode is not None
    assert episode.firing_at is not None
    assert (episode.name, episode.labels) == ("AlwaysOn", {"severity": "ticket"})
    assert episode.annotations == {"summary": "It is 1"}
    assert timedelta(seconds=4) <= episode.firing_at - episode.active_at < timedelta(seconds=6)
    assert episode.uncertainty == 0.001
    assert abs(reading.offset) <= reading.uncertainty + 0.01


async def test_a_silence_in_a_real_alertmanager(tmp_path: Path) -> None:
    program = require("prometheus-alertmanager", "prometheus-alertmanager")
    (tmp_path / "alertmanager.yml").write_text(RECEIVER)
    arguments = ("--config.file=alertmanager.yml", f"--storage.path={tmp_path / 'data'}")
    async with serving(program, tmp_path, *arguments, "--cluster.listen-address=") as address:
        now = datetime.now(UTC)
        http = JsonClient("Alertmanager", address)
        matcher = {"name": "alertname", "value": "AlwaysOn", "isRegex": False, "isEqual": True}
        await http.change(
            "POST",
            "/api/v2/silences",
            {
                "matchers": [matcher],
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(hours=1)).isoformat(),
                "createdBy": "on-call",
                "comment": "ack",
            },
        )
        source = AlertmanagerSource(address, WallClock())
        (silence,) = await source.silences()
        reading = await source.clock()
        assert list(await source.alerts()) == []
        assert (await source.status()).version_info.version
        await source.close()
        await http.close()
    assert (silence.by, silence.comment, silence.state) == ("on-call", "ack", "active")
    assert abs(silence.starts_at - now) < timedelta(seconds=2)
    assert abs(reading.offset) <= reading.uncertainty + 0.05
