"""The world model alone, in pure virtual time: levels, effects, consistency, determinism."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from controlroom.lab.prometheus.labels import METRIC_NAME, Labels
from controlroom.lab.world.breaker import BreakerState
from controlroom.lab.world.exposition import Exposition
from controlroom.lab.world.inputs import (
    DEPLOYMENTS,
    FULFILMENT,
    INVENTORY,
    ORDER,
    PAYMENT,
    POSTGRES,
    DeploymentState,
    Fault,
    PodState,
    Sound,
    Surroundings,
)
from controlroom.lab.world.latency import EDGES
from controlroom.lab.world.model import World

REPLICAS = {ORDER: 2, INVENTORY: 3, PAYMENT: 2, FULFILMENT: 2, POSTGRES: 1}
SEEDS = (1, 7, 20261123)


def pods_of(app: str, names: Sequence[str]) -> list[PodState]:
    return [PodState(name, f"uid-{name}", f"10.0.{len(name)}.{i}", app, True) for i, name in enumerate(names)]


def calm() -> Surroundings:
    pods = [
        pod for app, count in REPLICAS.items() for pod in pods_of(app, [f"{app}-{i}" for i in range(count)])
    ]
    deployments = [
        DeploymentState(name, REPLICAS[name], REPLICAS[name], REPLICAS[name]) for name in DEPLOYMENTS
    ]
    return Surroundings(pods, deployments)


def with_faults(*faults: Fault) -> Surroundings:
    return replace(calm(), faults=faults)


def inventory_pods() -> list[PodState]:
    return [pod for pod in calm().pods if pod.app == INVENTORY]


def latency() -> list[Fault]:
    return [Fault(pod.uid, delay=0.25, towards=POSTGRES) for pod in inventory_pods()]


def memory() -> list[Fault]:
    return [Fault(pod.uid, memory=1.0) for pod in inventory_pods()[:2]]


@dataclass(frozen=True)
class Window:
    """What happened between two looks, as a rate over the window shows it."""

    order_p95: float
    errors: float
    hit_ratio: float
    evictions: float
    database_p95: float
    payment_p95: float
    pool: float
    lag: int


def quantile(q: float, counts: Sequence[float]) -> float:
    """histogram_quantile over cumulative counts at EDGES and +Inf."""
    rank, below, lower = q * counts[-1], 0.0, 0.0
    for edge, count in zip(EDGES, counts, strict=False):
        if count >= rank:
            return lower + (edge - lower) * (rank - below) / (count - below) if count > below else edge
        below, lower = count, edge
    return EDGES[-1]


class Watcher:
    """Reads the exposition as a scrape does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._exposition = Exposition(world)

    def totals(self) -> dict[Labels, float]:
        return {
            labels.replaced({"pod": target.labels.get("pod"), "job": target.labels.get("job")}): value
            for target in self._exposition.targets()
            for labels, value in target.samples
        }

    def window(self, surroundings: Surroundings, seconds: int = 30) -> Window:
        before = self.totals()
        for _ in range(seconds):
            self._world.step(surroundings)
        after_ = self.totals()
        grown = {labels: value - before.get(labels, 0.0) for labels, value in after_.items()}

        def total(values: dict[Labels, float], name: str, **labels: str) -> float:
            return math.fsum(
                value
                for key, value in values.items()
                if key.get(METRIC_NAME) == name and all(key.get(n) == v for n, v in labels.items())
            )

        def p95(name: str, **labels: str) -> float:
            bounds = [f"{edge:g}" if edge < 1 else f"{edge:.1f}" for edge in EDGES] + ["+Inf"]
            return quantile(0.95, [total(grown, f"{name}_bucket", le=bound, **labels) for bound in bounds])

        requests = "http_server_requests_seconds"
        made = total(grown, f"{requests}_count", job=ORDER)
        failed = total(grown, f"{requests}_count", job=ORDER, outcome="SERVER_ERROR")
        hits = total(grown, "cache_gets_total", result="hit")
        misses = total(grown, "cache_gets_total", result="miss")
        active = total(after_, "hikaricp_connections_active")
        return Window(
            order_p95=1000 * p95(requests, job=ORDER),
            errors=100 * failed / made,
            hit_ratio=100 * hits / (hits + misses),
            evictions=total(grown, "cache_evictions_total") / seconds,
            database_p95=1000 * p95("spring_data_repository_invocations_seconds"),
            payment_p95=1000 * p95(requests, job=PAYMENT),
            pool=100 * active / total(after_, "hikaricp_connections_max"),
            lag=int(total(after_, "kafka_consumergroup_lag")),
        )


