"""Twenty-five minutes of made-up samples of a bookstore, the same in every run.

Counters that reset, series that start late or end early, gaps, NaN and infinities, histograms, names that
differ by a label: whatever an expression may stumble over. Staleness markers cannot be written as
OpenMetrics, so they have tests of their own.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from controlroom.lab.prometheus.labels import Labels, metric
from controlroom.lab.prometheus.storage import Storage

START_MS = 1_700_000_000_456
STEP_MS = 2_000
STEPS = 750

BOUNDS = [
    "0.01",
    "0.025",
    "0.05",
    "0.1",
    "0.2",
    "0.3",
    "0.4",
    "0.6",
    "0.8",
    "1",
    "1.5",
    "2",
    "3",
    "5",
    "+Inf",
]


@dataclass(frozen=True)
class SampledSeries:
    """One series: labels, and (Unix milliseconds, value) in order."""

    labels: Labels
    samples: list[tuple[int, float]]


def _times(first: int = 0, last: int = STEPS, every: int = 1) -> list[int]:
    return [START_MS + step * STEP_MS for step in range(first, last, every)]


def _gauge(rng: random.Random, mean: float, spread: float, times: list[int]) -> list[tuple[int, float]]:
    value, samples = mean, []
    for t in times:
        value += 0.2 * (mean - value) + rng.gauss(0, spread)
        samples.append((t, value))
    return samples


def _counter(rng: random.Random, rate: float, times: list[int], resets: int = 0) -> list[tuple[int, float]]:
    at = set(rng.sample(range(1, len(times)), resets))
    value, samples = float(rng.randrange(0, 5000)), []
    for step, t in enumerate(times):
        value = float(rng.randrange(0, 5)) if step in at else value + rng.randrange(0, max(2, int(4 * rate)))
        samples.append((t, value))
    return samples


def _histogram(rng: random.Random, name: str, labels: dict[str, str], mean: float) -> Iterator[SampledSeries]:
    counts = dict.fromkeys(BOUNDS, 0)
    total, times = 0.0, _times()
    columns: dict[str, list[tuple[int, float]]] = {bound: [] for bound in BOUNDS}
    count: list[tuple[int, float]] = []
    sums: list[tuple[int, float]] = []
    for t in times:
        for _ in range(rng.randrange(0, 40)):
            seconds = rng.lognormvariate(math.log(mean), 0.6)
            total += seconds
            for bound in BOUNDS:
                counts[bound] += seconds <= float(bound)
        for bound in BOUNDS:
            columns[bound].append((t, float(counts[bound])))
        count.append((t, float(counts["+Inf"])))
        sums.append((t, total))
    for bound in BOUNDS:
        yield SampledSeries(metric(f"{name}_bucket", {**labels, "le": bound}), columns[bound])
    yield SampledSeries(metric(f"{name}_count", labels), count)
    yield SampledSeries(metric(f"{name}_sum", labels), sums)


def _requests(rng: random.Random) -> Iterator[SampledSeries]:
    name = "http_server_requests_seconds"
    for pod, status, mean in (("order-1", "201", 0.09), ("order-2", "201", 0.1), ("order-2", "503", 1.2)):
        labels = {
            "job": "pods", "pod": pod, "application": "order-service",
            "uri": "/api/orders", "method": "POST", "status": status,
        }  # fmt: skip
        yield from _histogram(rng, name, labels, mean)
    labels = {"job": "pods", "pod": "payment-1", "application": "payment-service", "status": "200"}
    yield from _histogram(rng, name, labels, 0.06)


def _pods(rng: random.Random) -> Iterator[SampledSeries]:
    lives = {
        "inventory-a": (0, STEPS),
        "inventory-b": (0, 300),
        "inventory-c": (320, STEPS),
        "inventory-d": (0, 560),
    }
    for number, (pod, (first, last)) in enumerate(lives.items()):
        labels = {
            "job": "pods",
            "pod": pod,
            "application": "inventory-service",
            "instance": f"10.0.0.{number}:8080",
        }
        times = _times(first, last)
        yield SampledSeries(metric("up", labels), [(t, float(rng.random() > 0.02)) for t in times])
        for result, rate in (("hit", 40), ("miss", 3)):
            samples = _counter(rng, rate, times, resets=3)
            yield SampledSeries(
                metric("cache_gets_total", {**labels, "cache": "stock", "result": result}), samples
            )
        for state in ("active", "idle", "max"):
            name = f"hikaricp_connections_{state}"
            samples = [(t, float(10 if state == "max" else rng.randrange(0, 10))) for t in times]
            yield SampledSeries(metric(name, {**labels, "pool": "HikariPool-1"}), samples)
        heap = {**labels, "area": "heap"}
        yield SampledSeries(metric("jvm_memory_used_bytes", heap), _gauge(rng, 3.1e8, 1e7, times))
        yield SampledSeries(metric("jvm_memory_max_bytes", heap), [(t, 536870912.0) for t in times])


def _odd(rng: random.Random) -> Iterator[SampledSeries]:
    for partition in range(3):
        labels = {
            "job": "kafka-exporter",
            "consumergroup": "fulfilment",
            "topic": "orders",
            "partition": str(partition),
        }
        yield SampledSeries(
            metric("kafka_consumergroup_lag", labels), _gauge(rng, 15 + partition, 4, _times(every=5))
        )
    odd = {
        "nan": math.nan,
        "inf": math.inf,
        "minus_inf": -math.inf,
        "zero": 0.0,
        "minus_zero": -0.0,
        "small": 1e-9,
    }
    for kind, value in odd.items():
        yield SampledSeries(metric("odd", {"kind": kind}), [(t, value) for t in _times(every=3)])
    sometimes = [(t, math.nan if step % 4 == 0 else float(step)) for step, t in enumerate(_times(every=3))]
    yield SampledSeries(metric("sometimes_nan", {"job": "odd"}), sometimes)
    pattern = (1e16, 1.0, -1e16, 1.0)  # their plain sum loses the ones
    cancels = [(t, pattern[step % 4]) for step, t in enumerate(_times())]
    yield SampledSeries(metric("cancels", {"job": "odd"}), cancels)
    yield SampledSeries(metric("gappy", {"job": "odd"}), _gauge(rng, 5, 1, _times(0, 100) + _times(260, 500)))
    yield SampledSeries(metric("negative", {"job": "odd"}), _gauge(rng, -40, 9, _times()))


def _matched(rng: random.Random) -> Iterator[SampledSeries]:
    """Two names whose label sets meet in part."""
    yield SampledSeries(
        metric("a", {"side": "left", "shared": "x", "kind": "1"}), _gauge(rng, 2, 0.1, _times())
    )
    yield SampledSeries(
        metric("a", {"side": "left", "shared": "y", "kind": "2"}), _gauge(rng, 3, 0.1, _times())
    )
    yield SampledSeries(
        metric("b", {"side": "right", "shared": "x", "extra": "e"}), _gauge(rng, 5, 0.1, _times())
    )
    yield SampledSeries(
        metric("b", {"side": "right", "shared": "z", "extra": "f"}), _gauge(rng, 6, 0.1, _times())
    )
    yield SampledSeries(
        metric("steps", {"job": "odd"}), [(t, float(n // 40 % 3)) for n, t in enumerate(_times())]
    )
    yield SampledSeries(metric("once", {"job": "odd"}), [(START_MS + 400_000, 7.5)])


def _planned(rng: random.Random) -> Iterator[SampledSeries]:
    """What the shipped plan and its alert rules ask for."""
    times, where = _times(), {"namespace": "bookstore"}
    inventory = {
        **where,
        "job": "inventory-service",
        "application": "inventory-service",
        "pod": "inventory-a",
    }
    order = {**where, "job": "order-service", "application": "order-service", "pod": "order-1"}
    payment = {**where, "job": "payment-service", "application": "payment-service", "pod": "payment-1"}
    requests = "http_server_requests_seconds"
    for status in ("201", "503"):
        orders = {**order, "uri": "/api/orders", "method": "POST", "status": status}
        yield from _histogram(rng, requests, orders, 0.8 if status == "503" else 0.09)
    yield from _histogram(rng, requests, {**payment, "uri": "/api/payments", "method": "POST"}, 0.06)
    repository = {**inventory, "repository": "StockRepository", "method": "findBySku"}
    yield from _histogram(rng, "spring_data_repository_invocations_seconds", repository, 0.01)
    for result, rate in (("hit", 40), ("miss", 3)):
        labels = {**inventory, "cache": "stock", "result": result}
        yield SampledSeries(metric("cache_gets_total", labels), _counter(rng, rate, times))
    evictions = {**inventory, "cache": "stock"}
    yield SampledSeries(metric("cache_evictions_total", evictions), _counter(rng, 12, times))
    for state in ("active", "max"):
        pool = {**inventory, "pool": "HikariPool-1"}
        yield SampledSeries(metric(f"hikaricp_connections_{state}", pool), _gauge(rng, 10, 0.5, times))
    timeouts = {**order, "name": "inventory", "kind": "timeout"}
    yield SampledSeries(metric("resilience4j_timelimiter_calls_total", timeouts), _counter(rng, 2, times))
    yield SampledSeries(metric("orders_fallback_total", order), _counter(rng, 3, times))
    for kind in ("accepted", "stored"):
        yield SampledSeries(metric(f"bookstore_orders_{kind}", {"job": "postgres"}), _counter(rng, 60, times))


def _incident() -> Iterator[SampledSeries]:
    """Replicas and circuit breaker, disturbed from step 250 to 500."""
    times, incident, where = _times(), range(250, 500), {"namespace": "bookstore"}
    order = {**where, "job": "order-service", "application": "order-service", "pod": "order-1"}
    deployment = {**where, "job": "kube-state-metrics", "deployment": "inventory-service"}
    yield SampledSeries(metric("kube_deployment_spec_replicas", deployment), [(t, 3.0) for t in times])
    for state in ("available", "ready"):
        samples = [(t, 1.0 if step in incident else 3.0) for step, t in enumerate(times)]
        yield SampledSeries(metric(f"kube_deployment_status_replicas_{state}", deployment), samples)
    for state in ("closed", "open", "half_open"):
        samples = [(t, float((step in incident) == (state == "open"))) for step, t in enumerate(times)]
        labels = {**order, "name": "inventory", "state": state}
        yield SampledSeries(metric("resilience4j_circuitbreaker_state", labels), samples)


@lru_cache(maxsize=1)
def bookstore() -> tuple[SampledSeries, ...]:
    """All series."""
    rng = random.Random(7)
    parts = (_requests(rng), _pods(rng), _odd(rng), _matched(rng), _planned(rng), _incident())
    return tuple(chain.from_iterable(parts))


def open_metrics() -> str:
    """The samples in OpenMetrics text, as promtool reads it."""
    lines = []
    for series in sorted(bookstore(), key=lambda one: one.labels):
        name = series.labels.get("__name__")
        labels = ",".join(f'{label}="{value}"' for label, value in series.labels.nameless())
        for t, value in series.samples:
            lines.append(f"{name}{{{labels}}} {_text(value)} {t / 1000:.3f}")
    return "\n".join([*lines, "# EOF", ""])


def _text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else ("+Inf" if value > 0 else "-Inf")


def filled_storage() -> Storage:
    """A storage with all of it."""
    storage = Storage()
    for series in bookstore():
        stored = storage.series(series.labels)
        for t, value in series.samples:
            stored.append(t, value)
    return storage
