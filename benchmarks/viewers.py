"""A room full of viewers: does the facilitator's answer come later, and does the host's memory stay bounded?

A rehearsal on a host of its own. In turn one viewer, the facilitator, and 20 of them: 14 that read, 5 that read
nothing, and the facilitator, who writes notes; each is answered when it is on disk. The 99th percentile with 20
viewers against that with one, of the same run; and what the host's memory grew by, against what the log did.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from controlroom import wire
from controlroom.core.intents import Accepted, WriteNote
from controlroom.host.launch import await_host, launch
from controlroom.host.order import LabOrder, Order
from controlroom.journal.folder import SessionFolder, create
from controlroom.room.attached import AttachedRoom, attach
from controlroom.shipped import shipped

ROUNDS, NOTES = 6, 150
READING, DEAF = 14, 5
BOUND = 1.5
EACH = 1.0
"""MiB that the host may have for a viewer, beside the log."""
LONG = "x" * 3000
"""Notes of some length: what nobody reads fills its buffers within the first round."""


def crowd(address: str) -> None:
    """`python -m benchmarks.viewers ADDRESS`: the 19 others, until standard input ends."""
    deaf = [socket.socket(socket.AF_UNIX) for _ in range(DEAF)]
    for one in deaf:
        one.connect(address)
        one.sendall(wire.encode(wire.Hello(version=wire.VERSION, seat="scribe", name="deaf")))

    async def read(seat: str) -> None:
        reader, writer = await asyncio.open_unix_connection(address, limit=wire.LONGEST_DOWN)
        writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat=seat)))  # type: ignore[arg-type]
        while await reader.read(1 << 16):
            pass

    async def run() -> None:
        reading = [asyncio.create_task(read("audience" if n % 2 else "scribe")) for n in range(READING)]
        await asyncio.to_thread(sys.stdin.read)
        for task in reading:
            task.cancel()

    asyncio.run(run())


@contextlib.asynccontextmanager
async def crowded(address: Path, room: AttachedRoom) -> AsyncIterator[None]:
    """While the others are in the room."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.viewers", str(address), stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    await asyncio.sleep(2.0)  # they come in, and read what has been
    try:
        yield
    finally:
        process.stdin.close()
        await process.wait()
        await asyncio.sleep(1.0)


async def notes(room: AttachedRoom) -> list[float]:
    """Seconds from the sending of each note to its answer."""
    found = []
    for number in range(NOTES):
        began = time.perf_counter()
        answer = await room.submit(WriteNote(type="note", text=f"{number} {LONG}"))
        found.append(time.perf_counter() - began)
        assert isinstance(answer, Accepted), answer
        await asyncio.sleep(0.01)
    return found


def memory(pid: int) -> float:
    """MiB that a process has in memory."""
    line = next(
        own for own in Path(f"/proc/{pid}/status").read_text().splitlines() if own.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


async def _measure(folder: SessionFolder, pid: int, address: Path) -> None:
    room = await attach(address, name="facilitator")

    async def follow() -> None:
        async for _ in room.events():
            pass

    following = asyncio.create_task(follow())
    await asyncio.sleep(3.0)  # the lab is warm
    alone: list[float] = []
    together: list[float] = []
    await notes(room)
    before, log_before = memory(pid), folder.journal.stat().st_size
    most = before
    for _ in range(ROUNDS):
        alone += await notes(room)
        async with crowded(address, room):
            together += await notes(room)
            most = max(most, memory(pid))
    log = (folder.journal.stat().st_size - log_before) / 2**20
    following.cancel()
    await room.close()
    ratio = p99(together) / p99(alone)
    print(
        f"note to answer, p99 of {len(alone)}: one viewer {p99(alone) * 1000:.1f} ms, "
        f"{READING + DEAF + 1} viewers of which {DEAF} read nothing {p99(together) * 1000:.1f} ms  "
        f"{ratio:4.2f}×  {'within' if ratio <= BOUND else 'OVER'} {BOUND}×"
    )
    print(
        f"  medians {statistics.median(alone) * 1000:.1f} ms and {statistics.median(together) * 1000:.1f} ms"
    )
    # The log is kept as events, as lines, and for the audience once more.
    allowed = (READING + DEAF + 1) * EACH + 6 * log
    word = "within" if most - before <= allowed else "OVER"
    print(
        f"  the host's memory (VmRSS): {before:.0f} MiB before, {most:.0f} MiB at most with them, "
        f"while the log grew by {log:.1f} MiB  {word} {allowed:.0f} MiB of growth"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="viewers-") as place:
        folder = create(Path(place), "viewers", datetime.now(UTC))
        plan = shipped("experiments") / "inventory-service-failure.yaml"
        process = launch(Order(plan=str(plan), folder=str(folder.path), lab=LabOrder(rate=20.0)))
        try:
            found = await_host(process, folder)
            asyncio.run(_measure(folder, process.pid, Path(found.socket)))
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    crowd(sys.argv[1])
