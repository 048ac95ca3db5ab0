"""The socket: greeting, catching up, and viewers that send what is no message."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from controlroom import wire
from controlroom.core import intents as i
from controlroom.core.intents import Accepted, Refused
from controlroom.host import server as server_module
from controlroom.room import RoomClosed
from tests.host.place import Place, conductor_for, first, heard, texts


async def test_every_viewer_is_told_everything_from_where_it_wants(place: Place) -> None:
    for number in range(2, 21):
        place.note(f"note {number}")
    for since in (0, 1, 7, 19, 20):
        room = await place.room(since=since)
        place.note("and one more")
        head = len(place.recorder.events)
        assert [event.seq for event in await first(room, head - since)] == list(range(since + 1, head + 1))


async def test_two_viewers_see_what_either_does(place: Place) -> None:
    maria, sam = await place.room(name="maria"), await place.room(name="sam")
    assert isinstance(await maria.submit(i.WriteNote(type="observation", text="by maria"), seen=1), Accepted)
    assert isinstance(await sam.submit(i.WriteNote(type="observation", text="by sam")), Accepted)
    assert await first(maria, 5) == await first(sam, 5) == place.recorder.events
    assert [actor.name for actor in place.desk.actors] == ["maria", "sam"]
    assert place.desk.seen == [1, 0]
    await maria.close()
    assert isinstance(await sam.submit(i.WriteNote(type="observation", text="sam stays")), Accepted)


async def test_a_viewer_that_says_it_has_seen_more_than_there_is_is_told_so(place: Place) -> None:
    with pytest.raises(RoomClosed, match="there are 1 events: attach from the start"):
        await place.room(since=2)
    assert place.seats() == []


async def test_a_long_history_reaches_a_viewer_that_reads_slowly(place: Place) -> None:
    for _ in range(400):
        place.note("x" * 4000)
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION)))
    assert isinstance(await heard(reader), wire.Welcome)
    seen = 0
    while seen < len(place.recorder.events):
        message = await heard(reader)
        assert isinstance(message, wire.EventLine)
        seen += 1
        assert message.decoded().seq == seen
        await asyncio.sleep(0)
    writer.close()


NO_MESSAGES = {
    "not JSON": b"hello\n",
    "nothing": b"\n",
    "a list": b"[]\n",
    "no kind": b"{}\n",
    "another kind": b'{"msg":"shout"}\n',
    "no number": b'{"msg":"submit","intent":{"intent":"halt"}}\n',
    "an unknown intent": b'{"msg":"submit","id":1,"intent":{"intent":"format-disk"}}\n',
    "a wrong field": b'{"msg":"submit","id":1,"intent":{"intent":"halt","reason":7}}\n',
    "a number that cannot be": b'{"msg":"submit","id":1,"seen":-1,"intent":{"intent":"halt"}}\n',
    "not UTF-8": b'{"msg":"submit","id":1,"intent":{"intent":"halt","reason":"\xff"}}\n',
    "deep": b"[" * 100_000 + b"\n",
    "hello again": wire.encode(wire.Hello(version=wire.VERSION)),
    "too long": b'{"msg":"' + b"x" * (wire.LONGEST_UP + 10) + b"\n",
    "much too long": b"x" * (4 * wire.LONGEST_UP) + b"\n",
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
    assert complaint.id == (1 if b'"id":1' in line else None)
    assert "not a message" in caplog.text
    # The connection goes on.
    note = i.WriteNote(type="observation", text="still here")
    writer.write(wire.encode(wire.Submit(id=5, intent=note)))
    answers = [await heard(reader), await heard(reader)]
    assert wire.Answered(id=5, answer=Accepted(seq=3)) in answers
    writer.close()


async def test_a_flood_of_nonsense_fills_no_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = await place.seated()
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            writer.write(b"\n" * 100)
            for _ in range(100):
                assert isinstance(await heard(reader), wire.Complaint)
    assert 20 < len(caplog.records) < 40
    writer.close()


async def test_a_flood_of_nonsense_holds_nobody_up(place: Place) -> None:
    reader, writer = await place.seated()
    room = await place.room(name="maria")

    async def flood() -> None:
        while True:
            writer.write(b"\n" * 1000)
            await writer.drain()

    async def read() -> None:
        while await reader.readline():
            pass

    flooding, reading = asyncio.create_task(flood()), asyncio.create_task(read())
    for number in range(20):
        async with asyncio.timeout(1.0):
            answer = await room.submit(i.WriteNote(type="note", text=str(number)))
        assert isinstance(answer, Accepted)
    flooding.cancel()
    reading.cancel()
    writer.close()


async def test_an_intent_that_breaks_is_a_complaint_and_not_the_end(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    room = await place.room()
    with caplog.at_level(logging.ERROR), pytest.raises(RoomClosed, match=r"internal error.*only notes"):
        await room.submit(i.CleanUp())
    assert "only notes are taken here" in caplog.text
    assert "Traceback" in caplog.text
    assert isinstance(await room.submit(i.WriteNote(type="observation", text="on we go")), Accepted)


async def test_before_the_session_is_open_intents_are_refused_and_nobody_is_on_record(tmp_path: Path) -> None:
    place = Place(tmp_path / "s.sock")
    place.recorder.events.clear()
    place.recorder.lines.clear()
    await place.open()
    room = await place.room(name="maria")
    assert await room.submit(i.HaltAll()) == Refused(
        reason="the session is not open yet", hint="try again in a moment"
    )
    assert place.seats() == []
    place.note("the first event")
    await place.until(lambda: place.seats() == ["viewer-1 facilitator maria"])
    await place.close()
    assert not place.socket.exists()


GREETINGS = {
    "another version": (wire.encode(wire.Hello(version=wire.VERSION + 1)), "speaks version 1"),
    "an intent first": (wire.encode(wire.Submit(id=1, intent=i.HaltAll())), "speaks version 1"),
    "no message": (b"GET / HTTP/1.1\r\n", "say hello first"),
    "too long": (b"x" * (wire.LONGEST_UP + 10), "say hello first"),
    "no such seat": (b'{"msg":"hello","version":1,"seat":"pilot"}\n', "say hello first"),
    "a number that cannot be": (b'{"msg":"hello","version":1,"since":-1}\n', "say hello first"),
}


@pytest.mark.parametrize(("greeting", "reason"), GREETINGS.values(), ids=GREETINGS)
async def test_who_does_not_greet_as_agreed_is_told_why(place: Place, greeting: bytes, reason: str) -> None:
    reader, writer = await place.raw()
    writer.write(greeting)
    goodbye = await heard(reader)
    assert isinstance(goodbye, wire.Goodbye)
    assert reason in goodbye.reason
    assert await reader.read() == b""
    assert place.seats() == []
    writer.close()


async def test_who_says_nothing_is_sent_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "GREETING", 0.05)
    reader, writer = await place.raw()
    assert isinstance(await heard(reader), wire.Goodbye)
    writer.close()


async def test_the_end_of_the_session_ends_every_room_in_good_order(place: Place) -> None:
    room, onlooker = await place.room(), await place.room("audience")
    place.note("the last word")
    place.recorder.close()
    await place.server.close()
    async with asyncio.timeout(5.0):
        assert texts([event async for event in room.events()]) == ["the last word"]
        assert texts([event async for event in onlooker.events()]) == ["the last word"]
    with pytest.raises(RoomClosed, match="no host answers"):
        await place.room()


async def test_a_halt_is_answered_at_once_while_the_disk_hangs(tmp_path: Path) -> None:
    place = Place(tmp_path / "s.sock")
    place.bench.writer.hanging = True
    await place.open(conductor_for(place.bench))
    room = await place.room()
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await room.submit(i.HaltAll(reason="now"))
    assert loop.time() - began < 0.5
    assert isinstance(answer, Accepted)
    assert answer.note == "not yet on disk"
    await place.close()
