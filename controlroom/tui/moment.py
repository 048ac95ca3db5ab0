"""What the screens show at one moment: made once a tick, compared by identity, handed down to every pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Actor, Event
from controlroom.core.fold import apply
from controlroom.core.info import Seat
from controlroom.core.intents import Intent
from controlroom.core.overtaken import overtaken
from controlroom.core.plan import Plan
from controlroom.core.playhead import Playhead
from controlroom.core.state import State
from controlroom.core.stops import Stop
from controlroom.core.values import changed
from controlroom.room import RoomInfo
from controlroom.tui import keymap

Record = Literal["saved", "grows", "ended", "stopped"]
"""As it was found; or read while it is written: more comes, the session was closed, its host went without that."""


@dataclass(frozen=True, eq=False)
class Moment:
    info: RoomInfo
    view: View
    t: float
    """Session seconds that are shown."""
    head: float
    """Session seconds of the newest that is known."""
    playhead: Playhead
    figures: Assessment
    stops: Sequence[Stop] = ()
    trouble: str = ""
    """Why nothing new can come; empty: all is well."""
    record: Record = "saved"
    """What becomes of the record that is looked at."""
    entered: bool = True
    """False until the room is there: only the title is known."""
    lost: float | None = None
    """Real seconds for which the connection is lost and tried again; None: it is there, or gone for good."""

    since: Callable[[int], Sequence[Event]] = lambda seq: ()
    """The events after that one, as far as they are known."""
    stop_kind: str = ""
    """Which moments the keys for the next and the last one go to; empty: all."""
    keys: keymap.Keys = keymap.DEFAULT
    """The keys of this viewer: what a text names is what was configured."""

    @property
    def state(self) -> State:
        return self.view.state

    @property
    def seen(self) -> int:
        """seq of the newest event that is shown: what a decision made now rests on."""
        return self.state.seq

    @property
    def plan(self) -> Plan | None:
        return self.view.state.plan

    @property
    def live(self) -> bool:
        """Whether it is the newest moment of a session that goes on: what acting on it needs."""
        return self.reachable and self.playhead.pinned

    @property
    def reachable(self) -> bool:
        """Whether somebody is there to be asked: a session that goes on, and a connection to it."""
        return self.info.live and self.entered and not self.trouble and self.lost is None

    def at(self, t: float) -> datetime | None:
        """UTC of a session second; None before the session is open."""
        opened = self.state.opened_at
        return opened + timedelta(seconds=t) if opened else None

    def t_of(self, at: datetime) -> float:
        """Session seconds of a moment in UTC."""
        opened = self.state.opened_at
        return (at - opened).total_seconds() if opened else 0.0


def changed_since(moment: Moment, intent: Intent, seen: int) -> str:
    """Who has changed what the intent rests on since event `seen`, and when: the host would refuse it so."""
    info = moment.info
    if not info.live or not info.name:
        return ""
    own = Actor(role=info.seat, name=info.name)
    return overtaken(intent, own, moment.since(seen), changed(moment.state, t=max(moment.t, moment.state.t)))


def before_entering(
    title: str,
    opening: Event | None = None,
    seat: Seat = "facilitator",
    keys: keymap.Keys = keymap.DEFAULT,
) -> Moment:
    """What there is to show before the room has been entered: its title, and the plan where `opening` has it."""
    state = State() if opening is None else apply(State(), opening)
    return Moment(
        info=RoomInfo(session="", title=title, seat=seat),
        view=View(state, Columns(len(state.lengths), 1)),
        t=0.0,
        head=0.0,
        playhead=Playhead(),
        figures=Assessment(),
        entered=False,
        keys=keys,
    )
