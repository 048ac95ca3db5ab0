"""The bookstore: one step is one second of its life."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from controlroom.lab.world.fulfilment import Fulfilment
from controlroom.lab.world.inputs import (
    FULFILMENT,
    INVENTORY,
    ORDER,
    PAYMENT,
    POSTGRES,
    Fault,
    Planted,
    PodState,
    Sound,
    Surroundings,
)
from controlroom.lab.world.inventory import CALM, Answers, InventoryPod, Stress
from controlroom.lab.world.latency import Histogram, Part
from controlroom.lab.world.noise import Carry, Noise
from controlroom.lab.world.orders import OrderConditions, OrderPod

#: Orders a second of the load test, and what the shop's pages ask of the inventory service beside it.
ORDERS_PER_SECOND = 60.0
BROWSING_PER_SECOND = 30.0
#: Misses of the cache a second that the database answers at its usual speed.
_USUAL_MISSES = 5.4
_BURST_SECONDS = 45
_PAYMENT = Part(1.0, 0.0, 0.0425, 0.36)


class PaymentPod:
    """A running pod of the service that the scenario does not touch."""

    def __init__(self) -> None:
        self.requests = Histogram()


@dataclass
class Fleet:
    """The pods of one service that run now, by uid."""

    order: dict[str, OrderPod] = field(default_factory=dict)
    inventory: dict[str, InventoryPod] = field(default_factory=dict)
    payment: dict[str, PaymentPod] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Serving:
    """The pods that take requests this second."""

    order: Sequence[PodState]
    inventory: Sequence[PodState]
    payment: Sequence[PodState]
    consumers: int
    database: bool

    @classmethod
    def of(cls, pods: Sequence[PodState]) -> _Serving:
        ready: dict[str, list[PodState]] = {}
        for pod in pods:
            if pod.ready and not pod.deleting:
                ready.setdefault(pod.app, []).append(pod)
        return cls(
            ready.get(ORDER, ()),
            ready.get(INVENTORY, ()),
            ready.get(PAYMENT, ()),
            len(ready.get(FULFILMENT, ())),
            POSTGRES in ready,
        )


class World:
    """The state of the bookstore; `load` switches the load test on.

    Deterministic: the same seed, the same surroundings and the same load give the same figures.
    """

    def __init__(self, seed: int, planted: Planted | None = None) -> None:
        self.load = False
        self.fleet = Fleet()
        self.surroundings = Surroundings()
        self._seed = seed
        self._planted: Planted = planted or Sound()
        self._orders = Carry()
        self._payments = Carry()
        self._noise_load = Noise(seed, "load", 0.018, memory=0.95)
        self._noise_orders = Noise(seed, "orders", 0.0065)
        self._noise_errors = Noise(seed, "errors", 0.15)
        self._noise_database = Noise(seed, "database", 0.025)
        self._noise_payment = Noise(seed, "payment", 0.01)
        self.fulfilment = Fulfilment(
            seed, ledger=1_200_000 + random.Random(f"{seed}:ledger").randrange(90_000)
        )
        self._started = False
        self._seen_deleting: set[str] = set()
        self._dead_connections = 0.0
        self._database_factor = 1.0
        self._faults_since = 0
        self._since_faults: int | None = None
        self._answers = Answers()

    @property
    def disturbed(self) -> bool:
        """A fault acts on an inventory pod, or one of them is missing."""
        serving = _Serving.of(self.surroundings.pods)
        wanted = next((d.spec_replicas for d in self.surroundings.deployments if d.name == INVENTORY), 0)
        return bool(self.surroundings.faults) or len(serving.inventory) < wanted

    def step(self, surroundings: Surroundings) -> None:
        """Lives one second in these surroundings."""
        serving = _Serving.of(surroundings.pods)
        self._follow_pods(surroundings, serving)
        self.surroundings = surroundings
        self._follow_faults(surroundings.faults)
        orders = self._arrivals()
        database = self._database_factor * self._noise_database.factor()
        database *= 1.0 + 3.0 * max(
            (each.cpu for each in surroundings.faults if each.app == POSTGRES), default=0.0
        )
        self._answers = self._ask_inventory(orders, serving, _on_inventory(surroundings), database)
        accepted, deferred = self._take_orders(orders, serving)
        call_seconds = 0.05 + self._answers.mean if self._answers.parts else 1.0
        if serving.database:
            self.fulfilment.step(accepted, deferred, serving.consumers, call_seconds)
        self._take_payments(accepted, serving.payment)

    def _arrivals(self) -> int:
        factor = self._noise_load.factor()
        return self._orders.take(ORDERS_PER_SECOND * factor) if self.load else 0

    def _follow_pods(self, surroundings: Surroundings, serving: _Serving) -> None:
        """Forgets pods that are gone, meets new ones; a killed one leaves dead connections behind."""
        present = {pod.uid for pod in surroundings.pods}
        served = {pod.uid for pod in _Serving.of(self.surroundings.pods).inventory}
        killed = sum(1 for uid in served - present if uid not in self._seen_deleting)
        self._dead_connections = max(self._dead_connections * 0.6, killed / len(served) if killed else 0.0)
        self._seen_deleting = {pod.uid for pod in surroundings.pods if pod.deleting}
        fleet = self.fleet
        for known in (fleet.order, fleet.inventory, fleet.payment):
            for uid in known.keys() - present:
                del known[uid]
        for pod in serving.order:
            fleet.order.setdefault(pod.uid, OrderPod())
        for pod in serving.inventory:
            if pod.uid not in fleet.inventory:
                fleet.inventory[pod.uid] = InventoryPod(self._seed, pod.name, warm=not self._started)
        for pod in serving.payment:
            fleet.payment.setdefault(pod.uid, PaymentPod())
        self._started = self._started or bool(surroundings.pods)

    def _follow_faults(self, faults: Sequence[Fault]) -> None:
        if faults:
            self._faults_since += 1
            self._since_faults = 0
        elif self._since_faults is not None:
            self._faults_since = 0
            self._since_faults += 1
        if self._planted.orders_lost and (faults or self._dead_connections > 0.2):
            self.fulfilment.lose(self._planted.orders_lost)

    def _ask_inventory(
        self, orders: int, serving: _Serving, faults: dict[str, list[Fault]], database: float
    ) -> Answers:
        """Shares this second's calls among the serving pods; what they say together."""
        browsing = BROWSING_PER_SECOND * orders / ORDERS_PER_SECOND
        permitted = sum(
            self.fleet.order[pod.uid].breaker.permitted(orders // len(serving.order)) for pod in serving.order
        )
        calls = browsing + permitted + self.fulfilment.reservations
        pods = serving.inventory
        if not pods:
            return Answers()
        each = calls / len(pods)
        answers = [
            self.fleet.inventory[pod.uid].step(
                each, Stress.of(faults[pod.uid]) if pod.uid in faults else CALM, database
            )
            for pod in pods
        ]
        misses = sum(self.fleet.inventory[pod.uid].miss_rate for pod in pods)
        wanted = 1.0 + 1.75 * max(0.0, misses - _USUAL_MISSES) / 28.0
        self._database_factor += (min(wanted, 3.4) - self._database_factor) * 0.25
        refused = 1.0 - (1.0 - sum(a.refused for a in answers) / len(pods)) * (
            1.0 - 0.75 * self._dead_connections
        )
        return Answers(
            parts=tuple(part._replace(weight=part.weight / len(pods)) for a in answers for part in a.parts),
            refused=refused,
            timed_out=sum(a.timed_out for a in answers) / len(pods),
            slow=sum(a.slow for a in answers) / len(pods),
            mean=sum(a.mean for a in answers) / len(pods),
        )

    def _take_orders(self, orders: int, serving: _Serving) -> tuple[int, float]:
        """The orders accepted by all order pods, and the share of them whose reservation was deferred."""
        planted = self._planted
        delayed = any(fault.delay or fault.loss for fault in self.surroundings.faults)
        lingering = self._since_faults is not None and 0 < self._since_faults <= planted.slow_recovery_seconds
        conditions = OrderConditions(
            answers=self._answers,
            overhead=self._noise_orders.factor() * (1.75 if lingering else 1.0),
            errors=self._noise_errors.factor(),
            burst=planted.error_burst if delayed and self._faults_since <= _BURST_SECONDS else 0.0,
            deferred_seconds=planted.deferred_seconds,
            database_down=0.0 if serving.database else 1.0,
        )
        accepted, deferred = 0, 0.0
        for index, pod in enumerate(serving.order):
            share = orders // len(serving.order) + (1 if index < orders % len(serving.order) else 0)
            took, put_off = self.fleet.order[pod.uid].step(share, conditions)
            accepted += took
            deferred += put_off / len(serving.order)
        return accepted, deferred

    def _take_payments(self, accepted: int, pods: Sequence[PodState]) -> None:
        factor = self._noise_payment.factor()
        if self._planted.payment_factor != 1.0 and self.disturbed:
            factor *= self._planted.payment_factor
        times = (_PAYMENT._replace(median=_PAYMENT.median * factor),)
        for index, pod in enumerate(pods):
            share = accepted // len(pods) + (1 if index < accepted % len(pods) else 0)
            self.fleet.payment[pod.uid].requests.add(share, times)


def _on_inventory(surroundings: Surroundings) -> dict[str, list[Fault]]:
    """The faults that each inventory pod feels, by its uid: its own, and those of its neighbours on the path.

    A fault on the database's network is felt in its answers; one on an order pod in that pod's calls, which
    are a share of all.
    """
    pods = surroundings.pods
    callers = sum(1 for pod in pods if pod.app == ORDER) or 1
    felt: dict[str, list[Fault]] = {}
    for fault in surroundings.faults:
        if fault.app == INVENTORY:
            felt.setdefault(fault.pod_uid, []).append(fault)
            continue
        if fault.app == POSTGRES and fault.towards in (None, INVENTORY):
            shared = Fault("", delay=fault.delay, loss=fault.loss, towards=POSTGRES)
        elif fault.app == ORDER and fault.towards in (None, INVENTORY):
            shared = Fault("", delay=fault.delay / callers, loss=fault.loss / callers, towards=ORDER)
        else:
            continue
        for pod in pods:
            if pod.app == INVENTORY:
                felt.setdefault(pod.uid, []).append(shared)
    return felt
