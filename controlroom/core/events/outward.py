"""What was told outside the room: in a chat, on dashboards; and the pictures that were fetched from there.

An audience sees none of it: what was told to whom would betray what it is not told itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.body import Body, Show

_NEVER = Show.NEVER

CHAT, GRAFANA, PICTURES = "chat", "grafana", "pictures"
OUTWARD = frozenset({CHAT, GRAFANA, PICTURES})
"""Names under which failures of these are told. Nothing is measured there, and when they fail is for facilitators
to know: a message that could not be sent tells when it was to be sent."""


class ToldOutward(Body, tag="told.outward"):
    """A message in the chat or a mark on dashboards; or, `told` being false, that it could not be placed."""

    channel: Literal["chat", "grafana"]
    about: str
    """Kind of message (`phases`, `halts`, …) or what is marked (`phases`, `faults`)."""
    text: str
    told: bool = True
    name: str = ""
    """Grafana: of the stretch that is marked, unique in the session; it is told again when its end is known."""
    reference: str = ""
    """The server's own number for it."""
    start: datetime | None = None
    end: datetime | None = None
    """Grafana: the stretch as it is marked now; no end: it goes on."""
    audience = {
        "channel": _NEVER,
        "about": _NEVER,
        "text": _NEVER,
        "told": _NEVER,
        "name": _NEVER,
        "reference": _NEVER,
        "start": _NEVER,
        "end": _NEVER,
    }


class PictureTaken(Body, tag="picture.taken"):
    """A dashboard's panel as a picture in the session's folder."""

    path: str
    """Below the session's folder."""
    title: str
    moment: str
    """`baseline`, `peak`, `end`, or the step that asked for it."""
    start: datetime
    end: datetime
    """The stretch of time that it shows."""
    audience = {"path": _NEVER, "title": _NEVER, "moment": _NEVER, "start": _NEVER, "end": _NEVER}
