"""The envelope: what every event carries, and its one line of JSON.

A line is `{"v","seq","t","at","clock","actor","prev","body":{"kind",…}}`. `prev` is the digest of the line
before, so an edited record shows. Unknown kinds are kept byte for byte; unknown fields are ignored.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from controlroom.core.events.body import Body, Unknown
from controlroom.core.values import Value

FORMAT = 1
"""Version of the record's format; raised when a reader of the version before would misread a line."""


class Actor(Value):
    """Who did it: a seat (`facilitator`, `scribe`), `host`, `script`, or `source`."""

    role: str
    name: str = ""


class Event(Value):
    """One thing that happened.

    `seq`: dense from 1. `t`: session seconds when the room learnt it. `at`: UTC when it happened by the clock
    named in `clock` (`host`, `apiserver`, `prometheus`, `alertmanager`). `prev`: digest of the line before.
    """

    seq: int
    t: float
    at: datetime
    actor: Actor
    body: Body | Unknown
    clock: str = "host"
    prev: str = ""
    v: int = FORMAT


class _Head(msgspec.Struct):
    kind: str


class _Line(Value):
    v: int
    seq: int
    t: float
    at: datetime
    actor: Actor
    body: msgspec.Raw
    clock: str = "host"
    prev: str = ""


_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(_Line)
_head_decoder = msgspec.json.Decoder(_Head)


@cache
def _decoders() -> dict[str, msgspec.json.Decoder[Any]]:
    return {kind.kind(): msgspec.json.Decoder(kind) for kind in kinds()}


def kinds() -> tuple[type[Body], ...]:
    """Every kind of event, in the order of definition."""
    return tuple(kind for kind in Body.__subclasses__() if kind.__struct_config__.tag)


def encode_event(event: Event) -> bytes:
    """The event as one line of JSON, without the line feed."""
    body = event.body
    raw = body.raw if isinstance(body, Unknown) else msgspec.Raw(_encoder.encode(body))
    return _encoder.encode(
        _Line(
            v=event.v,
            seq=event.seq,
            t=round(event.t, 6),
            at=event.at,
            clock=event.clock,
            actor=event.actor,
            prev=event.prev,
            body=raw,
        )
    )


def decode_event(line: bytes) -> Event:
    """The event of one line; raises `msgspec.DecodeError` (or its `ValidationError`) for anything else."""
    found = _line_decoder.decode(line)
    name = _head_decoder.decode(found.body).kind
    decoder = _decoders().get(name)
    body = decoder.decode(found.body) if decoder else Unknown(name=name, raw=msgspec.Raw(bytes(found.body)))
    return Event(
        v=found.v,
        seq=found.seq,
        t=found.t,
        at=found.at,
        clock=found.clock,
        actor=found.actor,
        prev=found.prev,
        body=body,
    )


def digest(line: bytes) -> str:
    """What the next line's `prev` holds: BLAKE2b of the line without its line feed, 16 bytes, hexadecimal."""
    return blake2b(line, digest_size=16).hexdigest()
