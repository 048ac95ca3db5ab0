"""What is known of a room on entering it."""

from __future__ import annotations

from typing import Literal

from controlroom.core.values import Value

Seat = Literal["facilitator", "scribe", "audience"]


class RoomInfo(Value):
    """What is known on entering, before the first event."""

    session: str
    title: str
    seat: Seat = "facilitator"
    live: bool = True
    """False: a saved session; nothing in it is happening now, and intents are refused."""
    folder: str = ""
    viewer: str = ""
    """Who this viewer is among those in the room, as `viewer-3`; empty: nobody else can be there."""
    name: str = ""
    """Its name in the record."""
    recorded: str = ""
    """Day of a saved session, for its banner."""
