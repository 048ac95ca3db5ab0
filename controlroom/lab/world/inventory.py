"""One pod of the inventory service: requests, its Caffeine cache, its connection pool.

Requests borrow a connection for as long as they last (open session in view), so every request pays a
round trip to the database when it gives the connection back; a miss of the cache pays a query as well.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from controlroom.lab.world.inputs import POSTGRES, Fault
from controlroom.lab.world.latency import Histogram, Part, after, beyond
from controlroom.lab.world.noise import Carry, Noise

#: Requests a second that one pod answers at most.
CAPACITY = 92.0
POOL_MAX = 10
CACHE_ENTRIES = 5000
HEAP_MAX = 768 * 1024 * 1024
HIT_RATIO = 0.942
#: Connections that the stock import keeps busy in each pod.
BACKGROUND_CONNECTIONS = 2.35
#: The order service gives up on a reservation after this many seconds.
CALL_TIMEOUT = 0.2

_HEAP_BASE = 0.42
_FILL_SECONDS = 24.0
_EVICT_SECONDS = 7.0
_PRESSURE_SECONDS = 9.0
#: The part of the cache that survives when a stressor takes the whole spare heap.
_KEPT_UNDER_PRESSURE = 0.26
_WARM_UP_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Stress:
    """The faults on one pod, summed up."""

    database_delay: float = 0.0
    answer_delay: float = 0.0
    loss: float = 0.0
    memory: float = 0.0
    cpu: float = 0.0

    @classmethod
    def of(cls, faults: list[Fault]) -> Stress:
        """Delays add up, losses combine, and of stressors the strongest counts."""
        kept = 1.0
        for fault in faults:
            kept *= 1.0 - fault.loss
        return cls(
            database_delay=sum(fault.delay for fault in faults if fault.towards in (None, POSTGRES)),
            answer_delay=sum(fault.delay for fault in faults if fault.towards != POSTGRES),
            loss=1.0 - kept,
            memory=max((fault.memory for fault in faults), default=0.0),
            cpu=max((fault.cpu for fault in faults), default=0.0),
        )


CALM = Stress()


@dataclass(frozen=True, slots=True)
class Answers:
    """How the inventory service answers the order service in one second."""

    parts: tuple[Part, ...] = ()
    #: Share of calls that are refused: no endpoint, a dead connection, a full queue.
    refused: float = 1.0
    #: Share of the other calls that take longer than the order service waits.
    timed_out: float = 0.0
    #: Share of the other calls that the breaker counts as slow.
    slow: float = 0.0
    #: Mean seconds of a call.
    mean: float = 0.0


class InventoryPod:
    """A running pod; `warm` pods start with a full cache, as pods do that have served for days."""

    def __init__(self, seed: int, name: str, warm: bool) -> None:
        self._cpu_noise = Noise(seed, f"{name}/cpu", 0.006)
        self._hit_noise = Noise(seed, f"{name}/hits", 0.0025)
        self._pool_dither = random.Random(f"{seed}:{name}/pool")
        self._requests = Carry()
        self._queries = Carry()
        self._pressure = 0.0
        self._age = 600.0 if warm else 0.0
        self.fill = 1.0 if warm else 0.0
        self.hits = 0.0
        self.misses = 0.0
        self.evictions = 0.0
        self.requests = Histogram()
        self.repository = Histogram()
        self.usage_count = 0
        self.usage_seconds = 0.0
        self.active = 0
        self.pending = 0
        self.heap_used = _HEAP_BASE * HEAP_MAX
        self.miss_rate = 0.0

    @property
    def cache_size(self) -> int:
        return math.floor(self.fill * CACHE_ENTRIES)

    @property
    def idle(self) -> int:
        return POOL_MAX - self.active

    def step(self, calls: float, stress: Stress, database: float) -> Answers:
        """One second with `calls` requests; `database`: query time from the database's load, as a factor."""
        self._age += 1.0
        hit_ratio = self._cache(calls, stress)
        parts, query = self._times(calls, hit_ratio, stress, database)
        refused = 1.0 - (1.0 - stress.loss) * (1.0 - shed(calls / (CAPACITY * (1.0 - 0.8 * stress.cpu))))
        self._count(calls * (1.0 - refused), hit_ratio, parts, query)
        timed_out = beyond(parts, CALL_TIMEOUT)
        slow = beyond(parts, CALL_TIMEOUT * 0.75)
        return Answers(parts, refused, timed_out, slow, sum(part.weight * part.mean() for part in parts))

    def _cache(self, calls: float, stress: Stress) -> float:
        """Moves heap pressure, cache and its counters on; returns the second's hit ratio."""
        self._pressure += (stress.memory - self._pressure) / _PRESSURE_SECONDS
        capacity = 1.0 - (1.0 - _KEPT_UNDER_PRESSURE) * self._pressure
        full = (self.fill / capacity) ** 4 if self.fill < capacity else 1.0
        hit_ratio = HIT_RATIO * (1.0 - (1.0 - self.fill) ** 2) * self._hit_noise.factor()
        hit_ratio = min(hit_ratio, 0.995)
        misses = calls * (1.0 - hit_ratio)
        self.hits += calls - misses
        self.misses += misses
        self.miss_rate = misses
        self.evictions += misses * full
        if self.fill > capacity:
            dropped = (self.fill - capacity) / _EVICT_SECONDS
            self.fill -= dropped
            self.evictions += dropped * CACHE_ENTRIES
        else:
            self.fill += (capacity - self.fill) / _FILL_SECONDS * min(1.0, calls / 25.0)
        stressed = self._pressure * (1.0 - _HEAP_BASE) * 0.9
        self.heap_used = HEAP_MAX * (_HEAP_BASE - 0.1 * (1.0 - self.fill) + stressed)
        return hit_ratio

    def _times(
        self, calls: float, hit_ratio: float, stress: Stress, database: float
    ) -> tuple[tuple[Part, ...], Part]:
        """The second's answers to callers, and the repository's query times."""
        load = min(0.86, calls / (CAPACITY * (1.0 - 0.8 * stress.cpu)))
        warming = 1.0 + 0.6 * math.exp(-self._age / _WARM_UP_SECONDS)
        busy = warming * (1.0 + 0.5 * self._pressure) * 0.67 / (1.0 - load) * self._cpu_noise.factor()
        spread = 0.5 + 0.25 * max(0.0, load - 0.5)
        query = Part(1.0, stress.database_delay, 0.0046 * database, 0.5)
        shift = stress.answer_delay + stress.database_delay
        pause = 0.12 * self._pressure
        hit = Part(hit_ratio * (1.0 - pause), shift, 0.0105 * busy, spread)
        miss = after(hit, query._replace(shift=0.0), (1.0 - hit_ratio) * (1.0 - pause))
        if self._pressure < 0.02:
            return (hit, miss), query
        collecting = Part(pause, shift + 0.085, 0.03 * busy, 0.6)
        return (hit, miss, collecting), query

    def _count(self, answered: float, hit_ratio: float, parts: tuple[Part, ...], query: Part) -> None:
        count = self._requests.take(answered)
        self.requests.add(count, parts)
        self.repository.add(self._queries.take(answered * (1.0 - hit_ratio)), (query,))
        each = sum(part.weight * part.mean() for part in parts)
        wanted = BACKGROUND_CONNECTIONS + answered * each
        share = wanted / POOL_MAX
        busy = POOL_MAX * share / (1.0 + share**4) ** 0.25
        self.active = min(POOL_MAX, math.floor(busy + self._pool_dither.random()))
        self.pending = math.floor(max(0.0, wanted - POOL_MAX))
        self.usage_count += count
        self.usage_seconds += count * each


def shed(load: float) -> float:
    """The share of requests that a pod at `load` (1 = its capacity) turns away because its queue is full."""
    return min(0.9, max(0.0, load - 0.85) * 0.8)
