"""What a host and its viewers say to each other: one JSON object a line over a Unix socket.

A viewer says `hello` first and is answered `welcome` or `goodbye`. Then events come down in order, the ones
after `since` first; intents go up, each with a number, and are answered under it. docs/protocol.md has it all.
"""

from controlroom.wire.messages import (
    LONGEST_DOWN,
    LONGEST_UP,
    VERSION,
    Answered,
    Complaint,
    Down,
    EventLine,
    Goodbye,
    Hello,
    Submit,
    Up,
    Welcome,
    WireError,
    decode_down,
    decode_up,
    encode,
    event_line,
    number_in,
)

__all__ = [
    "LONGEST_DOWN",
    "LONGEST_UP",
    "VERSION",
    "Answered",
    "Complaint",
    "Down",
    "EventLine",
    "Goodbye",
    "Hello",
    "Submit",
    "Up",
    "Welcome",
    "WireError",
    "decode_down",
    "decode_up",
    "encode",
    "event_line",
    "number_in",
]
