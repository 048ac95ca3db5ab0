"""The sockets of a host: viewers come and go, the session does not notice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from controlroom import wire
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import Actor
from controlroom.core.info import RoomInfo
from controlroom.core.intents import Answer, Intent, Refused
from controlroom.core.plan import Access
from controlroom.core.values import changed
from controlroom.host import outlet as outlets
from controlroom.host.access import Door, Peer, peer_of
from controlroom.host.grumbles import Grumbles
from controlroom.host.outlet import Outlet
from controlroom.host.roster import Roster
from controlroom.host.runtime import SharedFolder
from controlroom.host.streams import ForAudience, Stream, Whole
from controlroom.host.viewer import Person, Viewer

_log = logging.getLogger(__name__)

GREETING = 10.0
"""Real seconds in which a viewer must say hello."""
FAREWELL = 2.0
"""Real seconds that viewers have at the end of the session for what they have not read yet."""
LOOK = 1.0
"""Real seconds between two looks for viewers that take nothing."""
MOST_GUESTS = 32
"""Connections of other accounts at one time."""
GUESTS_A_MINUTE = 60
"""Seats that other accounts may take in a minute: each is on record, and the disk is not theirs to fill."""


class Unwelcome(Exception):
    """Why somebody is sent away before taking a seat."""


class Acting(Protocol):
    """Who acts on intents: the conductor."""

    async def submit(self, intent: Intent, actor: Actor, seen: int = 0) -> Answer: ...


class Server:
    """Serves one session to its viewers."""

    def __init__(
        self,
        path: Path,
        info: RoomInfo,
        recorder: Recorder,
        access: Access | None = None,
        after: int = 0,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        """`after`: events that were recorded before this host took the session up. Raises NoSuchGroup."""
        self._path = path
        self._info = info
        self._recorder = recorder
        self._real = real
        self._door = Door(access)
        self._roster = Roster(recorder, after)
        self._grumbles = Grumbles(_log)
        self._whole = Whole(recorder)
        self._audience = ForAudience(recorder)
        self._conductor: Acting | None = None
        self._servers: list[asyncio.Server] = []
        self._shared: SharedFolder | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._viewers: set[Viewer] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._guests = 0
        self._arrivals: list[float] = []
        self._watching: asyncio.Task[None] | None = None

    @property
    def shared(self) -> Path | None:
        """The socket that the plan's group may reach; None: there is none."""
        return self._shared.socket if self._shared else None

    async def start(self) -> None:
        """Raises NoRuntimeFolder where the group's socket has no safe place."""
        self._path.unlink(missing_ok=True)
        self._servers.append(await self._listen_at(self._path))
        self._path.chmod(0o600)
        if self._door.group is not None:
            self._shared = SharedFolder(self._info.session, self._door.group)
            self._servers.append(await self._listen_at(self._shared.socket))
            self._shared.open()
        self._watching = asyncio.create_task(self._watch())

    async def _listen_at(self, path: Path) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connected, path, limit=wire.LONGEST_UP)

    def conduct(self, conductor: Acting) -> None:
        """From now on intents are taken."""
        self._conductor = conductor

    async def close(self) -> None:
        """Every viewer that reads has had every event; the sockets are gone."""
        for server in self._servers:
            server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=FAREWELL)
        leaving = [*self._connections, *self._answering]
        if self._watching is not None:
            leaving.append(self._watching)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        self._audience.close()
        self._grumbles.close()
        self._path.unlink(missing_ok=True)
        if self._shared is not None:
            self._shared.close()

    async def _watch(self) -> None:
        """Sends away who takes nothing: its memory is bounded, but nobody should think that it sees the room."""
        while True:
            await asyncio.sleep(LOOK)
            for viewer in self._viewers:
                if viewer.outlet.stuck():
                    viewer.drop(f"dropped: it took nothing for {outlets.SLOW:g} s")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        outlet = Outlet(writer, self._real)
        try:
            await self._converse(reader, writer, outlet)
            await outlet.close(reader)
        except (ConnectionError, EOFError) as error:
            self._grumbles.say(f"a connection was lost: {error}", logging.INFO)
        except asyncio.CancelledError:
            _log.info("a viewer was sent away at the end")
        except Exception as error:
            self._grumbles.say(f"a conversation with a viewer failed: {error!r}", logging.ERROR, error)
        finally:
            self._connections.discard(task)
            outlet.abort()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, outlet: Outlet
    ) -> None:
        peer = peer_of(writer.get_extra_info("socket"))
        guest = not self._door.own(peer)
        self._guests += guest
        try:
            hello, person = await self._greet(peer, reader)
        except Unwelcome as reason:
            self._grumbles.say(f"uid {peer.uid} was sent away: {reason}", logging.INFO)
            outlet.say(wire.Goodbye(reason=str(reason)))
        else:
            await self._seat(hello, person, guest, reader, outlet)
        finally:
            self._guests -= guest

    async def _greet(self, peer: Peer, reader: asyncio.StreamReader) -> tuple[wire.Hello, Person]:
        """What it said, and who it is from now on. Raises :class:`Unwelcome`."""
        if why := self._door.stranger(peer):
            raise Unwelcome(why)
        guest = not self._door.own(peer)
        if guest and self._guests > MOST_GUESTS:
            raise Unwelcome("there are as many viewers as there may be")
        try:
            async with asyncio.timeout(GREETING):
                hello = wire.decode_up(await reader.readline())
        except TimeoutError as error:
            raise Unwelcome(f"say hello within {GREETING:g} s") from error
        except ValueError as error:
            raise Unwelcome(f"say hello first: {error}") from error
        if not isinstance(hello, wire.Hello) or hello.version != wire.VERSION:
            raise Unwelcome(f"this host speaks version {wire.VERSION}")
        if why := self._door.barred(peer, hello.seat):
            raise Unwelcome(why)
        if guest and not self._may_arrive():
            raise Unwelcome("too many seats were taken in the last minute: try again in a moment")
        # Threads may all be waiting for a disk that hangs; the account itself comes in without one.
        name = (
            await asyncio.to_thread(self._door.name, peer, hello.name)
            if guest
            else self._door.name(peer, hello.name)
        )
        return hello, self._roster.seat(hello.seat, name)

    def _may_arrive(self) -> bool:
        now = self._real()
        self._arrivals = [at for at in self._arrivals if now - at < 60.0]
        if len(self._arrivals) >= GUESTS_A_MINUTE:
            return False
        self._arrivals.append(now)
        return True

    async def _seat(
        self, hello: wire.Hello, person: Person, guest: bool, reader: asyncio.StreamReader, outlet: Outlet
    ) -> None:
        """From the welcome to the leaving."""
        reason = "left"
        stream: Stream = self._audience if person.seat == "audience" else self._whole
        try:
            await stream.caught_up()
            if hello.since > len(stream.lines):
                outlet.say(
                    wire.Goodbye(reason=f"there are {len(stream.lines)} events: attach from the start")
                )
                return
            outlet.say(self._welcome(person, guest, len(stream.lines)))
            self._roster.announce(person)
            viewer = Viewer(person, reader, outlet, self._act, self._grumbles, self._answering)
            self._viewers.add(viewer)
            try:
                reason = await viewer.stay(stream, hello.since)
            finally:
                self._viewers.discard(viewer)
        finally:
            self._roster.leave(person, reason)

    def _welcome(self, person: Person, guest: bool, head: int) -> wire.Welcome:
        """The folder is for those who can look into it, and its name holds that of the plan."""
        hidden = guest or person.seat == "audience"
        info = changed(
            self._info,
            seat=person.seat,
            viewer=person.viewer,
            name=person.name,
            folder="" if hidden else self._info.folder,
            shared="" if hidden else str(self.shared or ""),
        )
        return wire.Welcome(version=wire.VERSION, info=info, head=head)

    async def _act(self, message: wire.Submit, actor: Actor) -> Answer:
        if self._conductor is None or not self._roster.open:
            return Refused(reason="the session is not open yet", hint="try again in a moment")
        return await self._conductor.submit(message.intent, actor, message.seen)
