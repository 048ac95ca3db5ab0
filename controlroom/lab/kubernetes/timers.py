"""What is to happen later in virtual time, in order."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator, Hashable
from typing import Generic, TypeVar

Action = Callable[[], None]


class Timers:
    """A heap of actions. Its `now` is the due time of the action that runs, never the real time.

    Times are Unix seconds. Actions of the same time run in the order in which they were set.
    """

    def __init__(self, start: float) -> None:
        self.now = start
        self._heap: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def at(self, due: float, action: Action) -> None:
        """Runs `action` at `due`, or as soon as possible when that is past."""
        heapq.heappush(self._heap, (max(due, self.now), next(self._order), action))

    def after(self, seconds: float, action: Action) -> None:
        """Runs `action` in so many seconds of virtual time."""
        self.at(self.now + seconds, action)

    def run_until(self, now: float) -> None:
        """Runs all that is due by `now`, what it sets off included; going back is ignored."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, _, action = heapq.heappop(heap)
            self.now = due
            action()
        self.now = max(self.now, now)

    def play(self, steps: Generator[float, None, None]) -> None:
        """Runs a generator to its end; each number it yields is a pause in seconds."""

        def advance() -> None:
            pause = next(steps, None)
            if pause is not None:
                self.after(pause, advance)

        advance()


Key = TypeVar("Key", bound=Hashable)


class Workqueue(Generic[Key]):
    """Reconciles keys a moment after they were added, each once however often it was added meanwhile."""

    def __init__(self, timers: Timers, delay: float, reconcile: Callable[[Key], None]) -> None:
        self._timers = timers
        self._delay = delay
        self._reconcile = reconcile
        self._waiting: set[Key] = set()

    def add(self, key: Key) -> None:
        """Asks for a reconciliation of `key`."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        self._timers.after(self._delay, lambda: self._run(key))

    def _run(self, key: Key) -> None:
        self._waiting.discard(key)
        self._reconcile(key)
