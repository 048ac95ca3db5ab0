"""The messages, built of core's own values."""

from __future__ import annotations

from typing import Annotated

import msgspec

from controlroom.core.events import Event, decode_event
from controlroom.core.info import RoomInfo, Seat
from controlroom.core.intents import Answer, Intent
from controlroom.core.values import Value

VERSION = 1
LONGEST_UP = 256 * 1024
"""Bytes of a line from a viewer; an amended plan is the longest."""
LONGEST_DOWN = 64 * 1024 * 1024
"""Bytes of a line from the host; `session.opened` with its files is the longest."""


Seq = Annotated[int, msgspec.Meta(ge=0)]
"""Number of an event; 0: none."""


class WireError(ValueError):
    """A line that is not a message; the text says why."""


class Up(Value, tag_field="msg"):
    """From a viewer to the host."""


class Hello(Up, tag="hello"):
    """Asks for a seat; events with seq > `since` will come."""

    version: int
    seat: Seat = "facilitator"
    name: str = ""
    """Who it is; empty: the account's user name."""
    since: Seq = 0


class Submit(Up, tag="submit"):
    """An intent; `id` is the viewer's own number for the answer."""

    id: int
    intent: Intent
    seen: Seq = 0
    """seq of the newest event that the person had seen on deciding; 0: not said."""


class Down(Value, tag_field="msg"):
    """From the host to a viewer."""


class Welcome(Down, tag="welcome"):
    version: int
    info: RoomInfo
    head: int
    """seq of the newest event."""


class EventLine(Down, tag="event"):
    """One event, exactly as its line in the journal."""

    event: msgspec.Raw

    def decoded(self) -> Event:
        """Raises :class:`WireError` for what is not an event."""
        try:
            return decode_event(bytes(self.event))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WireError(f"not an event: {error}") from error


class Answered(Down, tag="answer"):
    id: int
    answer: Answer


class Complaint(Down, tag="complaint"):
    """What was sent could not be taken; the connection goes on."""

    reason: str
    id: int | None = None


class Goodbye(Down, tag="goodbye"):
    """The host ends the connection, and says why."""

    reason: str


FromViewer = Hello | Submit
FromHost = Welcome | EventLine | Answered | Complaint | Goodbye

_encoder = msgspec.json.Encoder()
_up: msgspec.json.Decoder[FromViewer] = msgspec.json.Decoder(FromViewer)
_down: msgspec.json.Decoder[FromHost] = msgspec.json.Decoder(FromHost)


def encode(message: Up | Down) -> bytes:
    """A line, with its line feed."""
    return _encoder.encode(message) + b"\n"


def event_line(line: bytes) -> bytes:
    """The message of an event whose journal line is at hand; nothing is encoded again."""
    return b'{"msg":"event","event":' + line + b"}\n"


def decode_up(line: bytes) -> FromViewer:
    """Raises :class:`WireError` for anything else."""
    try:
        return _up.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error


class _Numbered(msgspec.Struct):
    id: int


def number_in(line: bytes) -> int | None:
    """The number of an intent in a line that is no message otherwise, so that its author learns of it."""
    try:
        return msgspec.json.decode(line, type=_Numbered).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_down(line: bytes) -> FromHost:
    """Raises :class:`WireError` for anything else."""
    try:
        return _down.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
