"""Whatever is sent to the socket, the host lives, and nothing changes that the seat may not change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controlroom import wire
from controlroom.core import intents as i
from controlroom.core.events import SeatLeft
from controlroom.core.info import Seat
from controlroom.core.intents import Intent
from controlroom.core.seats import may
from tests.host.place import PATIENCE, Place, conductor_for, opened
from tests.wire.drawing import values

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_intents = st.one_of([values(kind) for kind in get_args(Intent)])
_submits = st.builds(wire.Submit, id=st.integers(0, 2**53), intent=_intents, seen=st.integers(0, 50))
_valid = (_submits | values(wire.Hello)).map(lambda message: msgspec.json.encode(message))


@st.composite
def _near_valid(draw: st.DrawFn) -> bytes:
    """A message with one of its fields taken out, added, or of another type; or some bytes of it changed."""
    line = draw(_valid)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(line) - 1))
        return line[:place] + draw(st.binary(max_size=3)) + line[place + draw(st.integers(0, 3)) :]
    message = json.loads(line)
    inner = message.get("intent", message) if draw(st.booleans()) else message
    field = draw(st.sampled_from(sorted(inner)) | st.text(max_size=8))
    if draw(st.booleans()):
        inner.pop(field, None)
    else:
        inner[field] = draw(_json)
    return json.dumps(message).encode()


lines = st.one_of(
    st.binary(max_size=200),
    _json.map(lambda value: json.dumps(value).encode()),
    _near_valid(),
    _near_valid(),
    _valid,
).map(lambda data: data.replace(b"\n", b" "))

BATCH = 25
"""Lines that are sent over one connection."""
seats = st.sampled_from(get_args(Seat))


def allowed(seat: str, line: bytes) -> bool:
    """Whether it is an intent that the seat may have."""
    try:
        message = wire.decode_up(line)
    except wire.WireError:
        return False
    return isinstance(message, wire.Submit) and may(seat, message.intent)


async def pelt(place: Place, seat: str, sent: list[bytes]) -> None:
    """Sends the lines, hears every answer, and asks the host whether all is well."""
    recorder, before = place.recorder, place.recorder.state
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat=seat, name="fuzz")))  # type: ignore[arg-type]
    mark = len(recorder.events)
    writer.write(b"".join(line + b"\n" for line in sent))
    # The last word is a halt with a number that no other message has.
    writer.write(wire.encode(wire.Submit(id=-7, intent=i.HaltAll(reason="the last"))))
    answered = 0
    async with asyncio.timeout(PATIENCE):
        while answered <= len(sent):
            message = wire.decode_down(await reader.readline())
            answered += isinstance(message, wire.Answered | wire.Complaint)
            assert not isinstance(message, wire.Goodbye), message
    writer.close()
    await place.until(lambda: any(isinstance(event.body, SeatLeft) for event in recorder.events[mark:]))
    done = {event.body.kind() for event in recorder.events[mark:] if event.actor.name == "fuzz"}
    assert done <= {*MAY_CAUSE[seat], "seat.taken", "seat.left"} or seat == "facilitator"
    if not any(allowed(seat, line) for line in sent):
        assert done == {"seat.taken", "seat.left"} | ({"halt.requested"} if seat != "audience" else set())
    if seat == "audience":
        assert len(recorder.events) == mark + 2
    if seat != "facilitator":
        after = recorder.state
        assert (after.phases, after.runs, after.plan) == (before.phases, before.runs, before.plan)


MAY_CAUSE = {
    "facilitator": set[str](),
    "scribe": {
        "halt.requested",
        "note.written",
        "note.edited",
        "action.set",
        "mark.made",
        "mark.amended",
        "mark.undone",
        "ticked",
        "answered",
        "polled",
    },
    "audience": set[str](),
}
"""Kinds of events that a seat's intents may lead to; a facilitator's are not told apart here."""


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def _alive(place: Place) -> None:
    """A facilitator of the room is served as ever."""
    room = await place.room(name="ann")
    answer = await room.submit(i.HaltAll(reason="still there"))
    assert isinstance(answer, i.Accepted), answer
    await room.close()


def _fuzz(runner: asyncio.Runner, examples: int) -> None:
    async def one(seat: str, sent: list[bytes]) -> None:
        async with opened() as place:
            conductor = conductor_for(place.bench)
            place.server.conduct(conductor)
            await pelt(place, seat, sent)
            await _alive(place)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seats, st.lists(lines, min_size=BATCH, max_size=BATCH))
    def run(seat: str, sent: list[bytes]) -> None:
        runner.run(one(seat, sent))

    run()


def test_three_hundred_messages_of_any_kind_change_nothing_without_right(loop: asyncio.Runner) -> None:
    _fuzz(loop, 300 // BATCH)


@pytest.mark.soak
def test_ten_thousand_messages_of_any_kind_change_nothing_without_right(loop: asyncio.Runner) -> None:
    _fuzz(loop, 10_000 // BATCH)


greetings = st.one_of(st.binary(max_size=100), _near_valid(), _valid).map(
    lambda data: data.replace(b"\n", b" ")
)


def test_any_greeting_is_answered_with_a_word_and_seats_nobody_unasked(loop: asyncio.Runner) -> None:
    async def one(greeting: bytes) -> None:
        async with opened() as place:
            reader, writer = await place.raw()
            writer.write(greeting + b"\n")
            async with asyncio.timeout(PATIENCE):
                first = wire.decode_down(await reader.readline())
            if isinstance(first, wire.Goodbye):
                assert first.reason
                assert place.seats() == []
            else:
                assert isinstance(first, wire.Welcome)
                assert isinstance(wire.decode_up(greeting), wire.Hello)
            writer.close()
            await _alive_with_notes(place)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(greetings)
    def run(greeting: bytes) -> None:
        loop.run(one(greeting))

    run()


async def _alive_with_notes(place: Place) -> None:
    room = await place.room(name="ann")
    assert isinstance(await room.submit(i.WriteNote(type="note", text="still there")), i.Accepted)
    await room.close()
