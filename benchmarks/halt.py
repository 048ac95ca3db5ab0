"""Halt of fifty active experiments: from the key to the last of fifty deletions, against a single deletion.

The cluster and the host are real processes on loopback. A single deletion is that of a stop in the same run, from the
key (the intent on its way to the host) until the room knows that its object is gone: the record on disk, the request,
the answer. Bounds: the last of the fifty is at the API server within five times that, and within 250 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faulty import TYPED, write_plan
from controlroom.core import intents as i
from controlroom.core.events import Event
from controlroom.core.fold import apply
from controlroom.core.intents import Accepted, IntentBase
from controlroom.core.state import State
from controlroom.host.launch import await_host, launch
from controlroom.host.order import Order
from controlroom.journal.folder import create
from controlroom.room.attached import AttachedRoom, attach

FAULTS, SINGLES = 50, 9
SETTLED = 3.0
"""Real seconds that the faults have acted before the key; the host has connections ready for their deletion by then."""
RATIO, MOST = 5.0, 0.250


class Viewer:
    """A facilitator's screen without the screen."""

    def __init__(self, room: AttachedRoom) -> None:
        self.room, self.state = room, State()
        self._news = asyncio.Condition()

    async def follow(self) -> None:
        async for event in self.room.events():
            await self._take(event)

    async def _take(self, event: Event) -> None:
        self.state = apply(self.state, event)
        async with self._news:
            self._news.notify_all()

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60.0), self._news:
            await self._news.wait_for(what)

    async def do(self, intent: IntentBase) -> float:
        """The moment of the key, monotonic."""
        pressed = time.monotonic()
        answer = await self.room.submit(intent)  # type: ignore[arg-type]
        assert isinstance(answer, Accepted), answer
        return pressed


class ServerProcess:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def deletions(self) -> list[tuple[str, float]]:
        """Those that came since they were asked for last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return [(name, at) for name, at in json.loads(await self._process.stdout.readline())]


@contextlib.asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[ServerProcess]:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "benchmarks.faulty", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield ServerProcess(process)
    finally:
        process.stdin.close()
        await process.wait()


async def _start(viewer: Viewer, names: list[str]) -> None:
    for name in names:
        await viewer.do(i.Start(experiment=name, typed=TYPED, reason="a benchmark"))
    await viewer.until(lambda: all(_state(viewer, name) == "active" for name in names))


def _state(viewer: Viewer, name: str) -> str:
    run = viewer.state.latest_run(name)
    return run.state if run else ""


async def _measure(viewer: Viewer, server: ServerProcess) -> bool:
    following = asyncio.create_task(viewer.follow())
    await viewer.until(lambda: viewer.state.plan is not None)
    for _ in ("baseline", "inject"):
        await viewer.do(i.NextPhase())
    names = [f"fault-{number:02}" for number in range(1, FAULTS + 1)]
    singles: list[float] = []
    sent: list[float] = []
    for name in names[:SINGLES]:
        await _start(viewer, [name])
        run = viewer.state.latest_run(name)
        assert run is not None
        pressed = await viewer.do(i.Stop(run=run.id))
        await viewer.until(lambda name=name: _state(viewer, name) == "ended")  # type: ignore[misc]
        singles.append(time.monotonic() - pressed)
        ((_, at),) = await server.deletions()
        sent.append(at - pressed)
    await _start(viewer, names)
    await asyncio.sleep(SETTLED)
    pressed = await viewer.do(i.HaltAll())
    await viewer.until(lambda: bool(viewer.state.halts) and viewer.state.halts[-1].finished is not None)
    came = sorted(at - pressed for _, at in await server.deletions())
    proofs = len(viewer.state.halts[-1].proofs)
    following.cancel()
    await viewer.room.close()
    single, last = statistics.median(singles), came[-1]
    fine = len(came) == FAULTS == proofs and last <= RATIO * single and last <= MOST
    print(
        f"a single deletion, key to gone: {single * 1000:.1f} ms (median of {SINGLES}; its request after "
        f"{statistics.median(sent) * 1000:.1f}); halt of {FAULTS}, key to request: first {came[0] * 1000:.1f} ms, "
        f"last {last * 1000:.1f} ms  {last / single:4.2f}×  {'within' if fine else 'OVER'} {RATIO:g}× and "
        f"{MOST * 1000:.0f} ms; {proofs} proofs"
    )
    return fine


async def _run(place: Path) -> bool:
    async with cluster(place) as server:
        plan = write_plan(place, FAULTS)
        folder = create(place / "sessions", "halt", datetime.now(UTC))
        os.environ["KUBECONFIG"] = str(place / "kubeconfig")
        process = launch(Order(plan=str(plan), folder=str(folder.path)))
        try:
            found = await asyncio.to_thread(await_host, process, folder)
            return await _measure(Viewer(await attach(Path(found.socket), name="benchmark")), server)
        finally:
            process.terminate()
            await asyncio.to_thread(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> bool:
    before = dict(os.environ)
    try:
        with tempfile.TemporaryDirectory(prefix="halt-") as place:
            return asyncio.run(_run(Path(place)))
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
