"""Who else may look at the synthetic day, and what an audience is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.projection import project
from controlroom.room import RoomInfo
from tests.sessions import synthetic_events
from tests.tui.fake_room import TITLE

AUDIENCE = RoomInfo(session="day", title=TITLE, seat="audience")
SCRIBE = RoomInfo(session="day", title=TITLE, seat="scribe", name="jo", viewer="viewer-2")


def told(
    t: float, *more: tuple[float, e.Body], day: Callable[[float], Iterable[Event]] = synthetic_events
) -> list[Event]:
    """What an audience knows at session second t of that day, where `more` happened as well."""
    whole = list(day(t))
    whole += [Event(seq=0, t=at, at=whole[0].at, actor=whole[0].actor, body=body) for at, body in more]
    whole.sort(key=lambda event: event.t)
    return list(project((_numbered(event, seq) for seq, event in enumerate(whole, 1)), "audience"))


def _numbered(event: Event, seq: int) -> Event:
    return Event(seq=seq, t=event.t, at=event.at, actor=event.actor, body=event.body)
