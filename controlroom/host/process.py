"""The life of a host: opens the session, serves it, sees it to its end, writes the record."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import controlroom
from controlroom.clock import Clock, ScaledClock, WallClock
from controlroom.conductor.conductor import LOST, Conductor
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import SessionClosed, SessionOpened, SessionResumed
from controlroom.core.hiding import Net
from controlroom.core.info import RoomInfo
from controlroom.core.plan import Bindings
from controlroom.core.values import changed
from controlroom.host.beginning import Beginning, begin
from controlroom.host.disk import RETELL, patiently, troubled
from controlroom.host.known import known_secrets
from controlroom.host.lab_process import FoundLab, LabLost, LabProcess, in_the_lab
from controlroom.host.log import host_log
from controlroom.host.means import close_means, means_for, unverified
from controlroom.host.order import LabOrder, Order, keep, kept
from controlroom.host.runtime import socket_path
from controlroom.host.server import Server
from controlroom.journal import report
from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.lock import SessionLock, SessionLocked
from controlroom.journal.reader import verify
from controlroom.journal.taking_up import TORN
from controlroom.journal.trouble import Trouble
from controlroom.journal.writer import JournalWriter
from controlroom.sources.lab import LabControl
from controlroom.tidying import Tidying

_log = logging.getLogger(__name__)

INTERRUPTED = "interrupted"


class Host:
    """One session in this process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._folder = SessionFolder(Path(order.folder))
        self._stack = contextlib.AsyncExitStack()
        self._running: asyncio.Task[Any] | None = None
        """What a signal cancels: the start, then the day."""
        self._host_file: HostFile | None = None
        self._kept: Order | None = None
        """What was written of our order for a host after us."""
        self._told: signal.Signals | None = None

    async def run(self) -> str:
        """Returns why the session was closed, once its record is written: `ended`, or what cut it short.

        SIGTERM and SIGINT end it in good order at any time. Raises what kept the session from opening.
        """
        with host_log(self._folder.log):
            return await self._live()

    async def _live(self) -> str:
        self._obey_signals()
        try:
            async with self._stack:
                begun = self._begin()
                try:
                    clock, bindings, control = await self._world(begun)
                except LabLost as lost:
                    return await self._close_lost(begun, str(lost))
                recorder = await self._record(begun, clock)
                server = await self._serve(begun, recorder)
                means = await means_for(
                    begun, bindings, self._folder, clock, control, insecure=self._order.insecure
                )
                self._stack.push_async_callback(close_means, means)
                conductor = Conductor(recorder, means, headless=self._order.headless)
                server.conduct(conductor)
                tidying = asyncio.create_task(_tidy(conductor))
                self._stack.callback(tidying.cancel)
                if begun.past is not None:
                    return await self._conduct(recorder, conductor.resume(halt=self._order.halt))
                return await self._conduct(recorder, conductor.run(self._opening(begun, bindings, clock)))
        except asyncio.CancelledError:
            if self._told is None:
                raise
            return INTERRUPTED

    def _begin(self) -> Beginning:
        """Takes the session for this host alone, and reads what it begins with."""
        self._lock = self._stack.enter_context(SessionLock(self._folder.path))
        begun = begin(self._order, self._folder)
        if begun.past is None:
            self._kept = changed(self._order, directory=str(begun.directory))
            keep(self._folder, self._kept)
            return begun
        self._folder.set_host(None)
        if begun.past.torn:
            _log.warning("%d bytes of an unfinished line were cut off; %s has them", begun.past.torn, TORN)
        if broken := verify(self._folder.journal):
            _log.warning("line %d of the journal: %s", broken[0].line, broken[0].why)
        return begun

    async def _record(self, begun: Beginning, clock: Clock) -> Recorder:
        """The log that is to be written: a new one, or that of a host before us, its gap marked."""
        net = Net(known_secrets(begun.plan, begun.bindings, os.environ))
        self._recorder = recorder = Recorder(clock, self._journal(asyncio.get_running_loop()), net)
        if begun.past is not None:
            gap = recorder.take_up(begun.past.events, begun.past.lines)
            torn = f"{begun.past.torn} bytes of an unfinished line were cut off" if begun.past.torn else ""
            note = "; ".join(filter(None, (gap.note, torn)))
            lax = (
                unverified(begun, begun.bindings, insecure=self._order.insecure) if begun.lab is None else ()
            )
            await recorder.resumed(SessionResumed(gap=gap.seconds, note=note, unverified=lax))
            _log.info("taken up after a gap of %.1f s", gap.seconds)
        return recorder

    async def _close_lost(self, begun: Beginning, why: str) -> str:
        """A rehearsal whose lab is gone cannot go on: its record is closed in good order."""
        assert begun.past is not None
        _log.error("%s: the session is closed", why)
        then = ScaledClock(begun.past.events[-1].at.timestamp(), 0.0)
        recorder = Recorder(then, self._journal(asyncio.get_running_loop()))
        self._recorder = recorder
        recorder.take_up(begun.past.events, begun.past.lines)
        await recorder.resumed(SessionResumed(gap=0.0, note=f"{why}: how long the gap was is not known"))
        await recorder.durably(SessionClosed(reason=LOST), patience=5.0)
        recorder.close()
        await self._report(recorder)
        return LOST

    def _obey_signals(self) -> None:
        """The first signal ends the session; while that goes on, another changes nothing."""
        loop = asyncio.get_running_loop()
        self._running = asyncio.current_task()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._end, name)

    def _end(self, told: signal.Signals) -> None:
        _log.info("told to end by %s", told.name)
        if self._told is None and self._running is not None:
            self._told = told
            self._running.cancel()

    async def _world(self, begun: Beginning) -> tuple[Clock, Bindings, LabControl | None]:
        """The clock and the addresses of the day: those of the plan, or a lab's. Raises LabLost."""
        if begun.lab is None:
            return WallClock(), begun.bindings, None
        process: LabProcess | FoundLab
        if begun.past is not None:
            process = FoundLab.find(self._folder.path)
            addresses = process.addresses
            self._stack.push_async_callback(process.stop)
        else:
            process = self._lab(begun, begun.lab)
            self._stack.push_async_callback(process.stop)
            addresses = await process.start()
        control = LabControl(addresses.control)
        self._stack.push_async_callback(control.close)
        clock = await control.start()
        watching = asyncio.create_task(self._watch_lab(process, control))
        self._stack.callback(watching.cancel)
        return clock, in_the_lab(begun.bindings, addresses), control

    def _lab(self, begun: Beginning, lab: LabOrder) -> LabProcess:
        plan = begun.plan
        cluster = plan.bindings.cluster
        rules = begun.path.parent / plan.rules if plan.rules else None
        return LabProcess(self._folder.path, lab, rules, cluster.context, cluster.namespaces[0])

    @staticmethod
    async def _watch_lab(process: LabProcess | FoundLab, control: LabControl) -> None:
        how = await process.ended()
        _log.error("the lab %s", how)
        control.ended(how)

    def _journal(self, loop: asyncio.AbstractEventLoop) -> JournalWriter:
        def tell(trouble: Trouble) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                loop.call_soon_threadsafe(self._record_trouble, trouble)

        writer = JournalWriter(self._folder.journal, tell)

        async def close() -> None:
            if not await asyncio.to_thread(writer.close):
                _log.error("the end of the journal could not be written to %s", self._folder.journal)

        self._stack.push_async_callback(close)
        return writer

    def _record_trouble(self, trouble: Trouble) -> None:
        _log.error("the record: %s", trouble.error or f"on disk again after {trouble.seconds:.1f} s")
        if self._recorder.state.status == "closed":
            return
        if not self._recorder.events:  # the session's opening comes first
            asyncio.get_running_loop().call_later(RETELL, self._record_trouble, trouble)
            return
        self._recorder.record(troubled(trouble))
        if not trouble.error:
            asyncio.get_running_loop().run_in_executor(None, self._put_back)

    def _put_back(self) -> None:
        """Where the folder is a new one, nobody would find the host. In a thread: it may not answer."""
        try:
            self._lock.take_back()
            if self._kept is not None and kept(self._folder) is None:
                keep(self._folder, self._kept)
            if self._host_file is not None and self._folder.host() is None:
                self._folder.set_host(self._host_file)
        except (OSError, SessionLocked) as error:
            _log.error("%s is not as it was: %s", self._folder.path, error)

    async def _serve(self, begun: Beginning, recorder: Recorder) -> Server:
        path = socket_path(self._folder.name)
        info = RoomInfo(session=self._folder.name, title=begun.plan.title, folder=str(self._folder.path))
        server = Server(path, info, recorder, begun.plan.access, after=len(recorder.events))
        await server.start()
        self._host_file = HostFile(pid=os.getpid(), socket=str(path), shared=str(server.shared or ""))
        await asyncio.to_thread(self._folder.set_host, self._host_file)
        self._stack.push_async_callback(self._leave, server)
        return server

    async def _leave(self, server: Server) -> None:
        self._host_file = None
        await server.close()
        await patiently(asyncio.to_thread(self._folder.set_host, None), "host.json could not be removed")

    async def _conduct(self, recorder: Recorder, life: Coroutine[None, None, None]) -> str:
        day = asyncio.create_task(life)
        self._running = day
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await day
        finally:
            await self._report(recorder)
        return recorder.state.closed_reason or INTERRUPTED

    async def _report(self, recorder: Recorder) -> None:
        if not recorder.events:
            return
        again = f"controlroom report {self._folder.name} writes it from the journal"
        await patiently(
            report.write(self._folder, recorder.events), f"the record could not be written; {again}"
        )

    def _opening(self, begun: Beginning, bindings: Bindings, clock: Clock) -> SessionOpened:
        lab = begun.lab
        return SessionOpened(
            session=self._folder.name,
            program=controlroom.__version__,
            plan=begun.plan,
            plan_text=begun.loaded.text,
            plan_hash=begun.loaded.hash,
            files=begun.loaded.files,
            bindings=_recorded(bindings) if lab else bindings,
            lab=lab is not None,
            seed=lab.seed if lab else None,
            rate=clock.rate,
            unverified=unverified(begun, bindings, insecure=self._order.insecure),
        )


async def _tidy(conductor: Conductor) -> None:
    """Looks for garbage while nobody waits for an answer; what is imported late is there by the first look."""
    tidying, time = Tidying(), asyncio.get_running_loop().time
    await asyncio.sleep(tidying.EVERY)
    tidying.begin()
    try:
        while True:
            tidying.pressed(conductor.asked_at)
            tidying.look(time())
            await asyncio.sleep(tidying.PAUSE)
    finally:
        tidying.end()


def _recorded(bindings: Bindings) -> Bindings:
    """The lab's kubeconfig lies in the session's folder, wherever that is taken later."""
    return changed(bindings, kubeconfig=Path(bindings.kubeconfig).name if bindings.kubeconfig else None)
