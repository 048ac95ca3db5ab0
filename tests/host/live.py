"""A host in a process of its own with a lab, and a viewer that folds what it is told, as a screen does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from controlroom.clock import ScaledClock
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event, Samples, SessionOpened
from controlroom.core.fold import apply
from controlroom.core.intents import Accepted, Answer, IntentBase
from controlroom.core.state import State
from controlroom.host.launch import await_host, launch
from controlroom.host.order import LabOrder, Order
from controlroom.journal.folder import SessionFolder, create
from controlroom.room.attached import AttachedRoom, attach
from controlroom.shipped import shipped

SEED = shipped("experiments") / "inventory-service-failure.yaml"

PATIENCE = 40.0
"""Real seconds after which something that should happen has not."""


@dataclass
class Viewer:
    """An attached room and its fold."""

    room: AttachedRoom
    events: list[Event] = field(default_factory=list)
    state: State = field(default_factory=State)
    columns: Columns | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _following: asyncio.Task[None] | None = None
    _ended: bool = False

    @property
    def view(self) -> View:
        assert self.columns is not None
        return View(self.state, self.columns)

    def follow(self) -> None:
        self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        try:
            await self._fold()
        finally:
            async with self._news:
                self._ended = True
                self._news.notify_all()

    async def _fold(self) -> None:
        async for event in self.room.events():
            body = event.body
            if isinstance(body, SessionOpened):
                self.columns = Columns(len(body.plan.metrics), round(body.plan.sampling.step))
            elif isinstance(body, Samples) and self.columns is not None:
                self.columns.absorb(body)
            self.state = apply(self.state, event)
            self.events.append(event)
            async with self._news:
                self._news.notify_all()

    async def until(self, what: Callable[[], bool], within: float = PATIENCE) -> None:
        """Waits for the event after which `what` is so; raises what ended the connection before."""
        async with self._news:
            async with asyncio.timeout(within):
                await self._news.wait_for(lambda: what() or self._ended)
        if not what():
            await self.over()
            raise AssertionError("the session ended before")

    async def ask(self, intent: IntentBase) -> Answer:
        return await self.room.submit(intent)  # type: ignore[arg-type]

    async def do(self, intent: IntentBase) -> Accepted:
        """What must be accepted; returns when its event has arrived."""
        answer = await self.ask(intent)
        assert isinstance(answer, Accepted), answer
        await self.until(lambda: self.state.seq >= answer.seq)
        return answer

    async def over(self, within: float = PATIENCE) -> None:
        """Waits for the end of the session; a lost connection is raised."""
        assert self._following is not None
        async with asyncio.timeout(within):
            await self._following

    async def leave(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self.room.close()


@dataclass
class LiveHost:
    """A host's process, its session's folder, and the lab behind it."""

    folder: SessionFolder
    process: subprocess.Popen[bytes]
    socket: Path
    viewers: list[Viewer] = field(default_factory=list)

    async def viewer(self, since: int = 0) -> Viewer:
        """A new viewer that has been told of the opening."""
        found = Viewer(await attach(self.socket, name="maria", since=since))
        self.viewers.append(found)
        found.follow()
        if not since:
            await found.until(lambda: found.state.status == "open")
        return found

    async def ended(self, within: float = PATIENCE) -> int:
        """Exit code of the host, once it has ended."""
        return await asyncio.to_thread(self.process.wait, within)

    def lab_pid(self) -> int:
        """The lab is the one child of a host."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 1, children
        return int(children[0])

    async def close(self) -> None:
        for viewer in self.viewers:
            await viewer.leave()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await self.ended()
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise


def order_for(folder: SessionFolder, *, rate: float = 60.0, headless: bool = False, seed: int = 7) -> Order:
    """A rehearsal of the seed's plan."""
    lab = LabOrder(seed=seed, rate=rate)
    return Order(plan=str(SEED), folder=str(folder.path), lab=lab, headless=headless)


def fresh_folder(place: Path) -> SessionFolder:
    return create(place, "day", datetime.now(UTC))


@contextlib.asynccontextmanager
async def live_host(place: Path, *, rate: float = 60.0, headless: bool = False) -> AsyncIterator[LiveHost]:
    """A host that listens; ended with its lab, whatever the test did."""
    folder = fresh_folder(place)
    process = launch(order_for(folder, rate=rate, headless=headless))
    try:
        found = await asyncio.to_thread(await_host, process, folder)
    except BaseException:
        process.kill()
        raise
    host = LiveHost(folder, process, Path(found.socket))
    try:
        yield host
    finally:
        await host.close()


class Troubles:
    """What a test makes go wrong with the lab of a viewer's session, over the lab's own address."""

    def __init__(self, viewer: Viewer) -> None:
        opened = viewer.state.opened
        assert opened is not None
        assert opened.bindings.lab is not None
        self.bindings = opened.bindings
        self._http = httpx.AsyncClient(trust_env=False, timeout=20.0)
        self._control = opened.bindings.lab

    async def put(self, server: str, **trouble: object) -> None:
        answer = await self._http.put(f"{self._control}/trouble/{server}", json=trouble)
        answer.raise_for_status()

    async def get(self, url: str, **parameters: str | float) -> object:
        answer = await self._http.get(url, params=parameters)
        answer.raise_for_status()
        return answer.json()

    async def post(self, url: str, body: object) -> object:
        answer = await self._http.post(url, json=body)
        answer.raise_for_status()
        return answer.json()

    async def later(self, seconds: float) -> None:
        """Waits until the lab's clock is `seconds` of session time further; the room may have nothing to tell."""
        now, rate = await self._clock()
        until, clock = now + seconds, ScaledClock(now, rate)
        while (left := until - await self.now()) > 0:
            await clock.sleep(left)

    async def now(self) -> float:
        """Unix seconds of session time."""
        return (await self._clock())[0]

    async def _clock(self) -> tuple[float, float]:
        answer = await self._http.get(f"{self._control}/clock")
        told = answer.json()
        return float(told["now"]), float(told["rate"])

    async def close(self) -> None:
        await self._http.aclose()


def gone(pid: int) -> bool:
    """The process is no more, or only its parent has not yet looked."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
