"""Kafka, the fulfilment consumers behind it, and the ledger of orders accepted and stored."""

from __future__ import annotations

import math

from controlroom.lab.world.noise import Noise

#: Orders a second that one consumer pod writes when it need not reserve stock first.
_CAPACITY = 55.0
#: Orders in flight at any moment, as seconds of traffic (poll and commit intervals).
_IN_FLIGHT_SECONDS = 0.2
#: A deep backlog makes for larger batches: up to this much more capacity, half of it at this depth.
_BATCH_GAIN = 0.6
_BATCH_DEPTH = 1000.0
#: Orders that one deferred reservation holds up, per second that an inventory call takes.
_RESERVATION_COST = 4.6
_PARTITION_SHARES = (0.34, 0.33, 0.33)


class Fulfilment:
    """The topic `orders` and its consumer group; `ledger` orders were accepted before the lab began."""

    def __init__(self, seed: int, ledger: int) -> None:
        self._noise = Noise(seed, "kafka", 0.16, memory=0.8)
        self._deferred = 0.0
        self._backlog = 0.0
        self._lost = 0
        self.accepted = ledger
        self.stored = ledger
        self.lag = 0
        self.reservations = 0.0

    def step(self, orders: int, deferred: float, consumers: int, call_seconds: float) -> None:
        """One second: `orders` come in, a `deferred` share of them with stock still to reserve.

        `call_seconds` is what a call to the inventory service takes; `reservations` is afterwards the
        number of such calls that the consumers made this second.
        """
        self.accepted += orders
        self._deferred += (deferred - self._deferred) * 0.2
        gain = 1.0 + _BATCH_GAIN * self._backlog / (self._backlog + _BATCH_DEPTH)
        capacity = consumers * _CAPACITY * gain / (1.0 + self._deferred * _RESERVATION_COST * call_seconds)
        done = min(self._backlog + orders, capacity)
        self._backlog += orders - done
        self.reservations = done * self._deferred
        noise = self._noise.factor()
        in_flight = orders * _IN_FLIGHT_SECONDS * noise if consumers else 0.0
        waiting = self._backlog + in_flight
        self.stored = max(self.stored, self.accepted - math.floor(waiting) - self._lost)
        self.lag = max(0, self.accepted - self.stored - self._lost)

    def lose(self, orders: int) -> None:
        """From now on that many accepted orders are never stored."""
        self._lost = orders

    def partitions(self) -> list[int]:
        """The lag of each partition; their sum is `lag`."""
        first, second = (math.floor(self.lag * share) for share in _PARTITION_SHARES[:2])
        return [first, second, self.lag - first - second]
