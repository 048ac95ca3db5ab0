"""Where a viewer stands in a session, and the session's past to stand in.

Every viewer has a playhead of its own. In a live session it is pinned to the head and may let go; in a saved
one it plays, pauses and seeks. All times are session seconds (`t`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Literal

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event
from controlroom.core.fold import apply
from controlroom.core.state import State
from controlroom.core.values import Value, changed

SPEEDS = (1, 2, 4, 8, 16, 32, 64)

STOP_KINDS = frozenset({"phase", "fault", "alert", "mark", "halt", "abort", "inject", "reveal"})
"""Kinds of feed lines that are worth stopping at."""


class Playhead(Value):
    t: float = 0.0
    pinned: bool = True
    """Follows the newest event."""
    playing: bool = False
    speed: int = 1
    """One of :data:`SPEEDS`: session seconds in a real second while playing."""


def moved(playhead: Playhead, elapsed: float, end: float) -> Playhead:
    """After `elapsed` real seconds; at `end` (newest known t) playing stops."""
    if playhead.pinned:
        return changed(playhead, t=end)
    if not playhead.playing:
        return playhead
    t = min(end, playhead.t + elapsed * playhead.speed)
    return changed(playhead, t=t, playing=t < end)


def sought(playhead: Playhead, t: float, end: float) -> Playhead:
    """Somewhere else, no longer pinned; playing goes on from there."""
    return changed(playhead, t=min(max(0.0, t), end), pinned=False)


def pinned(playhead: Playhead, end: float) -> Playhead:
    """At the newest event, and staying there."""
    return changed(playhead, t=end, pinned=True, playing=False)


def toggled(playhead: Playhead, end: float) -> Playhead:
    """Play or pause; at the end, play from the start."""
    if playhead.playing:
        return changed(playhead, playing=False)
    t = 0.0 if playhead.t >= end else playhead.t
    return changed(playhead, t=t, pinned=False, playing=True)


def at_speed(playhead: Playhead, by: Literal[-1, 1]) -> Playhead:
    """One step faster or slower."""
    index = SPEEDS.index(playhead.speed) + by
    return changed(playhead, speed=SPEEDS[min(max(0, index), len(SPEEDS) - 1)])


class Stop(Value):
    """A moment worth going to."""

    t: float
    kind: str
    text: str


class History:
    """A session's events as they came, with the state at any moment.

    Small states are kept every :attr:`EVERY` events, so that going anywhere folds at most that many.
    """

    EVERY = 256

    def __init__(self) -> None:
        self.head = State()
        self.columns = Columns(0, 1)
        self.stops: list[Stop] = []
        self._events: list[Event] = []
        self._times: list[float] = []
        self._kept: list[State] = [self.head]
        self._last = (0, self.head)

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: Event) -> None:
        """Takes the next event; raises `ValueError` when one is missing before it."""
        if event.seq <= self.head.seq:
            raise ValueError(f"event {event.seq} after event {self.head.seq}")
        body, before = event.body, self.head
        self.head = apply(before, event)
        self._events.append(event)
        self._times.append(max(event.t, self._times[-1]) if self._times else event.t)
        if isinstance(body, e.Samples):
            self.columns.absorb(body)
        elif isinstance(body, e.SessionOpened):
            self.columns = Columns(len(body.plan.metrics), max(1, round(body.plan.sampling.step)))
        if self.head.feed is not before.feed and self.head.feed[-1].kind in STOP_KINDS:
            line = self.head.feed[-1]
            self.stops.append(Stop(t=line.t, kind=line.kind, text=line.text))
        if len(self._events) % self.EVERY == 0:
            self._kept.append(self.head)

    def at(self, t: float) -> State:
        """The state after every event that the room had learnt by session second t."""
        index = bisect_right(self._times, t)
        if index == len(self._events):
            return self.head
        start, state = index // self.EVERY * self.EVERY, self._kept[index // self.EVERY]
        if start <= self._last[0] <= index:
            start, state = self._last
        for event in self._events[start:index]:
            state = apply(state, event)
        self._last = (index, state)
        return state

    def since(self, seq: int) -> list[Event]:
        """The events after that one, in order."""
        return self._events[bisect_right(self._events, seq, key=lambda event: event.seq) :]

    def view(self, t: float) -> View:
        """The state at t with the samples it knew of."""
        return View(self.at(t), self.columns)

    def stop_after(self, t: float) -> Stop | None:
        """The next moment worth going to."""
        index = bisect_right(self.stops, t, key=lambda stop: stop.t)
        return self.stops[index] if index < len(self.stops) else None

    def stop_before(self, t: float) -> Stop | None:
        """The last moment worth going to, before t."""
        index = bisect_left(self.stops, t, key=lambda stop: stop.t)
        return self.stops[index - 1] if index else None

    def phase_after(self, t: float) -> float | None:
        """t at which the next phase began."""
        return min((start for start in self._phase_starts() if start > t), default=None)

    def phase_before(self, t: float) -> float | None:
        """t at which the phase before began (or the present one, once past its start)."""
        return max((start for start in self._phase_starts() if start < t), default=None)

    def _phase_starts(self) -> list[float]:
        return [phase.opened for phase in self.head.phases if phase.opened is not None]


class LiveClock:
    """Session time between two events of a live session: the last one's, and on at the session's rate.

    It never goes back by less than :attr:`BACK` session seconds; it waits for the session instead.
    """

    BACK = 30.0

    def __init__(self) -> None:
        self._t = 0.0
        self._real = 0.0
        self._shown = 0.0

    def heard(self, t: float, real: float) -> None:
        """An event of session second t came at `real` (monotonic seconds)."""
        self._t, self._real = t, real

    def t(self, real: float, rate: float) -> float:
        """Session seconds at `real`."""
        now = self._t + max(0.0, real - self._real) * rate
        if now < self._shown - self.BACK:
            self._shown = now
        self._shown = max(self._shown, now)
        return self._shown
