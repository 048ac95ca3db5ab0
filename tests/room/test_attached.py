"""The attached room against a real socket: catching up, live, answers, and every way to lose a host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from controlroom import wire
from controlroom.core.events import Event, NoteWritten, SeatLeft, SessionClosed
from controlroom.core.intents import Accepted, AmendPlan, HaltAll, NextPhase, Refused, WriteNote
from controlroom.room import RoomClosed, RoomInfo
from controlroom.room import attached as attaching
from controlroom.room import link as linking
from controlroom.room.attached import AttachedRoom, attach
from tests.room.conftest import House

PATIENCE = 10.0


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(events) for _ in range(count)]


def said(events: Sequence[Event]) -> list[str]:
    return [event.body.text for event in events if isinstance(event.body, NoteWritten)]


async def told(events: AsyncIterator[Event], count: int) -> list[str]:
    """The texts of the next notes."""
    found: list[str] = []
    while len(found) < count:
        found += said(await take(events, 1))
    return found


async def test_a_viewer_catches_up_and_goes_on_live(house: House) -> None:
    for number in range(300):
        house.note(str(number))
    room = await attach(house.socket, name="robin")
    assert (room.info.session, room.info.title, room.info.live, room.info.seat) == (
        "s",
        "A day",
        True,
        "facilitator",
    )
    assert (room.info.viewer, room.info.name, room.trouble) == ("viewer-1", "robin", "")
    events = room.events()
    assert await take(events, 302) == house.recorder.events
    house.note("live")
    assert await told(events, 1) == ["live"]
    house.recorder.close()
    assert [event async for event in events] == []
    await room.close()


async def test_a_viewer_that_comes_back_gets_only_what_it_missed(house: House) -> None:
    for text in ("a", "b", "c"):
        house.note(text)
    room = await attach(house.socket, since=2)
    assert said(await take(room.events(2), 3)) == ["b", "c"]
    await room.close()


async def test_two_viewers_see_the_same(house: House) -> None:
    rooms = [await attach(house.socket), await attach(house.socket)]
    house.note("for both")
    assert [await take(room.events(), 4) for room in rooms] == [house.recorder.events] * 2
    for room in rooms:
        await room.close()


async def test_answers_come_to_who_asked_and_the_actor_is_the_seat(house: House) -> None:
    room = await attach(house.socket, name="robin")
    accepted = await room.submit(WriteNote(type="note", text="hello"))
    assert accepted == Accepted(seq=3)
    assert await room.submit(HaltAll()) == Refused(reason="not today", hint="write a note")
    assert [(actor.role, actor.name) for _, actor in house.conductor.asked] == [("facilitator", "robin")] * 2
    await room.close()


async def test_answers_find_their_question_in_any_order(house: House) -> None:
    room = await attach(house.socket)
    house.conductor.gate.clear()
    asking = [asyncio.create_task(room.submit(WriteNote(type="note", text=str(n)))) for n in range(20)]
    async with asyncio.timeout(PATIENCE):
        for _ in asking:
            await house.conductor.arrived.get()
        house.conductor.gate.set()
        answers = await asyncio.gather(*asking)
    for number, answer in enumerate(answers):
        assert isinstance(answer, Accepted)
        body = house.recorder.events[answer.seq - 1].body
        assert isinstance(body, NoteWritten) and body.text == str(number)
    await room.close()


async def test_an_intent_that_fails_inside_ends_neither_room_nor_host(house: House) -> None:
    room = await attach(house.socket)
    with pytest.raises(RoomClosed, match="internal error: RuntimeError"):
        await room.submit(WriteNote(type="note", text="trip"))
    assert isinstance(await room.submit(WriteNote(type="note", text="fine")), Accepted)
    await room.close()


async def test_what_is_too_long_is_refused_before_it_is_sent(house: House) -> None:
    room = await attach(house.socket)
    answer = await room.submit(AmendPlan(text="x" * wire.LONGEST_UP))
    assert isinstance(answer, Refused) and "at most 256 KiB" in answer.reason
    assert house.conductor.asked == []
    await room.close()


async def test_another_version_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = await asyncio.open_unix_connection(house.socket)
    writer.write(wire.encode(wire.Hello(version=wire.VERSION + 1)))
    async with asyncio.timeout(PATIENCE):
        answer = wire.decode_down(await reader.readline())
    assert isinstance(answer, wire.Goodbye) and "speaks version 1" in answer.reason
    writer.close()


async def test_no_host_is_said(tmp_path: Path) -> None:
    with pytest.raises(RoomClosed, match="no host answers at"):
        await attach(tmp_path / "nobody")


async def test_a_host_that_is_gone_ends_events_and_questions(house: House) -> None:
    room = await attach(house.socket)
    events = room.events()
    await take(events, 2)
    house.conductor.gate.clear()
    asking = asyncio.create_task(room.submit(HaltAll()))
    wondering = asyncio.create_task(room.submit(NextPhase()))
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            await house.conductor.arrived.get()
    await house.die()
    with pytest.raises(RoomClosed, match="the host is gone; its journal is kept"):
        await take(events, 1)
    with pytest.raises(RoomClosed, match="the host is gone"):
        await asking
    with pytest.raises(RoomClosed, match="not known whether it was done; look at the record"):
        await wondering
    with pytest.raises(RoomClosed, match="the host is gone"):
        await room.submit(HaltAll())
    await room.close()


async def test_leaving_ends_the_room_for_who_waits(house: House) -> None:
    room = await attach(house.socket)
    house.conductor.gate.clear()
    asking = asyncio.create_task(room.submit(HaltAll()))
    async with asyncio.timeout(PATIENCE):
        await house.conductor.arrived.get()
        await room.close()
        with pytest.raises(RoomClosed):
            await asking
        assert [event.seq async for event in room.events()] == [1, 2]


async def test_a_lost_connection_is_made_again_without_loss_or_doubles(house: House) -> None:
    room = await attach(house.socket, name="robin")
    events = room.events()
    for number in range(5):
        house.note(f"before {number}")
        house.cut()
        house.note(f"after {number}")
        found = await told(events, 2)
        assert found == [f"before {number}", f"after {number}"]
    assert room.info.viewer == "viewer-6"
    await room.close()
    async with asyncio.timeout(PATIENCE):
        while house.recorder.state.viewers:
            await house.recorder.changed()
    seqs = [event.seq for event in house.recorder.events]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_while_the_connection_is_lost_the_room_says_so_and_refuses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "SOONEST", PATIENCE)  # it will not come back within this test
    room = await attach(house.socket)
    events = room.events()
    await take(events, 2)
    room._delay = PATIENCE
    house.conductor.gate.clear()
    asking = asyncio.create_task(room.submit(NextPhase()))
    async with asyncio.timeout(PATIENCE):
        await house.conductor.arrived.get()
        house.cut()
        with pytest.raises(RoomClosed, match="not known whether it was done"):
            await asking
    assert "the connection to the host is lost" in room.trouble
    assert "trying again" in room.trouble
    answer = await room.submit(NextPhase())
    assert isinstance(answer, Refused)
    assert "nothing was sent: the connection to the host is lost" in answer.reason
    assert len(house.conductor.asked) == 1
    await room.close()


async def test_a_halt_goes_out_as_soon_as_the_host_is_back(house: House) -> None:
    room = await attach(house.socket)
    house.conductor.gate.clear()
    halting = asyncio.create_task(room.submit(HaltAll(reason="now")))
    async with asyncio.timeout(PATIENCE):
        assert await house.conductor.arrived.get() == HaltAll(reason="now")
        house.cut()
        assert await house.conductor.arrived.get() == HaltAll(reason="now")
        house.conductor.gate.set()
        assert isinstance(await halting, Refused)  # this desk refuses everything but notes
    await room.close()


async def test_a_session_that_was_closed_is_over_even_if_the_goodbye_is_lost(house: House) -> None:
    room = await attach(house.socket)
    events = room.events()
    house.recorder.record(SessionClosed(reason="ended"))
    await take(events, 3)
    await house.die()
    assert [event async for event in events] == []
    await room.close()


async def _answering(socket: Path, *answers: bytes, leave: bool = True) -> asyncio.Server:
    """A host that says to each that comes the next of the answers; after the last it is gone."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(left.pop(0))
        if not left and leave:
            server.close()
            socket.unlink()
        if not leave:
            await reader.read()
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, socket)
    return server