def breaker_states(world: World) -> set[BreakerState]:
    return {pod.breaker.state for pod in world.fleet.order.values()}


def settled(seed: int, planted: Sound | None = None) -> tuple[World, Watcher]:
    world = World(seed, planted)
    world.load = True
    watcher = Watcher(world)
    for _ in range(90):
        world.step(calm())
    return world, watcher


@pytest.mark.parametrize("seed", SEEDS)
def test_undisturbed_levels(seed: int) -> None:
    world, watcher = settled(seed)
    for _ in range(20):
        seen = watcher.window(calm())
        assert 130 <= seen.order_p95 <= 145
        assert 0.1 <= seen.errors <= 0.3
        assert 93.5 <= seen.hit_ratio <= 95
        assert 4.5 <= seen.evictions <= 6
        assert 9 <= seen.database_p95 <= 16
        assert 88 <= seen.payment_p95 <= 97
        assert 16 <= seen.pool <= 34
        assert 5 <= seen.lag <= 25
        assert breaker_states(world) == {BreakerState.CLOSED}


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_pods_overload_the_one_that_is_left(seed: int) -> None:
    world, watcher = settled(seed)
    quiet = watcher.window(calm())
    left = [pod for pod in calm().pods if pod.app != INVENTORY] + inventory_pods()[:1]
    hurt = watcher.window(replace(calm(), pods=left))
    assert 1.6 <= hurt.order_p95 / quiet.order_p95 <= 2.4
    assert 3 <= hurt.errors <= 7
    assert hurt.pool > 50
    assert breaker_states(world) == {BreakerState.CLOSED}
    replaced = [*left, *pods_of(INVENTORY, ["inventory-service-new-1", "inventory-service-new-2"])]
    cold = watcher.window(replace(calm(), pods=replaced))
    assert cold.hit_ratio < 85, "new pods have cold caches"
    assert cold.evictions < quiet.evictions, "a cold start evicts less than an undisturbed cache"
    for _ in range(2):
        seen = watcher.window(replace(calm(), pods=replaced))
    assert seen.order_p95 < 1.1 * quiet.order_p95
    assert seen.hit_ratio > 90


@pytest.mark.parametrize("seed", SEEDS)
def test_database_latency_opens_the_breaker_and_orders_are_deferred(seed: int) -> None:
    world, watcher = settled(seed)
    quiet = watcher.window(calm())
    opened_after = None
    for second in range(1, 61):
        world.step(with_faults(*latency()))
        if opened_after is None and breaker_states(world) == {BreakerState.OPEN}:
            opened_after = second
    assert opened_after is not None
    assert 20 <= opened_after <= 40
    probes = 0
    worst = quiet
    for _ in range(10):
        seen = watcher.window(with_faults(*latency()))
        worst = max(worst, seen, key=lambda one: one.order_p95)
        assert 1 <= seen.errors <= 3
        assert 260 <= seen.database_p95 <= 300
        assert 70 <= seen.pool <= 95
    for _ in range(120):
        world.step(with_faults(*latency()))
        probes += sum(pod.breaker.state is BreakerState.HALF_OPEN for pod in world.fleet.order.values())
    assert 6 <= probes <= 8, "each of the two half-open once in about half a minute"
    assert 2 <= worst.order_p95 / quiet.order_p95 <= 2.6
    assert 700 <= seen.lag <= 2000
    for _ in range(4):
        seen = watcher.window(calm())
    assert breaker_states(world) == {BreakerState.CLOSED}
    assert seen.lag <= 25
    assert seen.order_p95 < 1.1 * quiet.order_p95


@pytest.mark.parametrize("seed", SEEDS)
def test_memory_pressure_evicts_the_cache_and_leaves_the_breaker_alone(seed: int) -> None:
    world, watcher = settled(seed)
    quiet = watcher.window(calm())
    states = set()
    for _ in range(30):
        world.step(with_faults(*memory()))
        states |= breaker_states(world)
    seen = watcher.window(with_faults(*memory()))
    for _ in range(5):
        seen = watcher.window(with_faults(*memory()))
        states |= breaker_states(world)
    assert states == {BreakerState.CLOSED}
    assert 55 <= seen.hit_ratio <= 70
    assert seen.evictions > 25
    assert 2 <= seen.database_p95 / quiet.database_p95 <= 4
    assert 1.3 <= seen.order_p95 / quiet.order_p95 <= 1.8
    assert seen.errors < 0.5


