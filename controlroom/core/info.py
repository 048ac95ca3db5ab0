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
    name: str = ""
    """Who one is in this room, as in the record: unlike any other viewer. Empty: not said."""
    viewer: str = ""
    """One's number in this session, as `viewer-3`."""
    live: bool = True
    """False: a saved session; nothing in it is happening now, and intents are refused."""
    folder: str = ""
    shared: str = ""
    """Socket for the group that the plan lets in; empty: nobody else may attach, or it is not one's to tell."""
    recorded: str = ""
    """Day of a saved session, for its banner."""
    followed: bool = False
    """A saved session that is still being recorded: more of it comes, and nothing can be done from here."""