WELCOME = wire.encode(wire.Welcome(version=1, info=RoomInfo(session="s", title="t"), head=0))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (b"", "did not answer as it should"),
        (b"HTTP/1.1 400 Bad Request\n", "did not answer as it should"),
        (wire.encode(wire.Complaint(reason="?")), "does not speak as it should"),
    ],
    ids=["nothing", "something else", "another message"],
)
async def test_who_does_not_welcome_is_no_host(house: House, lines: bytes, why: str) -> None:
    socket = house.socket.with_name("other")
    async with await _answering(socket, lines):
        with pytest.raises(RoomClosed, match=why):
            await attach(socket)


async def test_a_host_that_hangs_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "GREETING", 0.01)
    socket = house.socket.with_name("other")
    async with await _answering(socket, b"", leave=False):
        with pytest.raises(RoomClosed, match="did not answer within"):
            await attach(socket)


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b'{"msg":"event","event":{"v":1}}\n',
        b'{"msg":"event","event":{"v":1,"seq":7,"t":0,"at":"2026-01-01T00:00:00Z","actor":{"role":"host"},'
        b'"body":{"kind":"clock.resumed"}}}\n',
    ],
    ids=["garbage", "no event", "not the next event"],
)
async def test_nonsense_from_a_host_is_a_lost_connection_not_an_end(house: House, line: bytes) -> None:
    socket = house.socket.with_name("other")
    async with await _answering(socket, WELCOME + line):
        room = await attach(socket)
        with pytest.raises(RoomClosed, match="the connection to the host is lost"):
            await take(room.events(), 1)
        await room.close()


