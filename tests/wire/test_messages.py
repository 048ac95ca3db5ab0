"""What host and viewers say to each other: nothing is lost on the way, and nothing else is taken."""

from __future__ import annotations

import math
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom import wire
from controlroom.core.events import Event, encode_event
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Accepted, Intent, Refused
from controlroom.wire.messages import FromHost, FromViewer
from tests.journal.books import day, journals
from tests.wire.drawing import values

INTENTS = get_args(Intent)
intents = st.one_of([values(kind) for kind in INTENTS])
answers = values(Accepted) | values(Refused)


@pytest.mark.parametrize("kind", INTENTS, ids=lambda kind: str(kind.__struct_config__.tag))
def test_every_intent_arrives_as_it_was_sent(kind: type[msgspec.Struct]) -> None:
    @given(values(kind), st.integers(0, 2**53), st.integers(0, 2**53))
    def arrives(intent: Intent, number: int, seen: int) -> None:
        submit = wire.Submit(id=number, intent=intent, seen=seen)
        line = wire.encode(submit)
        assert line.endswith(b"\n") and line.count(b"\n") == 1
        assert wire.decode_up(line) == submit
        assert wire.number_in(line) == number

    arrives()


def test_intents_have_names_of_their_own() -> None:
    names = [kind.__struct_config__.tag for kind in INTENTS]
    assert len(set(names)) == len(names) == 32


@given(values(wire.Hello))
def test_hello_arrives(hello: wire.Hello) -> None:
    assert wire.decode_up(wire.encode(hello)) == hello


@given(
    st.builds(wire.Welcome, version=st.integers(0, 9), info=values(RoomInfo), head=st.integers(0, 2**53))
    | st.builds(wire.Answered, id=st.integers(0, 2**53), answer=answers)
    | values(wire.Complaint)
    | values(wire.Goodbye)
)
def test_every_message_of_the_host_arrives(message: wire.Down) -> None:
    assert wire.decode_down(wire.encode(message)) == message


@given(journals())
def test_an_event_travels_as_its_line(events: tuple[Event, ...]) -> None:
    for event in events:
        line = encode_event(event)
        sent = wire.event_line(line)
        assert sent == wire.encode(wire.EventLine(event=msgspec.Raw(line)))
        arrived = wire.decode_down(sent)
        assert isinstance(arrived, wire.EventLine)
        assert arrived.decoded() == event
        assert encode_event(arrived.decoded()) == line


def test_an_event_that_is_none_is_a_wire_error() -> None:
    arrived = wire.decode_down(b'{"msg":"event","event":{"v":1}}')
    assert isinstance(arrived, wire.EventLine)
    with pytest.raises(wire.WireError, match="not an event"):
        arrived.decoded()


def _mangled(line: bytes) -> st.SearchStrategy[bytes]:
    """A line with some of its bytes replaced, taken out or put in."""
    places = st.integers(0, len(line) - 1)

    def change(edits: list[tuple[int, bytes, int]]) -> bytes:
        data = line
        for at, new, gone in edits:
            data = data[:at] + new + data[at + gone :]
        return data

    edit = st.tuples(places, st.binary(max_size=3), st.integers(0, 3))
    return st.lists(edit, min_size=1, max_size=4).map(change)


sent = st.builds(lambda intent: wire.encode(wire.Submit(id=1, intent=intent)), intents)


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_raise_anything_but_a_wire_error(line: bytes) -> None:
    for decode in (wire.decode_up, wire.decode_down):
        try:
            decode(line)
        except wire.WireError as error:
            assert str(error)


@given(sent.flatmap(_mangled))
def test_a_mangled_message_is_a_message_or_a_wire_error(line: bytes) -> None:
    try:
        assert isinstance(wire.decode_up(line), FromViewer)
    except wire.WireError as error:
        assert str(error)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b"null", b"{}", b"[]", b'{"msg":"submit"}', b'{"msg":"submit","id":1,"intent":{"intent":"x"}}',
        b'{"msg":"hello","version":"1"}', b'{"msg":"hello","version":1,"seat":"king"}', b"[" * 100_000,
        b'{"msg":"submit","id":1,"intent":{"intent":"extend-phase","seconds":1e999}}', b"\x80",
    ],
    ids=lambda line: line[:60].decode("latin-1"),
)  # fmt: skip
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_up(line)


def test_a_viewer_is_no_host() -> None:
    with pytest.raises(wire.WireError):
        wire.decode_down(wire.encode(wire.Hello(version=1)))
    assert not issubclass(wire.Hello, FromHost)


def test_the_longest_lines_have_room() -> None:
    assert math.prod((2, len(encode_event(day()[0])))) < wire.LONGEST_DOWN
