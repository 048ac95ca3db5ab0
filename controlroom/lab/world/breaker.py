"""The circuit breaker in front of the inventory service, after resilience4j's time-based sliding window.

Settings are those of the bookstore's order service; semantics are of resilience4j 2.x: slow and failed
call rates are judged once the window holds the minimum number of calls, an open breaker turns half-open by
itself after its wait, and a half-open one is judged after its permitted calls.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

WINDOW_SECONDS = 60
MINIMUM_CALLS = 50
RATE_THRESHOLD = 0.5
WAIT_OPEN_SECONDS = 30
PERMITTED_HALF_OPEN = 10
#: A call slower than this, in seconds, is a slow call.
SLOW_CALL = 0.15


class BreakerState(StrEnum):
    """The states that Micrometer exports a series for."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """One breaker of one pod, moved on once a second."""

    def __init__(self) -> None:
        self.state = BreakerState.CLOSED
        self._window: deque[tuple[int, float, float]] = deque()
        self._calls = 0
        self._slow = 0.0
        self._failed = 0.0
        self._open_for = 0

    @property
    def slow_rate(self) -> float:
        """Percentage of slow calls in the window; -1 below the minimum of calls, as resilience4j has it."""
        return 100.0 * self._slow / self._calls if self._calls >= MINIMUM_CALLS else -1.0

    def permitted(self, calls: int) -> int:
        """How many of `calls` may go through this second."""
        match self.state:
            case BreakerState.CLOSED:
                return calls
            case BreakerState.HALF_OPEN:
                return min(calls, PERMITTED_HALF_OPEN)
            case BreakerState.OPEN:
                return 0

    def record(self, calls: int, slow_share: float, failed_share: float) -> None:
        """Ends a second in which `calls` went through, with these shares (0 to 1) slow and failed."""
        match self.state:
            case BreakerState.CLOSED:
                self._slide(calls, calls * slow_share, calls * failed_share)
                if self._calls >= MINIMUM_CALLS and self._too_many(self._slow, self._failed, self._calls):
                    self._turn(BreakerState.OPEN)
            case BreakerState.HALF_OPEN:
                if calls > 0:
                    bad = self._too_many(calls * slow_share, calls * failed_share, calls)
                    self._turn(BreakerState.OPEN if bad else BreakerState.CLOSED)
            case BreakerState.OPEN:
                self._open_for += 1
                if self._open_for >= WAIT_OPEN_SECONDS:
                    self._turn(BreakerState.HALF_OPEN)

    def _slide(self, calls: int, slow: float, failed: float) -> None:
        self._window.append((calls, slow, failed))
        self._calls += calls
        self._slow += slow
        self._failed += failed
        if len(self._window) > WINDOW_SECONDS:
            calls, slow, failed = self._window.popleft()
            self._calls -= calls
            self._slow -= slow
            self._failed -= failed

    @staticmethod
    def _too_many(slow: float, failed: float, calls: int) -> bool:
        return max(slow, failed) >= RATE_THRESHOLD * calls

    def _turn(self, state: BreakerState) -> None:
        self.state = state
        self._open_for = 0
        self._window.clear()
        self._calls, self._slow, self._failed = 0, 0.0, 0.0