async def test_a_torn_line_is_asked_for_again(house: House) -> None:
    socket = house.socket.with_name("other")
    whole = wire.event_line(house.recorder.lines[0])
    async with await _answering(socket, WELCOME + whole[:100], WELCOME + whole):
        room = await attach(socket)
        events = room.events()
        assert await take(events, 1) == house.recorder.events[:1]
        with pytest.raises(RoomClosed, match="the host is gone"):
            await take(events, 1)
        await room.close()


async def test_a_host_that_is_slow_to_answer_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = house.socket.with_name("other")
    line = wire.event_line(house.recorder.lines[0])
    async with await _answering(socket, WELCOME, b"", b"", WELCOME + line):
        room = await attach(socket)
        assert await take(room.events(), 1) == house.recorder.events[:1]
        await room.close()


async def test_another_session_at_the_same_address_is_not_gone_on_with(house: House) -> None:
    socket = house.socket.with_name("other")
    other = wire.encode(wire.Welcome(version=1, info=RoomInfo(session="z", title="t"), head=0))
    async with await _answering(socket, WELCOME, other):
        room = await attach(socket)
        with pytest.raises(RoomClosed, match="another session is at"):
            await take(room.events(), 1)
        await room.close()


async def test_a_refusal_on_coming_back_ends_the_room_with_its_reason(house: House) -> None:
    socket = house.socket.with_name("other")
    refusal = wire.encode(wire.Goodbye(reason="the seat scribe is not open"))
    async with await _answering(socket, WELCOME, refusal):
        room: AttachedRoom = await attach(socket)
        with pytest.raises(RoomClosed, match="the seat scribe is not open"):
            await take(room.events(), 1)
        await room.close()


async def test_who_leaves_at_once_has_left(house: House) -> None:
    room = await attach(house.socket)
    await room.close()
    async with asyncio.timeout(PATIENCE):
        while not any(isinstance(event.body, SeatLeft) for event in house.recorder.events):
            await house.recorder.changed()
    with pytest.raises(RoomClosed):
        await room.submit(HaltAll())
