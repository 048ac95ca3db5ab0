"""A host's socket with a conductor that does what a test says."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import Actor, NoteWritten
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Accepted, Answer, Intent, Refused, WriteNote
from controlroom.host.server import Server
from tests.conductor.fakes import MemoryWriter
from tests.journal.books import opening


class StubConductor:
    """Notes are written, everything else is refused; `gate` keeps the answers back while it is closed."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.asked: list[tuple[Intent, Actor]] = []
        self.arrived: asyncio.Queue[Intent] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()

    async def submit(self, intent: Intent, actor: Actor, seen: int = 0) -> Answer:
        self.asked.append((intent, actor))
        self.arrived.put_nowait(intent)
        await self.gate.wait()
        if not isinstance(intent, WriteNote):
            return Refused(reason="not today", hint="write a note")
        if intent.text == "trip":
            raise RuntimeError("tripped")
        event = self.recorder.record(NoteWritten(note="n", type=intent.type, text=intent.text), actor=actor)
        return Accepted(seq=event.seq)


class House:
    """A session of one event, served."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.recorder = Recorder(HeldClock(), MemoryWriter())
        self.conductor = StubConductor(self.recorder)
        self.server = Server(
            socket, RoomInfo(session="s", title="A day", folder="/sessions/s"), self.recorder
        )

    async def open(self) -> None:
        self.recorder.record(opening())
        await self.server.start()
        self.server.conduct(self.conductor)

    def cut(self) -> None:
        """Every connection breaks; the host lives on."""
        for viewer in self.server._viewers:
            viewer.outlet.abort()

    async def die(self) -> None:
        """The host is gone without a word."""
        for server in self.server._servers:
            server.close()
        self.socket.unlink()
        self.cut()

    def note(self, text: str) -> None:
        self.recorder.record(NoteWritten(note="n", type="note", text=text))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    # A short path: an address of a Unix socket has at most 108 bytes.
    with tempfile.TemporaryDirectory(prefix="room-") as folder:
        house = House(Path(folder) / "s")
        await house.open()
        yield house
        house.recorder.close()
        await house.server.close()
