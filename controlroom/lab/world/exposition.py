"""What the bookstore exposes to a scrape, target by target, under the names real exporters use.

Micrometer names for the Spring Boot services, kafka-exporter, kube-state-metrics, postgres-exporter with
two custom queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from controlroom.lab.prometheus.labels import METRIC_NAME, Labels, metric
from controlroom.lab.world.breaker import BreakerState
from controlroom.lab.world.inputs import FULFILMENT, INVENTORY, ORDER, PAYMENT, POSTGRES, PodState
from controlroom.lab.world.inventory import HEAP_MAX, POOL_MAX, InventoryPod
from controlroom.lab.world.latency import EDGES, Histogram
from controlroom.lab.world.model import World
from controlroom.lab.world.orders import OrderPod

Sample = tuple[Labels, float]
Pairs = tuple[tuple[str, str], ...]

_PORTS = {ORDER: 8080, INVENTORY: 8080, PAYMENT: 8080, FULFILMENT: 8080}
_OUTCOMES = {"2": "SUCCESS", "5": "SERVER_ERROR"}
_QUIET_HEAP = 0.38


class Target(NamedTuple):
    """One scrape target; one that is not `up` answers nothing."""

    labels: Labels
    up: bool
    samples: list[Sample]


class _HistogramLabels(NamedTuple):
    buckets: tuple[Labels, ...]
    total: Labels
    sum: Labels


@cache
def _plain(name: str, *pairs: tuple[str, str]) -> Labels:
    return metric(name, dict(pairs))


@cache
def _histogram_labels(name: str, pairs: Pairs) -> _HistogramLabels:
    labels = dict(pairs)
    bounds = [f"{edge:g}" if edge < 1 else f"{edge:.1f}" for edge in EDGES]
    return _HistogramLabels(
        tuple(metric(f"{name}_bucket", {**labels, "le": bound}) for bound in [*bounds, "+Inf"]),
        metric(f"{name}_count", labels),
        metric(f"{name}_sum", labels),
    )


@cache
def _requests(uri: str, method: str, status: str) -> Pairs:
    return (
        ("uri", uri),
        ("method", method),
        ("status", status),
        ("outcome", _OUTCOMES[status[0]]),
        ("exception", "none" if status[0] == "2" else "ServiceException"),
    )


def _histogram(name: str, pairs: Pairs, histogram: Histogram) -> Iterator[Sample]:
    labels = _histogram_labels(name, pairs)
    yield from zip(labels.buckets, (*map(float, histogram.buckets()), float(histogram.count)), strict=True)
    yield labels.total, float(histogram.count)
    yield labels.sum, histogram.sum


def _order(pod: OrderPod) -> Iterator[Sample]:
    for status, histogram in pod.by_status.items():
        # A counter of errors comes into being with its first error.
        if histogram.count or status == "201":
            pairs = _requests("/api/orders", "POST", status)
            yield from _histogram("http_server_requests_seconds", pairs, histogram)
    name = ("name", "inventory")
    for state in BreakerState:
        yield _plain("resilience4j_circuitbreaker_state", name, ("state", state.value)), pod.state_is(state)
    calls = pod.calls
    made = "resilience4j_circuitbreaker_calls_seconds_count"
    yield _plain(made, name, ("kind", "successful")), float(int(calls.successful))
    yield _plain(made, name, ("kind", "failed")), float(int(calls.failed) + int(calls.timed_out))
    yield _plain(made, name, ("kind", "ignored")), 0.0
    yield _plain("resilience4j_circuitbreaker_slow_call_rate", name), pod.breaker.slow_rate
    kept_out = "resilience4j_circuitbreaker_not_permitted_calls_total"
    yield _plain(kept_out, name, ("kind", "not_permitted")), float(calls.not_permitted)
    limited = "resilience4j_timelimiter_calls_total"
    yield _plain(limited, name, ("kind", "successful")), float(int(calls.successful))
    yield _plain(limited, name, ("kind", "timeout")), float(int(calls.timed_out))
    yield _plain(limited, name, ("kind", "failed")), float(int(calls.failed))
    yield _plain("orders_fallback_total"), float(int(calls.fallback))
    yield from _heap(_QUIET_HEAP * HEAP_MAX)


def _inventory(pod: InventoryPod) -> Iterator[Sample]:
    yield from _histogram(
        "http_server_requests_seconds", _requests("/api/inventory/{sku}", "GET", "200"), pod.requests
    )
    repository = (("repository", "StockRepository"), ("method", "findBySku"), ("state", "SUCCESS"))
    yield from _histogram("spring_data_repository_invocations_seconds", repository, pod.repository)
    cache_name = ("cache", "stock")
    yield _plain("cache_gets_total", cache_name, ("result", "hit")), float(int(pod.hits))
    yield _plain("cache_gets_total", cache_name, ("result", "miss")), float(int(pod.misses))
    yield _plain("cache_evictions_total", cache_name), float(int(pod.evictions))
    yield _plain("cache_size", cache_name), float(pod.cache_size)
    pool = ("pool", "HikariPool-1")
    yield _plain("hikaricp_connections", pool), float(POOL_MAX)
    yield _plain("hikaricp_connections_active", pool), float(pod.active)
    yield _plain("hikaricp_connections_idle", pool), float(pod.idle)
    yield _plain("hikaricp_connections_pending", pool), float(pod.pending)
    yield _plain("hikaricp_connections_max", pool), float(POOL_MAX)
    yield _plain("hikaricp_connections_usage_seconds_count", pool), float(pod.usage_count)
    yield _plain("hikaricp_connections_usage_seconds_sum", pool), pod.usage_seconds
    yield from _heap(pod.heap_used)


def _heap(used: float) -> Iterator[Sample]:
    yield _plain("jvm_memory_used_bytes", ("area", "heap")), float(int(used))
    yield _plain("jvm_memory_max_bytes", ("area", "heap")), float(HEAP_MAX)


@cache
def _pod_target(name: str, ip: str, app: str, namespace: str) -> Labels:
    instance = f"{ip}:{_PORTS[app]}"
    return Labels({"job": app, "instance": instance, "namespace": namespace, "pod": name, "application": app})


class Exposition:
    """The scrape targets of a world in `namespace`."""

    def __init__(self, world: World, namespace: str = "bookstore") -> None:
        self._world = world
        self._namespace = namespace

    def targets(self) -> list[Target]:
        """All targets as they answer now."""
        pods = self._world.surroundings.pods
        found = [self._pod(pod) for pod in pods if pod.app in _PORTS and pod.ip and not pod.deleting]
        kafka = Target(
            Labels({"job": "kafka-exporter", "instance": "kafka-exporter:9308"}), True, [*self._kafka()]
        )
        states = Labels({"job": "kube-state-metrics", "instance": "kube-state-metrics:8080"})
        postgres = Labels({"job": "postgres-exporter", "instance": "postgres-exporter:9187"})
        database = any(pod.app == POSTGRES and pod.ready for pod in pods)
        found += [
            kafka,
            Target(states, True, [*self._cluster()]),
            Target(postgres, True, [*self._database(database)]),
        ]
        return found

    def text(self) -> str:
        """All targets as one exposition, in the text format 0.0.4 (HELP left out).

        For a person to look at: a real Prometheus that scrapes it is only honest while virtual time runs at
        the speed of real time.
        """
        lines = ["# Virtual time: rates over a scrape of this page are honest at speed x1 only."]
        by_name: dict[str, list[str]] = {}
        for target in self.targets():
            for labels, value in target.samples:
                merged = labels.replaced(dict(target.labels.pairs)).without((METRIC_NAME,))
                shown = str(merged).replace(", ", ",")
                by_name.setdefault(labels.get(METRIC_NAME), []).append(f"{shown} {value!r}")
        for name, samples in sorted(by_name.items()):
            lines += [f"{name}{sample}" for sample in samples]
        return "\n".join(lines) + "\n"

    def _pod(self, pod: PodState) -> Target:
        labels = _pod_target(pod.name, pod.ip, pod.app, self._namespace)
        fleet = self._world.fleet
        samples: list[Sample]
        if pod.uid in fleet.order:
            samples = [*_order(fleet.order[pod.uid])]
        elif pod.uid in fleet.inventory:
            samples = [*_inventory(fleet.inventory[pod.uid])]
        elif pod.uid in fleet.payment:
            pairs = _requests("/api/payments", "POST", "200")
            samples = [
                *_histogram("http_server_requests_seconds", pairs, fleet.payment[pod.uid].requests),
                *_heap(_QUIET_HEAP * HEAP_MAX),
            ]
        elif pod.app == FULFILMENT and pod.ready:
            samples = [*_heap(_QUIET_HEAP * HEAP_MAX)]
        else:
            return Target(labels, False, [])
        return Target(labels, True, samples)

    def _kafka(self) -> Iterator[Sample]:
        for partition, lag in enumerate(self._world.fulfilment.partitions()):
            pairs = (("consumergroup", "fulfilment"), ("topic", "orders"), ("partition", str(partition)))
            yield _plain("kafka_consumergroup_lag", *pairs), float(lag)

    def _cluster(self) -> Iterator[Sample]:
        namespace = ("namespace", self._namespace)
        for state in self._world.surroundings.deployments:
            of = (namespace, ("deployment", state.name))
            yield _plain("kube_deployment_spec_replicas", *of), float(state.spec_replicas)
            yield _plain("kube_deployment_status_replicas_available", *of), float(state.available)
            yield _plain("kube_deployment_status_replicas_ready", *of), float(state.ready)
        for pod in self._world.surroundings.pods:
            of = (namespace, ("pod", pod.name))
            restarts = "kube_pod_container_status_restarts_total"
            yield _plain(restarts, *of, ("container", pod.app)), float(pod.restarts)

    def _database(self, answers: bool) -> Iterator[Sample]:
        yield _plain("pg_up"), 1.0 if answers else 0.0
        if answers:
            yield _plain("bookstore_orders_accepted"), float(self._world.fulfilment.accepted)
            yield _plain("bookstore_orders_stored"), float(self._world.fulfilment.stored)
