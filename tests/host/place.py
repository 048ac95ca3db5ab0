"""A host's socket with an open session behind it, for tests that speak to it over bare sockets or rooms."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from controlroom import wire
from controlroom.conductor.conductor import Conductor, Means
from controlroom.core import intents as i
from controlroom.core.events import Actor, Event, NoteWritten, SeatLeft, SeatTaken
from controlroom.core.info import RoomInfo, Seat
from controlroom.core.intents import Accepted, Answer, Intent
from controlroom.core.plan import Access
from controlroom.host.server import Acting, Server
from controlroom.room.attached import AttachedRoom, attach
from controlroom.sources.load import NoLoad
from tests.conductor.fakes import Bench, FakeAlerts

PATIENCE = 10.0
"""Real seconds after which something that should happen has not."""


class Desk:
    """Takes notes, and nothing else, in place of a conductor."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.actors: list[Actor] = []
        self.seen: list[int] = []

    async def submit(self, intent: Intent, actor: Actor, seen: int = 0) -> Answer:
        if not isinstance(intent, i.WriteNote):
            raise ValueError("only notes are taken here")
        self.actors.append(actor)
        self.seen.append(seen)
        body = NoteWritten(note=f"note-{len(self.actors)}", type=intent.type, text=intent.text)
        return Accepted(seq=self._bench.recorder.record(body, actor=actor).seq)


def conductor_for(bench: Bench) -> Conductor:
    """A real one, over the bench's fakes."""
    means = Means(
        metrics=bench.metrics,
        alerts=FakeAlerts(),
        cluster=bench.cluster,
        load=NoLoad(),
        read_plan=lambda text: bench.loaded,
    )
    return Conductor(bench.recorder, means)


class Place:
    """A server with an open session of one event."""

    def __init__(self, socket: Path, access: Access | None = None) -> None:
        self.bench = Bench()
        self.recorder = self.bench.recorder
        self.socket = socket
        self.desk = Desk(self.bench)
        info = RoomInfo(session="day", title="A day", folder="/sessions/day")
        self.server = Server(socket, info, self.recorder, access)
        self._rooms: list[AttachedRoom] = []

    async def open(self, acting: Acting | None = None) -> None:
        await self.server.start()
        self.server.conduct(acting or self.desk)

    async def close(self) -> None:
        for room in self._rooms:
            await room.close()
        self.recorder.close()
        await self.server.close()

    def note(self, text: str) -> None:
        self.recorder.record(NoteWritten(note="note", type="observation", text=text))

    async def room(self, seat: Seat = "facilitator", name: str = "", since: int = 0) -> AttachedRoom:
        """A viewer; it leaves when the place is closed."""
        found = await attach(self.socket, seat=seat, name=name, since=since)
        self._rooms.append(found)
        return found

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.socket, limit=wire.LONGEST_DOWN)

    async def seated(self, seat: Seat = "facilitator") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A viewer over a bare connection that has been welcomed, and told of everything that it may see."""
        reader, writer = await self.raw()
        writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat=seat)))
        welcome = await heard(reader)
        assert isinstance(welcome, wire.Welcome), welcome
        for _ in range(welcome.head + (seat != "audience")):  # its own seat is one event more
            assert isinstance(await heard(reader), wire.EventLine)
        return reader, writer

    async def until(self, what: Callable[[], bool]) -> None:
        """Waits for the event after which `what` is so."""
        async with asyncio.timeout(PATIENCE):
            while not what():
                await self.recorder.changed()

    def seats(self) -> list[str]:
        """What the record says of who came and went."""
        found = []
        for event in self.recorder.events:
            match event.body:
                case SeatTaken(viewer=viewer, seat=seat, name=name):
                    found.append(f"{viewer} {seat} {name}")
                case SeatLeft(viewer=viewer, reason=reason):
                    found.append(f"{viewer} left: {reason}")
        return found


@contextlib.asynccontextmanager
async def opened(access: Access | None = None) -> AsyncIterator[Place]:
    # A short path: an address of a Unix socket has at most 108 bytes.
    with tempfile.TemporaryDirectory(prefix="place-") as folder:
        place = Place(Path(folder) / "s", access)
        await place.open()
        try:
            yield place
        finally:
            await place.close()


async def heard(reader: asyncio.StreamReader) -> wire.Down:
    async with asyncio.timeout(PATIENCE):
        return wire.decode_down(await reader.readline())


async def first(room: AttachedRoom, number: int) -> list[Event]:
    """The next events."""
    found: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        async for event in room.events():
            found.append(event)
            if len(found) == number:
                break
    return found


def texts(events: list[Event]) -> list[str]:
    """Of the notes among them."""
    return [event.body.text for event in events if isinstance(event.body, NoteWritten)]
