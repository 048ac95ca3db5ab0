"""The adapters against the lab: the shipped plan's metrics, alerts against the ground truth, its troubles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from controlroom.lab.lab import Lab
from controlroom.lab.settings import Addresses, LabSettings
from controlroom.plan.load import load_plan
from controlroom.sources.alertmanager import AlertmanagerSource
from controlroom.sources.http import JsonClient
from controlroom.sources.lab import LabControl
from controlroom.sources.load import LabLoad
from controlroom.sources.ports import SourceError
from controlroom.sources.prometheus import PrometheusSource

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
PLAN = load_plan(EXPERIMENTS / "inventory-service-failure.yaml").plan
RULES = (EXPERIMENTS / "alerts-bookstore.yaml").read_text()
POD_KILL = "pod-failure-inventory-service.yaml"


@dataclass
class World:
    """A lab whose clock stands still but for what a test advances, and the adapters on it."""

    lab: Lab
    addresses: Addresses
    control: LabControl
    prometheus: PrometheusSource
    alertmanager: AlertmanagerSource

    @property
    def now(self) -> int:
        return int(self.lab.staging.position)

    async def trouble(self, **trouble: object) -> None:
        http = JsonClient("lab", self.addresses.control)
        await http.change("PUT", "/trouble/prometheus", trouble)
        await http.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    lab = Lab(LabSettings(seed=7, rate=0.0, rules=RULES, responder=True))
    addresses = await lab.start()
    control = LabControl(addresses.control)
    clock = await control.start()
    made = World(
        lab=lab,
        addresses=addresses,
        control=control,
        prometheus=PrometheusSource(addresses.prometheus, PLAN.metrics, clock, timeout=0.5),
        alertmanager=AlertmanagerSource(addresses.alertmanager, clock),
    )
    await LabLoad(control).start()
    lab.staging.advance(180.0)
    yield made
    await made.prometheus.close()
    await made.alertmanager.close()
    await control.close()
    await lab.stop()


async def test_every_metric_of_the_shipped_plan_has_a_value_at_every_step(world: World) -> None:
    end = world.now // 2 * 2 - 2
    first = end - 118
    found = await world.prometheus.read(dict.fromkeys(range(len(PLAN.metrics)), first), end, 2)
    for index, metric in enumerate(PLAN.metrics):
        column = found[index]
        assert (metric.id, column.error, column.remark) == (metric.id, "", "")
        assert len(column.values) == 60
        assert None not in column.values


async def test_reading_in_pieces_gives_what_reading_at_once_gives(world: World) -> None:
    indexes = range(len(PLAN.metrics))
    start = world.now // 2 * 2
    pieces: dict[int, list[float | None]] = {index: [] for index in indexes}
    for piece in range(3):
        world.lab.staging.advance(20.0)
        first, end = start + piece * 20, start + piece * 20 + 18
        found = await world.prometheus.read(dict.fromkeys(indexes, first), end, 2)
        for index in indexes:
            pieces[index] += found[index].values
    whole = await world.prometheus.read(dict.fromkeys(indexes, start), start + 58, 2)
    assert {index: tuple(values) for index, values in pieces.items()} == {
        index: column.values for index, column in whole.items()
    }


async def test_alerts_fire_and_end_when_the_ground_truth_says_so(world: World) -> None:
    staging = world.lab.staging
    staging.cluster.create(yaml.safe_load((EXPERIMENTS / POD_KILL).read_text()))
    start = since = float(world.now)
    seen = {}
    for _ in range(17):
        staging.advance(7.0)
        until = float(world.now)
        for episode in await world.prometheus.alerts(since, until):
            seen[episode.name, episode.active_at] = episode
        since = until
    expected = {
        (moment.alert, moment.after): moment.t for moment in staging.truth().rules if moment.t >= start
    }
    low = next(episode for (name, _), episode in seen.items() if name == "InventoryReplicasLow")
    assert low.state == "resolved"
    assert low.firing_at is not None
    assert low.resolved_at is not None
    assert low.active_at.timestamp() == expected["InventoryReplicasLow", "pending"]
    assert low.firing_at.timestamp() == expected["InventoryReplicasLow", "firing"]
    assert low.resolved_at.timestamp() == expected["InventoryReplicasLow", "inactive"]
    assert low.uncertainty == 0.001
    assert low.annotations["summary"]
    assert [name for name, _ in seen if name.startswith("Inventory")] == ["InventoryReplicasLow"]


async def test_the_on_calls_silence_is_read(world: World) -> None:
    world.lab.staging.cluster.create(yaml.safe_load((EXPERIMENTS / POD_KILL).read_text()))
    world.lab.staging.advance(150.0)
    (silence,) = await world.alertmanager.silences()
    acknowledged = next(act for act in world.lab.staging.truth().acts if "ack" in act.act.lower())
    assert silence.by == "on-call"
    assert ("alertname", "InventoryReplicasLow", False, True) in silence.matchers
    assert silence.starts_at.timestamp() == pytest.approx(acknowledged.t, abs=1.0)


async def test_totals_and_the_clock_are_read(world: World) -> None:
    accepted = await world.prometheus.value("bookstore_orders_accepted", world.now - 2)
    assert accepted is not None
    assert accepted > 1000
    assert await world.prometheus.value("no_such_series", world.now - 2) is None
    async with asyncio.timeout(5):
        reading = await world.prometheus.clock()
    assert abs(reading.offset) <= reading.uncertainty + 0.001


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"kind": "stopped"}, "closed the connection"),
        ({"kind": "hang", "seconds": 30.0}, "no answer from .* within 0.5 s"),
        ({"kind": "500"}, "HTTP 500: internal server error"),
        ({"kind": "html"}, "a web page instead of data"),
    ],
)
async def test_a_troubled_prometheus_is_told_and_the_gap_is_filled_afterwards(
    world: World, trouble: dict[str, object], message: str
) -> None:
    indexes = range(len(PLAN.metrics))
    first = world.now // 2 * 2
    await world.trouble(**trouble)
    world.lab.staging.advance(20.0)
    with pytest.raises(SourceError, match=message):
        await world.prometheus.read(dict.fromkeys(indexes, first), first + 18, 2)
    await world.trouble(kind="none")
    found = await world.prometheus.read(dict.fromkeys(indexes, first), first + 18, 2)
    assert all(None not in column.values and not column.error for column in found.values())


async def test_nan_is_unknown_and_says_so(world: World) -> None:
    first = world.now // 2 * 2 - 20
    await world.trouble(kind="nan")
    found = await world.prometheus.read({0: first}, first + 10, 2)
    assert found[0].values == (None,) * 6
    assert found[0].remark == "not a number"
    assert found[0].error == ""
    assert await world.prometheus.value("bookstore_orders_accepted", first) is None
    assert await world.prometheus.alerts(first, world.now) == []
    with pytest.raises(SourceError, match="does not tell its time"):
        await world.prometheus.clock()
