"""The attached room against a real socket: catching up, live, answers, and every way to lose a host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom import wire
from controlroom.core.events import Event, NoteWritten
from controlroom.core.intents import Accepted, HaltAll, Refused, WriteNote
from controlroom.host import server as serving
from controlroom.room import RoomClosed
from controlroom.room import attached as attaching
from controlroom.room.attached import attach
from tests.room.conftest import House

PATIENCE = 10.0


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(PATIENCE):
        return [await anext(events) for _ in range(count)]


def said(events: list[Event]) -> list[str]:
    return [event.body.text for event in events if isinstance(event.body, NoteWritten)]


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
    events = room.events()
    assert await take(events, 301) == house.recorder.events
    house.note("live")
    assert said(await take(events, 1)) == ["live"]
    house.recorder.close()
    assert [event async for event in events] == []
    await room.close()


async def test_a_viewer_that_comes_back_gets_only_what_it_missed(house: House) -> None:
    for text in ("a", "b", "c"):
        house.note(text)
    room = await attach(house.socket, since=2)
    assert said(await take(room.events(2), 2)) == ["b", "c"]
    await room.close()


async def test_two_viewers_see_the_same(house: House) -> None:
    rooms = [await attach(house.socket), await attach(house.socket)]
    house.note("for both")
    assert [said(await take(room.events(), 2)) for room in rooms] == [["for both"], ["for both"]]
    for room in rooms:
        await room.close()


async def test_answers_come_to_who_asked_and_the_actor_is_the_seat(house: House) -> None:
    room = await attach(house.socket, name="robin")
    accepted = await room.submit(WriteNote(type="note", text="hello"))
    assert accepted == Accepted(seq=2)
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


async def test_before_the_session_is_open_intents_are_refused(house: House) -> None:
    house.server._conductor = None
    room = await attach(house.socket)
    with pytest.raises(RoomClosed, match="not open yet"):
        await room.submit(HaltAll())
    await room.close()


async def test_a_seat_that_is_not_open_is_refused_with_the_reason(house: House) -> None:
    with pytest.raises(RoomClosed, match="the seat audience is not open"):
        await attach(house.socket, seat="audience")


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
    await take(events, 1)
    house.conductor.gate.clear()
    asking = asyncio.create_task(room.submit(HaltAll()))
    async with asyncio.timeout(PATIENCE):
        await house.conductor.arrived.get()
    for viewer in house.server._viewers:
        viewer.cancel()
    with pytest.raises(RoomClosed, match="the host is gone"):
        await take(events, 1)
    with pytest.raises(RoomClosed, match="the host is gone"):
        await asking
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
        assert [event.seq async for event in room.events()] == [1]


async def test_a_viewer_that_does_not_read_is_dropped_and_the_others_are_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "SLOW", 64 * 1024)
    _, slow = await asyncio.open_unix_connection(house.socket, limit=1024)
    slow.write(wire.encode(wire.Hello(version=wire.VERSION)))
    room = await attach(house.socket)
    events = room.events()
    await take(events, 1)
    async with asyncio.timeout(PATIENCE):
        while len(house.server._viewers) == 2:
            house.note("x" * 50_000)
            await take(events, 1)
    house.note("still here")
    assert said(await take(events, 1)) == ["still here"]
    slow.close()
    await room.close()


async def _answering(socket: Path, lines: bytes, leave: bool = True) -> asyncio.Server:
    """A host that says what the test tells it to, whatever it is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(lines)
        if not leave:
            await reader.read()
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(answer, socket)


WELCOME = wire.encode(wire.Welcome(version=1, info=attaching.RoomInfo(session="s", title="t"), head=0))


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
    monkeypatch.setattr(attaching, "GREETING", 0.01)
    socket = house.socket.with_name("other")
    async with await _answering(socket, b"", leave=False):
        with pytest.raises(RoomClosed, match="did not answer within"):
            await attach(socket)


@pytest.mark.parametrize(
    "line",
    [b"garbage\n", b'{"msg":"event","event":{"v":1}}\n', b'{"msg":"event","event":{}'],
    ids=["garbage", "no event", "torn"],
)
async def test_nonsense_from_a_host_is_a_lost_connection_not_an_end(house: House, line: bytes) -> None:
    socket = house.socket.with_name("other")
    async with await _answering(socket, WELCOME + line):
        room = await attach(socket)
        with pytest.raises(RoomClosed, match="the connection to the host is lost"):
            await take(room.events(), 1)
        await room.close()


async def test_a_viewer_that_talks_nonsense_is_told_and_stays(house: House) -> None:
    reader, writer = await asyncio.open_unix_connection(house.socket, limit=wire.LONGEST_DOWN)
    writer.write(wire.encode(wire.Hello(version=wire.VERSION)) + b"what?\n")
    writer.write(wire.encode(wire.Submit(id=7, intent=HaltAll())))
    async with asyncio.timeout(PATIENCE):
        told = [wire.decode_down(await reader.readline()) for _ in range(4)]
    assert [type(message).__name__ for message in told].count("Complaint") == 1
    assert any(isinstance(message, wire.Answered) and message.id == 7 for message in told)
    writer.close()
