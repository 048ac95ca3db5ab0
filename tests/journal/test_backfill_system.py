"""A real Prometheus, filled with a session afterwards, answers for the plan's queries what was recorded."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from controlroom.core import events as e
from controlroom.core.values import changed
from controlroom.journal.export.results import export
from controlroom.journal.report.making import view_of
from tests.journal.books import PLAN, chained, day
from tests.sources.test_prometheus_system import serving
from tests.system import require

pytestmark = pytest.mark.system


async def test_prometheus_takes_the_backfill_and_answers_with_the_recorded_values(tmp_path: Path) -> None:
    promtool, prometheus = require("promtool", "prometheus"), require("prometheus", "prometheus")
    # A batch of the day is unknown: what nobody knew must not be answered with what was known before.
    at = next(n for n, event in enumerate(day()) if isinstance(event.body, e.Samples) and event.t > 2000)
    batch = day()[at].body
    assert isinstance(batch, e.Samples)
    blank = changed(batch, columns=tuple(own and tuple(None for _ in own) for own in batch.columns))
    events = chained([*day()[:at], changed(day()[at], body=blank), *day()[at + 1 :]])
    for path, data in export(events, tmp_path, ["openmetrics"]).items():
        (tmp_path / path).write_bytes(data)

    def tool(*arguments: str) -> None:
        subprocess.run([promtool, *arguments], cwd=tmp_path, check=True, capture_output=True, timeout=60)

    tool("check", "rules", "recording-rules.yaml")
    tool("tsdb", "create-blocks-from", "openmetrics", "samples.om", "data")
    (tmp_path / "prometheus.yml").write_text("{}\n")
    rules = yaml.safe_load((tmp_path / "recording-rules.yaml").read_text())["groups"][0]["rules"]
    names = {rule["expr"]: rule["record"] for rule in rules}
    view = view_of(events)
    storage = ("--storage.tsdb.path=data", "--storage.tsdb.retention.time=100y")
    async with (
        serving(prometheus, tmp_path, "--config.file=prometheus.yml", *storage) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        for index, metric in enumerate(PLAN.metrics):
            series = view.series(index)
            assert series.first is not None and series.last is not None
            query = {
                "query": next(name for expr, name in names.items() if expr.split() == metric.query.split()),
                "start": series.first, "end": series.last + 4 * series.step, "step": series.step,
            }  # fmt: skip
            answer = (await client.get("/api/v1/query_range", params=query)).json()
            (found,) = answer["data"]["result"]
            told = {int(when): float(value) for when, value in found["values"]}
            for when, value in series.items(range(series.length)):
                assert _same(told.get(when, math.nan), value), (metric.id, when)
            beyond = [value for when, value in told.items() if when > series.last]
            assert all(math.isnan(value) for value in beyond)


def _same(told: float, recorded: float) -> bool:
    return told == recorded or (math.isnan(told) and math.isnan(recorded))
