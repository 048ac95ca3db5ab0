"""The envelope: what every event carries, and its one line of JSON.

A line is `{"v","seq","t","at","clock","actor","prev","body":{"kind",…}}`. `prev` is the digest of the line
before, so an edited record shows. Unknown kinds are kept byte for byte; unknown fields are ignored.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, reduce
from hashlib import blake2b
from operator import or_
from typing import Any

import msgspec

from controlroom.core.events.body import Body, Unknown
from controlroom.core.values import Value, ValueMeta

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


class Line(Value):
    """A line whose kind is known, as :func:`decode_lines` reads many of them in one go."""

    v: int
    seq: int
    t: float
    at: datetime
    actor: Actor
    body: Any
    clock: str = "host"
    prev: str = ""

    def event(self) -> Event:
        return Event(
            v=self.v,
            seq=self.seq,
            t=self.t,
            at=self.at,
            clock=self.clock,
            actor=self.actor,
            prev=self.prev,
            body=self.body,
        )


@cache
def _lines_decoder() -> msgspec.json.Decoder[Line]:
    # `body` may be of any kind that there is; what a type checker sees of it is the field of the class above.
    namespace = {"__module__": __name__, "__annotations__": {"body": reduce(or_, kinds())}}
    known = ValueMeta("KnownLine", (Line,), namespace)
    return msgspec.json.Decoder(known)


def decode_lines(block: bytes) -> list[Line]:
    """Many lines of this version's format and kinds, several times as fast as one after the other.

    Raises `msgspec.DecodeError` where any of them is of another format or kind, or none at all: the caller then
    looks at each with :func:`decode_event`.
    """
    found = _lines_decoder().decode_lines(block)
    if any(line.v != FORMAT for line in found):
        raise msgspec.ValidationError("a line of another format")
    return found


def digest(line: bytes) -> str:
    """What the next line's `prev` holds: BLAKE2b of the line without its line feed, 16 bytes, hexadecimal."""
    return blake2b(line, digest_size=16).hexdigest()
