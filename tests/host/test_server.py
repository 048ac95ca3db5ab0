"""The socket: seats, catching up, and viewers that send what is no message."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom import wire
from controlroom.conductor.conductor import Conductor, Means
from controlroom.core import intents as i
from controlroom.core.events import Actor, NoteWritten
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Accepted, Answer, Intent
from controlroom.host import server as server_module
from controlroom.host.server import Server
from controlroom.room import RoomClosed
from controlroom.room.attached import AttachedRoom, attach
from controlroom.sources.load import NoLoad
from tests.conductor.fakes import Bench, FakeAlerts


class Desk:
    """Takes notes, and nothing else, in place of a conductor."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.actors: list[Actor] = []

    async def submit(self, intent: Intent, actor: Actor) -> Answer:
        if not isinstance(intent, i.WriteNote):
            raise ValueError("only notes are taken here")
        self.actors.append(actor)
        body = NoteWritten(note=f"note-{len(self.actors)}", type=intent.type, text=intent.text)
        return Accepted(seq=self._bench.recorder.record(body, actor=actor).seq)


class Place:
    """A server with an open session of one event."""

    def __init__(self, socket: Path) -> None:
        self.bench = Bench()
        self.socket = socket
        self.desk = Desk(self.bench)
        self.server = Server(socket, RoomInfo(session="day", title="A day"), self.bench.recorder)

    def note(self, text: str) -> None:
        self.bench.recorder.record(NoteWritten(note="note", type="observation", text=text))

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.socket, limit=wire.LONGEST_DOWN)

    async def seated(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A viewer that has been welcomed and told of everything."""
        reader, writer = await self.raw()
        writer.write(wire.encode(wire.Hello(version=wire.VERSION)))
        assert isinstance(await heard(reader), wire.Welcome)
        for _ in self.bench.recorder.events:
            assert isinstance(await heard(reader), wire.EventLine)
        return reader, writer


async def heard(reader: asyncio.StreamReader) -> object:
    async with asyncio.timeout(5.0):
        return wire.decode_down(await reader.readline())


async def first(room: AttachedRoom, number: int) -> list[int]:
    """The seq of the next events."""
    found: list[int] = []
    async with asyncio.timeout(5.0):
        async for event in room.events():
            found.append(event.seq)
            if len(found) == number:
                break
    return found


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    found = Place(tmp_path / "s.sock")
    await found.server.start()
    found.server.conduct(found.desk)  # type: ignore[arg-type]
    yield found
    found.bench.recorder.close()
    await found.server.close()


async def test_every_viewer_is_told_everything_from_where_it_wants(place: Place) -> None:
    for number in range(2, 21):
        place.note(f"note {number}")
    for since in (0, 1, 7, 19, 20):
        room = await attach(place.socket, since=since)
        place.note("and one more")
        head = len(place.bench.recorder.events)
        assert await first(room, head - since) == list(range(since + 1, head + 1))
        await room.close()


async def test_two_viewers_see_what_either_does(place: Place) -> None:
    maria = await attach(place.socket, name="maria")
    sam = await attach(place.socket, name="sam")
    assert await maria.submit(i.WriteNote(type="observation", text="by maria")) == Accepted(seq=2)
    assert await sam.submit(i.WriteNote(type="observation", text="by sam")) == Accepted(seq=3)
    assert await first(maria, 3) == await first(sam, 3) == [1, 2, 3]
    assert [actor.name for actor in place.desk.actors] == ["maria", "sam"]
    await maria.close()
    assert await sam.submit(i.WriteNote(type="observation", text="sam stays")) == Accepted(seq=4)
    await sam.close()


async def test_a_long_history_reaches_a_viewer_that_reads_slowly(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SLOW", 256 * 1024)
    monkeypatch.setattr(server_module, "CATCHING_UP", 64 * 1024)
    for _ in range(400):
        place.note("x" * 4000)
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION)))
    assert isinstance(await heard(reader), wire.Welcome)
    seen = 0
    while seen < len(place.bench.recorder.events):
        message = await heard(reader)
        assert isinstance(message, wire.EventLine)
        seen += 1
        assert message.decoded().seq == seen
        await asyncio.sleep(0)
    writer.close()


async def test_a_viewer_that_does_not_read_is_dropped_and_the_others_notice_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server_module, "SLOW", 256 * 1024)
    deaf = socket.socket(socket.AF_UNIX)
    with deaf, caplog.at_level(logging.WARNING):
        deaf.connect(str(place.socket))
        deaf.sendall(wire.encode(wire.Hello(version=wire.VERSION)))
        room = await attach(place.socket)
        for number in range(600):
            place.note("x" * 4000)
            if number % 20 == 0:
                await asyncio.sleep(0)
        assert await first(room, 601) == list(range(1, 602))
        await room.close()
    assert "a viewer was too slow and was dropped" in caplog.text


NO_MESSAGES = {
    "not JSON": b"hello\n",
    "nothing": b"\n",
    "a list": b"[]\n",
    "no kind": b"{}\n",
    "another kind": b'{"msg":"shout"}\n',
    "no number": b'{"msg":"submit","intent":{"intent":"halt"}}\n',
    "an unknown intent": b'{"msg":"submit","id":1,"intent":{"intent":"format-disk"}}\n',
    "a wrong field": b'{"msg":"submit","id":1,"intent":{"intent":"halt","reason":7}}\n',
    "not UTF-8": b'{"msg":"submit","id":1,"intent":{"intent":"halt","reason":"\xff"}}\n',
    "deep": b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("line", NO_MESSAGES.values(), ids=NO_MESSAGES)
async def test_what_is_no_message_is_answered_with_a_complaint_and_logged(
    place: Place, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await place.seated()
    with caplog.at_level(logging.WARNING):
        writer.write(line)
        complaint = await heard(reader)
    assert isinstance(complaint, wire.Complaint)
    assert complaint.reason
    assert "not a message" in caplog.text
    # The connection goes on.
    note = i.WriteNote(type="observation", text="still here")
    writer.write(wire.encode(wire.Submit(id=5, intent=note)))
    answers = [await heard(reader), await heard(reader)]
    assert wire.Answered(id=5, answer=Accepted(seq=2)) in answers
    writer.close()


async def test_a_line_that_is_too_long_ends_the_connection_with_the_reason(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await place.seated()
    with caplog.at_level(logging.WARNING):
        writer.write(b'{"msg":"' + b"x" * (wire.LONGEST_UP + 10))
        assert await heard(reader) == wire.Goodbye(reason="a line was too long")
    assert str(wire.LONGEST_UP) in caplog.text
    assert await reader.read() == b""
    writer.close()


async def test_an_intent_that_breaks_is_a_complaint_and_not_the_end(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    room = await attach(place.socket)
    with caplog.at_level(logging.ERROR), pytest.raises(RoomClosed, match=r"internal error.*only notes"):
        await room.submit(i.CleanUp())
    assert "only notes are taken here" in caplog.text
    assert isinstance(await room.submit(i.WriteNote(type="observation", text="on we go")), Accepted)
    await room.close()


async def test_before_the_session_is_open_intents_are_told_so(tmp_path: Path) -> None:
    place = Place(tmp_path / "s.sock")
    await place.server.start()
    room = await attach(place.socket)
    with pytest.raises(RoomClosed, match="not open yet"):
        await room.submit(i.HaltAll())
    await room.close()
    place.bench.recorder.close()
    await place.server.close()
    assert not place.socket.exists()


@pytest.mark.parametrize("seat", ["scribe", "audience"])
async def test_a_seat_that_is_not_open_is_refused_by_name(place: Place, seat: str) -> None:
    with pytest.raises(RoomClosed, match=f"the seat {seat} is not open"):
        await attach(place.socket, seat=seat)  # type: ignore[arg-type]


GREETINGS = {
    "another version": (wire.encode(wire.Hello(version=wire.VERSION + 1)), "speaks version 1"),
    "an intent first": (
        wire.encode(wire.Submit(id=1, intent=i.HaltAll())),
        "speaks version 1",
    ),
    "no message": (b"GET / HTTP/1.1\r\n", "say hello first"),
    "too long": (b"x" * (wire.LONGEST_UP + 10), "say hello first"),
}


@pytest.mark.parametrize(("greeting", "reason"), GREETINGS.values(), ids=GREETINGS)
async def test_who_does_not_greet_as_agreed_is_told_why(place: Place, greeting: bytes, reason: str) -> None:
    reader, writer = await place.raw()
    writer.write(greeting)
    goodbye = await heard(reader)
    assert isinstance(goodbye, wire.Goodbye)
    assert reason in goodbye.reason
    assert await reader.read() == b""
    writer.close()


async def test_who_says_nothing_is_sent_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "GREETING", 0.05)
    reader, writer = await place.raw()
    assert isinstance(await heard(reader), wire.Goodbye)
    writer.close()


async def test_another_account_is_refused_by_the_kernels_word(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(RoomClosed, match="belongs to another account"):
        await attach(place.socket)


async def test_the_end_of_the_session_ends_every_room_in_good_order(place: Place) -> None:
    room = await attach(place.socket)
    place.note("the last word")
    place.bench.recorder.close()
    await place.server.close()
    async with asyncio.timeout(5.0):
        assert [event.seq async for event in room.events()] == [1, 2]
    await room.close()
    with pytest.raises(RoomClosed, match="no host answers"):
        await attach(place.socket)


async def test_a_halt_is_answered_at_once_while_the_disk_hangs(tmp_path: Path) -> None:
    place = Place(tmp_path / "s.sock")
    place.bench.writer.hanging = True
    bench = place.bench
    means = Means(
        metrics=bench.metrics,
        alerts=FakeAlerts(),
        cluster=bench.cluster,
        load=NoLoad(),
        read_plan=lambda text: bench.loaded,
    )
    place.server.conduct(Conductor(bench.recorder, means))
    await place.server.start()
    room = await attach(place.socket)
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await room.submit(i.HaltAll(reason="now"))
    assert loop.time() - began < 0.5
    assert isinstance(answer, Accepted)
    assert answer.note == "not yet on disk"
    await room.close()
    bench.recorder.close()
    await place.server.close()