def test_latency_and_memory_together_stay_inside_the_criteria() -> None:
    _, watcher = settled(7)
    quiet = watcher.window(calm())
    for _ in range(20):
        seen = watcher.window(with_faults(*latency(), *memory()), seconds=10)
        assert seen.order_p95 < 3 * quiet.order_p95
        assert seen.errors < 10
        assert 0.97 < seen.payment_p95 / quiet.payment_p95 < 1.03


def test_a_slow_database_is_felt_by_every_inventory_pod() -> None:
    world, watcher = settled(7)
    database = next(pod for pod in calm().pods if pod.app == POSTGRES)
    for _ in range(60):
        world.step(with_faults(Fault(database.uid, POSTGRES, delay=0.25)))
    seen = watcher.window(with_faults(Fault(database.uid, POSTGRES, delay=0.25)))
    assert 260 <= seen.database_p95 <= 300
    assert BreakerState.CLOSED not in breaker_states(world)


def test_a_cut_between_orders_and_inventory_is_felt_as_refused_calls() -> None:
    world, watcher = settled(7)
    callers = [pod for pod in calm().pods if pod.app == ORDER]
    cut = with_faults(*(Fault(pod.uid, ORDER, loss=1.0, towards=INVENTORY) for pod in callers))
    seen = watcher.window(cut, seconds=60)
    assert BreakerState.OPEN in breaker_states(world)
    assert seen.errors > 1


def test_a_starved_database_is_slower() -> None:
    _, watcher = settled(7)
    quiet = watcher.window(calm())
    database = next(pod for pod in calm().pods if pod.app == POSTGRES)
    assert (
        watcher.window(with_faults(Fault(database.uid, POSTGRES, cpu=0.8))).database_p95
        > 2 * quiet.database_p95
    )


def test_without_load_nothing_is_counted() -> None:
    world = World(7)
    watcher = Watcher(world)
    for _ in range(10):
        world.step(calm())
    before = watcher.totals()
    for _ in range(30):
        world.step(calm())
    grown = {
        labels.get(METRIC_NAME)
        for labels, value in watcher.totals().items()
        if value != before[labels] and not labels.get(METRIC_NAME).startswith("hikaricp")
    }
    assert grown == set()


def test_the_same_seed_gives_the_same_samples() -> None:
    def life(seed: int) -> dict[Labels, float]:
        world, watcher = settled(seed)
        for second in range(120):
            world.step(with_faults(*latency()) if 30 <= second < 80 else calm())
        return watcher.totals()

    assert life(5) == life(5)
    assert life(5) != life(6)


def test_every_order_is_accounted_for() -> None:
    world, _ = settled(7)
    for second in range(200):
        world.step(with_faults(*latency()) if second < 120 else calm())
        ledger = world.fulfilment
        assert ledger.accepted - ledger.stored == ledger.lag
        assert sum(ledger.partitions()) == ledger.lag
    world.load = False
    for _ in range(30):
        world.step(calm())
    assert world.fulfilment.accepted == world.fulfilment.stored
    answered = sum(pod.by_status["201"].count for pod in world.fleet.order.values())
    assert answered > 60 * 200


def test_lost_orders_are_never_stored() -> None:
    world, _ = settled(7, Sound(orders_lost=23))
    for second in range(120):
        world.step(with_faults(*memory()) if second < 30 else calm())
    world.load = False
    for _ in range(30):
        world.step(calm())
    assert world.fulfilment.accepted - world.fulfilment.stored == 23
    assert world.fulfilment.lag == 0


def test_a_service_without_endpoints_opens_the_breaker() -> None:
    world, _ = settled(7)
    empty = replace(calm(), pods=[pod for pod in calm().pods if pod.app != INVENTORY])
    for _ in range(60):
        world.step(empty)
    assert BreakerState.OPEN in breaker_states(world)


def test_the_exposition_text_names_every_target_and_is_honest_about_its_time() -> None:
    world, _ = settled(7)
    text = Exposition(world).text()
    assert text.startswith("# Virtual time")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(line.count(" ") == 1 for line in lines)
    assert any(line.startswith("kube_deployment_spec_replicas{") for line in lines)
    assert any('uri="/api/inventory/{sku}"' in line for line in lines)
