"""Follows a room: keeps its history, moves the playhead, makes the moments that are shown."""

from __future__ import annotations

import asyncio
import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from controlroom.core import playhead as heads
from controlroom.core.assessment import Assessment
from controlroom.core.bookmarks import Bookmark, as_stops
from controlroom.core.columns import View
from controlroom.core.events import Event, Samples
from controlroom.core.intents import Answer, Intent
from controlroom.core.playhead import LiveClock, Playhead
from controlroom.core.stops import Stop
from controlroom.core.values import changed
from controlroom.room import Room, RoomClosed
from controlroom.tui.moment import Moment, Record

Assess = Callable[[View, float], Assessment]


Rest = tuple[float, float] | None


class _Computed(NamedTuple):
    figures: Assessment
    rest: Rest
    seq: int
    t: float
    cost: float
    """Real seconds."""


def _compute(assess: Assess, view: View, t: float) -> _Computed:
    from controlroom.core.figures.glance import rest_of

    began = time.monotonic()
    figures = assess(view, t)
    return _Computed(figures, rest_of(view, t), view.state.seq, t, time.monotonic() - began)


class Follower:
    """One room, seen by one viewer. `real` gives monotonic seconds, `assess` computes the figures."""

    BURST = 25
    """Events taken in before the screen gets its turn: a key press goes through several turns until it is painted,
    and a history that comes in must not show in any of them."""
    SHARE = 4.0
    """The figures get at most one part in this many of the time."""
    LEAST = 0.5
    """Real seconds between two computations of the figures while time moves."""
    INLINE = 150_000
    """Samples up to which the figures are there with the moment: about a fiftieth of a second. More of them are
    computed beside the screen, and until then a moment has what a glance tells."""

    REST = 0.3
    """Real seconds for which the playhead must not have been moved before figures are computed beside the screen:
    nobody reads them while scrubbing, and they take from the time that the frames need."""

    def __init__(self, room: Room, assess: Assess, real: Callable[[], float] = time.monotonic) -> None:
        self.room = room
        self.history = room.past()
        self.playhead = Playhead(pinned=True)
        self.kind = ""
        """The kind of moments that one goes to; empty: all."""
        self.bookmarks: tuple[Bookmark, ...] = ()
        self._stops: tuple[int, tuple[Bookmark, ...], Sequence[Stop]] = (0, (), self.history.stops)
        """The moments with the bookmarks among them, and what they were made of."""
        self.trouble = ""
        self.ended = False
        self.behind = False
        """The figures last shown are older than the rest: another moment is due, once they may be computed."""
        self.urgent = True
        """What came is to be seen at once. Samples alone are not: they come all the time, and wait for the clock."""
        self._assess = assess
        self._real = real
        self._clock = LiveClock()
        self._moved_at = real()
        self._figures = Assessment()
        self._figures_of: tuple[int, int] | None = None
        self._computing: asyncio.Future[_Computed] | None = None
        self._rested = Assessment()
        self._rest: Rest = None
        """The figures last computed beside the screen, and what their baselines rest on."""
        self._arrived: Callable[[], None] = lambda: None
        self._again = 0.0
        self._lost_at: float | None = None
        """Real seconds at which the connection was lost; None: it is there."""
        self._sought_at = -math.inf
        self._shown = 0.0
        """Newest session second that was shown."""
        self._told = False
        """That something arrived will be told in this turn of the loop."""

    async def follow(self, arrived: Callable[[], None]) -> None:
        """Takes in every event; `arrived` is called after each burst and at the end."""
        pending, loop = 0, asyncio.get_running_loop()
        self._arrived = arrived
        if len(self.history):
            self._clock.heard(self.history.head.t, self._real())
            arrived()

        def tell() -> None:
            self._told = False
            arrived()

        try:
            async for event in self.room.events(self.history.head.seq):
                self.take(event)
                pending += 1
                # A saved session is shown when it is whole; a live one as it comes, what came together as one.
                if self.room.info.live and not self._told:
                    self._told = True
                    loop.call_soon(tell)
                if pending >= self.BURST:
                    pending = 0
                    await asyncio.sleep(0)
        except RoomClosed as closed:
            self.trouble = str(closed) or "the room was closed"
        self.ended = self.urgent = True
        arrived()

    def take(self, event: Event) -> None:
        """One more event."""
        self.history.append(event)
        self._clock.heard(event.t, self._real())
        self.urgent = self.urgent or not isinstance(event.body, Samples)

    @property
    def due(self) -> bool:
        """Whether the figures are behind and may be computed now; those that are computed beside tell by themselves."""
        return self.behind and self._computing is None and self._real() >= self._again

    @property
    def head(self) -> float:
        """Newest session second: of a live room the present, of a saved one its last event."""
        state = self.history.head
        if not self.room.info.live or self.ended or state.status in ("empty", "closed"):
            return state.t
        if self.lost is not None:
            return max(state.t, self._shown)  # nobody tells whether time goes on as it did
        self._shown = self._clock.t(self._real(), state.rate)
        return self._shown

    @property
    def lost(self) -> float | None:
        """Real seconds for which the connection has been lost and is tried again; None: it is not."""
        if self.ended or not self.room.trouble:
            self._lost_at = None
            return None
        if self._lost_at is None:
            self._lost_at = self._real()
        return self._real() - self._lost_at

    @property
    def record(self) -> Record:
        """What becomes of the record that is looked at."""
        if not self.room.info.followed:
            return "saved"
        if not self.ended:
            return "grows"
        return "ended" if self.history.head.status == "closed" else "stopped"

    async def submit(self, intent: Intent, seen: int) -> Answer:
        """The one place at which the screen asks anything of the room."""
        return await self.room.submit(intent, seen)

    def moment(self) -> Moment:
        """The moment to show now."""
        self.urgent = False
        real = self._real()
        self.playhead = heads.moved(self.playhead, real - self._moved_at, self.head, self.history.head.gaps)
        self._moved_at = real
        t = self.playhead.t
        view = self.history.view(t)
        return Moment(
            info=self.room.info,
            view=view,
            t=t,
            head=self.head,
            playhead=self.playhead,
            figures=self._figures_at(view, t),
            stops=self.stops,
            trouble=self.trouble,
            record=self.record,
            lost=self.lost,
            since=self.history.since,
        )

    @property
    def stops(self) -> Sequence[Stop]:
        """Every moment worth going to, the bookmarks among them."""
        own = self.history.stops
        if not self.bookmarks:
            return own
        if self._stops[:2] != (len(own), self.bookmarks):
            merged = sorted([*own, *as_stops(self.bookmarks)], key=lambda stop: stop.t)
            self._stops = (len(own), self.bookmarks, merged)
        return self._stops[2]

    def _figures_at(self, view: View, t: float) -> Assessment:
        """The figures of that moment. While time moves they may be a little older than the rest."""
        wanted = (view.state.seq, int(t))
        real = self._real()
        moving = (self.playhead.pinned and self.room.info.live) or self.playhead.playing
        self._take_computed(t)
        if view.state.plan is None or wanted == self._figures_of:
            self.behind = False
            return self._figures
        self.behind = moving and real < self._again
        if self.behind:
            return self._figures
        if sum(view.state.lengths) > self.INLINE:
            if real - self._sought_at >= self.REST:
                self._compute_beside(view, t)
            self.behind = True
            return self._figures if moving and self._figures_of else self._glance(view, t)
        self._figures = self._assess(view, t)
        self._figures_of = wanted
        cost = self._real() - real
        self._again = self._real() + max(self.LEAST, cost * (self.SHARE - 1))
        return self._figures

    def _compute_beside(self, view: View, t: float) -> None:
        """Has them computed in a thread, one moment at a time; what is asked for meanwhile comes after it."""
        if self._computing is None:
            computing = asyncio.get_running_loop().run_in_executor(None, _compute, self._assess, view, t)
            computing.add_done_callback(lambda _: self._is_computed())
            self._computing = computing

    def _is_computed(self) -> None:
        self.urgent = True
        self._arrived()

    def _take_computed(self, t: float) -> None:
        """Figures that have become ready. Those of a later moment than is shown would tell what is not known yet."""
        if self._computing is None or not self._computing.done():
            return
        found, self._computing = self._computing.result(), None
        self._rest = found.rest
        self._rested = found.figures
        if found.t <= t:
            self._figures, self._figures_of = found.figures, (found.seq, int(found.t))
            self._again = self._real() + max(self.LEAST, found.cost * (self.SHARE - 1))

    def _glance(self, view: View, t: float) -> Assessment:
        from controlroom.core.figures.glance import glance

        return glance(view, t, self._rested, self._rest)

    def again(self) -> None:
        """The next moment gets fresh figures, whatever they cost."""
        self._again = 0.0

    def seek(self, t: float) -> None:
        self._sought_at = self._real()
        self.playhead = heads.sought(self.playhead, t, self.head)

    def seek_by(self, seconds: float) -> None:
        self.seek(self.playhead.t + seconds)

    def play_or_pause(self) -> None:
        self._moved_at = self._real()
        self.playhead = heads.toggled(self.playhead, self.head)

    def faster(self) -> None:
        self.playhead = heads.at_speed(self.playhead, 1)

    def slower(self) -> None:
        self.playhead = heads.at_speed(self.playhead, -1)

    def to_head(self) -> None:
        self.playhead = heads.pinned(self.playhead, self.head)

    def to_stop(self, forward: bool) -> bool:
        """To the next or the last moment of the wanted kind; False: there is none there."""
        found, t = [own for own in self.stops if self.kind in ("", own.kind)], self.playhead.t
        index = (
            bisect_right(found, t, key=lambda stop: stop.t)
            if forward
            else bisect_left(found, t, key=lambda stop: stop.t) - 1
        )
        if not 0 <= index < len(found):
            return False
        self.seek(found[index].t)
        return True

    def loop_from(self) -> None:
        self.playhead = heads.loop_from(self.playhead)

    def loop_to(self) -> bool:
        """False: the loop has no beginning before this moment."""
        found = heads.loop_to(self.playhead)
        if found is None:
            return False
        self._moved_at = self._real()
        self.playhead = found
        return True

    def end_loop(self) -> None:
        self.playhead = changed(self.playhead, loop=None)

    def to_phase(self, forward: bool) -> None:
        history, t = self.history, self.playhead.t
        found = history.phase_after(t) if forward else history.phase_before(t)
        if found is not None:
            self.seek(found)
