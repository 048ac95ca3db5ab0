"""One pod of the order service: reservation call, time limiter, breaker, deferred reservation as fallback."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.world.breaker import BreakerState, CircuitBreaker
from controlroom.lab.world.inventory import CALL_TIMEOUT, Answers
from controlroom.lab.world.latency import Histogram, Part, after
from controlroom.lab.world.noise import Carry

#: Of calls that are refused, the share for which a retry fails as well.
_RETRY_FAILS = 0.33
#: The share of deferred reservations whose outbox write fails.
_OUTBOX_FAILS = 0.017
_BASE_ERRORS = 0.002
_OVERHEAD_SIGMA = 0.47
_OVERHEAD_MEDIAN = 0.0442
#: Writing the deferred reservation and waiting for Kafka's acknowledgement, overhead included.
_DEFERRED_MEDIAN = 0.207
_DEFERRED_SIGMA = 0.17


@dataclass(frozen=True, slots=True)
class OrderConditions:
    """What the second is like for every order pod."""

    answers: Answers
    #: Factor on the pod's own work.
    overhead: float = 1.0
    #: Factor on the share of orders that fail without a fault.
    errors: float = 1.0
    #: Share of orders that fail on top (a planted defect).
    burst: float = 0.0
    #: Seconds added to a deferred reservation (a planted defect).
    deferred_seconds: float = 0.0
    #: Share of orders that fail because the order database does not answer.
    database_down: float = 0.0


@dataclass(slots=True)
class CallCounts:
    """Counters of the calls to the inventory service; cut to whole calls where they are exported."""

    successful: float = 0.0
    failed: float = 0.0
    timed_out: float = 0.0
    not_permitted: int = 0
    fallback: float = 0.0


class OrderPod:
    """A running order pod."""

    def __init__(self) -> None:
        self.breaker = CircuitBreaker()
        self.calls = CallCounts()
        self.by_status = {"201": Histogram(), "503": Histogram(), "500": Histogram()}
        self._unavailable = Carry()
        self._broken = Carry()

    def step(self, orders: int, conditions: OrderConditions) -> tuple[int, float]:
        """One second with `orders` new orders: how many were accepted, and the share of them deferred."""
        answers = conditions.answers
        permitted = self.breaker.permitted(orders)
        tried = permitted / orders if orders else 0.0
        refused = answers.refused
        timed_out = (1.0 - refused) * answers.timed_out
        self._record(orders, permitted, refused, timed_out, answers)
        deferred = (1.0 - tried) + tried * (timed_out + refused * (1.0 - _RETRY_FAILS))
        unavailable = tried * refused * _RETRY_FAILS + deferred * _OUTBOX_FAILS + conditions.burst
        failed_503 = min(orders, self._unavailable.take(orders * min(1.0, unavailable)))
        broken = max(_BASE_ERRORS * conditions.errors, conditions.database_down)
        failed_500 = min(orders - failed_503, self._broken.take(orders * min(1.0, broken)))
        accepted = orders - failed_503 - failed_500
        self.calls.fallback += accepted * deferred
        overhead = Part(1.0, 0.0, _OVERHEAD_MEDIAN * conditions.overhead, _OVERHEAD_SIGMA)
        self.by_status["201"].add(
            accepted, self._accepted_times(tried, refused, timed_out, overhead, conditions)
        )
        failing = (Part(1.0, 0.0, 1.9 * overhead.median, _OVERHEAD_SIGMA),)
        self.by_status["503"].add(failed_503, failing)
        self.by_status["500"].add(failed_500, failing)
        return accepted, deferred

    def _record(
        self, orders: int, permitted: int, refused: float, timed_out: float, answers: Answers
    ) -> None:
        failed = refused + timed_out
        slow = (1.0 - refused) * answers.slow
        self.calls.successful += permitted * (1.0 - failed)
        self.calls.failed += permitted * refused
        self.calls.timed_out += permitted * timed_out
        self.calls.not_permitted += orders - permitted
        self.breaker.record(permitted, slow, failed)

    @staticmethod
    def _accepted_times(
        tried: float, refused: float, timed_out: float, overhead: Part, conditions: OrderConditions
    ) -> list[Part]:
        """How long accepted orders take: reserved at once, deferred after a time-out, or deferred at once."""
        answered = tried * (1.0 - refused)
        parts = [
            after(overhead, part, answered * part.weight * (1.0 - part.beyond(CALL_TIMEOUT)))
            for part in conditions.answers.parts
            if part.shift < CALL_TIMEOUT and answered > 0.0
        ]
        extra = conditions.deferred_seconds
        waited = tried * (timed_out + refused * (1.0 - _RETRY_FAILS))
        if waited > 0.0:
            parts.append(overhead._replace(weight=waited, shift=CALL_TIMEOUT + extra))
        if tried < 1.0:
            scale = overhead.median / _OVERHEAD_MEDIAN
            parts.append(Part(1.0 - tried, extra, _DEFERRED_MEDIAN * scale, _DEFERRED_SIGMA))
        return parts

    def state_is(self, state: BreakerState) -> float:
        """1 while the breaker is in `state`, else 0."""
        return 1.0 if self.breaker.state is state else 0.0
