"""Who sits in the room: seats taken and left, and the time in which no facilitator was there."""

from __future__ import annotations

from typing import Literal

from controlroom.core.events.body import Body, Show
from controlroom.core.info import Seat

_NEVER = Show.NEVER


class SeatTaken(Body, tag="seat.taken"):
    """A viewer took a seat."""

    viewer: str
    """Its number in this session, as `viewer-3`; a viewer that attaches again gets a new one."""
    seat: Seat
    name: str
    """As it stands in the record for whatever it does; unlike that of any other viewer in the room."""
    audience = {"viewer": _NEVER, "seat": _NEVER, "name": _NEVER}


class SeatLeft(Body, tag="seat.left"):
    """A viewer is gone: it left, was lost, or was dropped."""

    viewer: str
    reason: str = ""
    audience = {"viewer": _NEVER, "reason": _NEVER}


class UnattendedBegan(Body, tag="unattended.began"):
    """No facilitator is in the room any more; what then happens is the plan's `vanished`."""

    policy: Literal["keep", "halt"]
    after: float
    """Real seconds until it acts: `halt` ends everything, `keep` only the faults that have no end of their own."""
    audience = {"policy": _NEVER, "after": _NEVER}


class UnattendedEnded(Body, tag="unattended.ended"):
    """A facilitator is there again, or the policy has acted."""

    seconds: float
    """Real seconds without one."""
    halted: bool = False
    audience = {"seconds": _NEVER, "halted": _NEVER}
