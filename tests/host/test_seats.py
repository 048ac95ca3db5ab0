"""Seats: who sits in the room, what they are called, what is refused to them, and that the record says so."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd

import pytest

from controlroom import wire
from controlroom.core import intents as i
from controlroom.core.events import NoteWritten, SessionClosed, encode_event
from controlroom.core.intents import Accepted, Refused
from controlroom.host import outlet as outlets
from controlroom.host import server as serving
from tests.host.place import Place, conductor_for, first, heard, opened, texts

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name


async def test_several_of_each_seat_and_the_record_says_who_came_and_went(place: Place) -> None:
    rooms = [
        await place.room("facilitator", "ann"),
        await place.room("facilitator", "ben"),
        await place.room("scribe", "sam"),
        await place.room("scribe", "sam"),
        await place.room("audience"),
        await place.room("audience", "the big screen"),
    ]
    assert [(room.info.seat, room.info.name) for room in rooms] == [
        ("facilitator", "ann"),
        ("facilitator", "ben"),
        ("scribe", "sam"),
        ("scribe", "sam-2"),
        ("audience", ACCOUNT),
        ("audience", "the big screen"),
    ]
    assert [room.info.viewer for room in rooms] == [f"viewer-{number}" for number in range(1, 7)]
    await rooms[2].close()
    await place.until(lambda: len(place.recorder.state.viewers) == 5)
    again = await place.room("scribe", "sam")
    assert (again.info.viewer, again.info.name) == ("viewer-7", "sam")
    assert place.seats() == [
        "viewer-1 facilitator ann",
        "viewer-2 facilitator ben",
        "viewer-3 scribe sam",
        "viewer-4 scribe sam-2",
        f"viewer-5 audience {ACCOUNT}",
        "viewer-6 audience the big screen",
        "viewer-3 left: left",
        "viewer-7 scribe sam",
    ]
    viewers = place.recorder.state.viewers
    assert {name: viewer.name for name, viewer in viewers.items()} == {
        "viewer-1": "ann",
        "viewer-2": "ben",
        "viewer-4": "sam-2",
        "viewer-5": ACCOUNT,
        "viewer-6": "the big screen",
        "viewer-7": "sam",
    }


async def test_a_name_cannot_carry_harm_into_the_record(place: Place) -> None:
    room = await place.room(name="\x1b[2Jann\nof the \u202esea" + "x" * 500)
    assert room.info.name.startswith("ann of the sea")
    assert len(room.info.name) == 60
    assert (await place.room(name=" \x1b[31m ")).info.name == ACCOUNT


async def test_the_record_ends_with_the_closing_whoever_leaves_afterwards(place: Place) -> None:
    room = await place.room(name="ann")
    place.recorder.record(SessionClosed(reason="ended"))
    await room.close()
    place.recorder.close()
    await place.server.close()
    assert place.seats() == ["viewer-1 facilitator ann"]
    assert isinstance(place.recorder.events[-1].body, SessionClosed)


REFUSED = [
    ("scribe", i.Start(experiment="pod-kill"), "the seat scribe may not ask for start"),
    ("scribe", i.NextPhase(), "the seat scribe may not ask for next-phase"),
    ("scribe", i.Reveal(experiment="pod-kill"), "the seat scribe may not ask for reveal"),
    ("audience", i.HaltAll(), "the seat audience only looks on"),
    ("audience", i.WriteNote(type="note", text="hello"), "the seat audience only looks on"),
]


@pytest.mark.parametrize(("seat", "intent", "reason"), REFUSED)
async def test_what_a_seat_may_not_is_refused_with_its_name_and_logged(
    place: Place, seat: str, intent: i.Intent, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    room = await place.room(seat, "sam")  # type: ignore[arg-type]
    before = len(place.recorder.events)
    with caplog.at_level(logging.WARNING):
        assert await room.submit(intent) == Refused(reason=reason)
    assert f"({seat} sam) was refused: {reason}" in caplog.text
    assert len(place.recorder.events) == before
    # The connection goes on.
    place.note("on we go")
    while texts(await first(room, 1)) != ["on we go"]:
        pass


async def test_a_scribe_writes_and_halts() -> None:
    async with opened() as place:
        place.server.conduct(conductor_for(place.bench))
        room = await place.room("scribe", "sam")
        answer = await room.submit(i.WriteNote(type="decision", text="we go on"))
        assert isinstance(answer, Accepted)
        event = place.recorder.events[answer.seq - 1]
        assert isinstance(event.body, NoteWritten)
        assert (event.actor.role, event.actor.name) == ("scribe", "sam")
        assert isinstance(await room.submit(i.HaltAll(reason="stop it")), Accepted)
        assert place.recorder.state.locked


async def test_an_audience_counts_in_numbers_of_its_own_and_waits_for_nothing_in_vain(place: Place) -> None:
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat="audience")))
    welcome = await heard(reader)
    assert isinstance(welcome, wire.Welcome)
    assert (welcome.head, welcome.info.folder) == (1, "")
    await place.room(name="ann")  # on record, and nothing that an audience would see
    place.note("one")
    place.note("two")
    lines = [await heard(reader) for _ in range(3)]
    events = [line.decoded() for line in lines if isinstance(line, wire.EventLine)]
    assert [event.seq for event in events] == [1, 2, 3]
    assert texts(events) == ["one", "two"]
    assert all(event.prev == "" for event in events)
    # Coming back, it says how many it had.
    room = await place.room("audience", since=2)
    assert texts(await first(room, 1)) == ["two"]
    writer.close()


async def test_all_audiences_are_given_the_same_lines(place: Place) -> None:
    early = await place.room("audience")
    for number in range(500):
        place.note(str(number))
    late = await place.room("audience")
    place.note("the last")
    assert await first(early, 502) == await first(late, 502)
    projected = place.server._audience.lines
    assert [encode_event(event) for event in await first(await place.room("audience"), 502)] == projected


async def test_a_view_of_the_audience_that_fails_ends_it_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_event: object) -> list[object]:
        raise ValueError("planted")

    ann = await place.room(name="ann")
    monkeypatch.setattr(place.server._audience._audience, "take", fail)
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat="audience")))
    assert isinstance(await heard(reader), wire.Welcome)
    goodbye = await heard(reader)
    assert isinstance(goodbye, wire.Goodbye) and "planted" not in goodbye.reason
    assert "planted" in caplog.text
    place.note("on we go")
    assert isinstance(await ann.submit(i.WriteNote(type="note", text="hello")), Accepted)
    writer.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "SLOW", 0.3)
    monkeypatch.setattr(outlets, "GRACE", 0.05)
    monkeypatch.setattr(serving, "LOOK", 0.02)


@pytest.mark.usefixtures("impatient")
async def test_a_viewer_that_takes_nothing_is_dropped_and_the_others_notice_nothing() -> None:
    async with opened() as place:
        _, deaf = await place.raw()
        deaf.transport.pause_reading()  # type: ignore[attr-defined]
        deaf.write(wire.encode(wire.Hello(version=wire.VERSION, name="deaf")))
        await place.until(lambda: place.seats() == ["viewer-1 facilitator deaf"])
        room = await place.room(name="ann")
        for _ in range(600):
            place.note("x" * 4000)
        assert len(texts(await first(room, 603))) == 600
        await place.until(lambda: "viewer-1 left: dropped: it took nothing for 0.3 s" in place.seats())
        assert "viewer-2" in place.recorder.state.viewers
        deaf.close()


@pytest.mark.usefixtures("impatient")
async def test_the_memory_for_a_viewer_that_reads_nothing_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlets, "SLOW", 60.0)
    async with opened() as place:
        _, deaf = await place.raw()
        deaf.transport.pause_reading()  # type: ignore[attr-defined]
        deaf.write(wire.encode(wire.Hello(version=wire.VERSION)))
        await place.until(lambda: place.seats() != [])
        room = await place.room(name="ann")
        for _ in range(2000):
            place.note("x" * 4000)
        await first(room, 2003)
        (viewer,) = (own for own in place.server._viewers if own.person.viewer == "viewer-1")
        waiting = viewer.outlet._writer.transport.get_write_buffer_size()
        assert 0 < waiting < 512 * 1024
        deaf.close()


@pytest.mark.usefixtures("impatient")
async def test_a_dropped_viewer_that_reads_on_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "GRACE", 10.0)
    async with opened() as place:
        reader, writer = await place.seated()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(500):
            place.note("x" * 4000)
        await place.until(lambda: "viewer-1 left: dropped: it took nothing for 0.3 s" in place.seats())
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        while isinstance(message := await heard(reader), wire.EventLine):
            pass
        assert message == wire.Goodbye(reason="dropped: it took nothing for 0.3 s")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.usefixtures("impatient")
async def test_a_dropped_viewer_comes_back_by_itself_without_loss() -> None:
    async with opened() as place:
        room = await place.room(name="ann")
        await first(room, 2)
        transport = room._link._reader._transport  # type: ignore[union-attr, attr-defined]
        transport.pause_reading()
        for number in range(1000):
            place.note(f"{number} " + "x" * 4000)
        await place.until(lambda: any("dropped" in line for line in place.seats()))
        transport.resume_reading()
        found: list[str] = []
        while len(found) < 1000:
            found += texts(await first(room, 1))
        assert [text.split()[0] for text in found] == [str(number) for number in range(1000)]
        await place.until(lambda: "viewer-2 facilitator ann" in place.seats())


async def test_what_was_asked_is_done_though_nobody_waits_for_the_answer(place: Place) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    class Slow:
        async def submit(self, intent: i.Intent, actor: object, seen: int = 0) -> Accepted:
            begun.set()
            await gate.wait()
            place.note("done all the same")
            return Accepted(seq=1)

    place.server.conduct(Slow())  # type: ignore[arg-type]
    _, writer = await place.seated()
    writer.write(wire.encode(wire.Submit(id=1, intent=i.NextPhase())))
    await begun.wait()
    writer.close()
    await place.until(lambda: any("left" in line for line in place.seats()))
    gate.set()
    await place.until(lambda: texts(place.recorder.events) == ["done all the same"])
