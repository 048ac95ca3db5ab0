"""Where a viewer stands in a session, and the session's past to stand in.

Every viewer has a playhead of its own. In a live session it is pinned to the head and may let go; in a saved
one it plays, pauses and seeks. All times are session seconds (`t`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event
from controlroom.core.events.envelope import Line
from controlroom.core.fold import apply
from controlroom.core.sample_log import SampleLog
from controlroom.core.state import Span, State
from controlroom.core.stops import Stop, stop_of
from controlroom.core.values import Value, changed

SPEEDS = (0.5, 1, 2, 4, 8, 16, 32, 64)
SHORTEST_LOOP = 1.0
"""Session seconds."""


class Playhead(Value):
    t: float = 0.0
    pinned: bool = True
    """Follows the newest event."""
    playing: bool = False
    speed: float = 1
    """One of :data:`SPEEDS`: session seconds in a real second while playing."""
    loop: tuple[float, float | None] | None = None
    """The stretch that is played again and again; without its end it is only marked so far."""


def moved(playhead: Playhead, elapsed: float, end: float, gaps: Sequence[Span] = ()) -> Playhead:
    """After `elapsed` real seconds; at `end` (newest known t) playing stops.

    A gap of the record is passed over in no time: nothing is known of it. A loop begins again at its end.
    """
    if playhead.pinned:
        return changed(playhead, t=end)
    if not playhead.playing:
        return playhead
    before, t = playhead.t, playhead.t + elapsed * playhead.speed
    for gap in gaps:
        if gap.end is not None and before < gap.end and gap.start < t < gap.end:
            t = gap.end
    if playhead.loop is not None and (to := playhead.loop[1]) is not None and before <= to < t:
        return changed(playhead, t=playhead.loop[0] + (t - to) % (to - playhead.loop[0]))
    t = min(end, t)
    return changed(playhead, t=t, playing=t < end)


def loop_from(playhead: Playhead) -> Playhead:
    """A stretch to be played again and again begins here."""
    return changed(playhead, loop=(playhead.t, None))


def loop_to(playhead: Playhead) -> Playhead | None:
    """It ends here, and is played; None: it has no beginning before this."""
    if playhead.loop is None or playhead.t - playhead.loop[0] < SHORTEST_LOOP:
        return None
    start = playhead.loop[0]
    return changed(playhead, loop=(start, playhead.t), t=start, pinned=False, playing=True)


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


class History:
    """A session's events as they came, with the state at any moment.

    Small states are kept every :attr:`EVERY` events, so that going anywhere folds at most that many. Samples are
    not among them: they lie in the columns, and how many were known at a moment is looked up.
    """

    EVERY = 64

    def __init__(self) -> None:
        self.head = State()
        self.columns = Columns(0, 1)
        self.stops: list[Stop] = []
        self._events: list[Event] = []
        """All but the samples."""
        self._places: array[int] = array("q")
        """The place of each of them among all events."""
        self._times: array[float] = array("d")
        """t of every event; it never goes back."""
        self._samples = SampleLog(0)
        self._folded = State()
        """After all events but the samples."""
        self._kept: list[State] = [self._folded]
        self._last = (0, self._folded)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def first(self) -> int:
        """Number of the first event; 0: there is none."""
        return self._events[0].seq if self._events else 0

    def append(self, event: Event) -> None:
        """Takes the next event; raises `ValueError` when one is missing before it."""
        self.extend((event,))

    def extend(self, events: Iterable[Event | Line]) -> None:
        """Takes the next events; raises `ValueError` when one is missing before any of them."""
        batches: list[e.Samples] = []
        seq, times, newest = self.head.seq, self._times, self._times[-1] if self._times else 0.0
        for event in events:
            if event.seq <= seq:
                raise ValueError(f"event {event.seq} after event {seq}")
            seq, newest = event.seq, max(newest, event.t)
            if type(event.body) is e.Samples:
                batches.append(event.body)
                self._samples.add(event, event.body)
            else:
                if isinstance(event.body, e.SessionOpened):
                    self._absorb(batches)
                    batches = []
                self._tell(event.event() if isinstance(event, Line) else event)
            times.append(newest)
            last = event
        if seq != self.head.seq:
            self._absorb(batches)
            self.head = self._known(self._folded, len(self._samples), last.seq, last.t)

    def _absorb(self, batches: list[e.Samples]) -> None:
        self.columns.absorb_all(batches)
        self._samples.settle()

    def _tell(self, event: Event) -> None:
        """One more event that is not of samples: what it says does not hang on them."""
        body, before = event.body, self._folded
        after = self._folded = apply(before, event)
        self._places.append(len(self._times))
        self._events.append(event)
        if isinstance(body, e.SessionOpened):
            self.columns = Columns(len(body.plan.metrics), max(1, round(body.plan.sampling.step)))
            self._samples = SampleLog(len(body.plan.metrics))
        if (stop := stop_of(before, after, event)) is not None:
            self.stops.append(stop)
        if len(self._events) % self.EVERY == 0:
            self._kept.append(after)

    def _known(self, folded: State, samples: int, seq: int, t: float) -> State:
        """A state with that many batches of samples; `seq` and `t` are the last event's."""
        if not samples:
            return folded
        at = self._samples.newest(samples)
        known = self._samples.lengths if samples == len(self._samples) else self._samples.at(samples)
        lengths, firsts = known
        at = at if folded.at is None else max(at, folded.at)
        return changed(folded, seq=seq, t=t, at=at, lengths=lengths, first_step=firsts)

    def at(self, t: float) -> State:
        """The state after every event that the room had learnt by session second t."""
        # Nobody stands before the first event: a session that opened a moment after second 0 is open there, too.
        count = max(bisect_right(self._times, t), min(1, len(self._times)))
        if count == len(self._times):
            return self.head
        told = bisect_left(self._places, count)
        folded, samples = self._told(told), count - told
        if told and self._places[told - 1] == count - 1:
            return self._known(folded, samples, folded.seq, folded.t)
        return self._known(folded, samples, self._samples.seqs[samples - 1], self._times[count - 1])

    def _told(self, count: int) -> State:
        """The fold of the first `count` events that are not of samples."""
        kept = min(count // self.EVERY, len(self._kept) - 1)
        start, state = kept * self.EVERY, self._kept[kept]
        if start <= self._last[0] <= count:
            start, state = self._last
        for event in self._events[start:count]:
            state = apply(state, event)
        self._last = (count, state)
        return state

    def since(self, seq: int) -> list[Event]:
        """The events after that one, in order, but for the samples."""
        return self._events[bisect_right(self._events, seq, key=lambda event: event.seq) :]

    def view(self, t: float) -> View:
        """The state at t with the samples it knew of."""
        return View(self.at(t), self.columns)

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
