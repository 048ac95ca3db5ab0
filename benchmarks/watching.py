"""Watching 5,000 pods with 500 changes a second: what it costs, and whether the host's memory stays where it is.

CPU: our watcher (list and watch, decoding, counts, record) against the generated models of `kubernetes.aio` doing
nothing but deserialise the same lines, in the same process, as fast as each goes; the best of a few rounds of each, as
others use the machine. Issue's bound: 8× less. For scale also with a thousand of the pods within an experiment's
reach, so that their changes are recorded one by one: recording, which is no watching, comes on top.
Memory: VmRSS of a real host that follows the crowd, after it has warmed up; `python -m benchmarks.watching 600` for
ten minutes instead of two.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.crowd import CHANGES, NAMESPACE, PODS, Crowd
from benchmarks.key_to_frame import _burnt, _crowd, _host, _lines, _open_day, _resident
from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watching import Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import SessionOpened
from controlroom.core.plan import Cluster as Binding
from controlroom.plan.load import load_plan
from controlroom.shipped import shipped
from controlroom.sources.kubernetes import KubernetesCluster

SECONDS = 20
"""Of the recorded stream."""
RATIO = 8.0
MINUTES, WARM_UP = 2.0, 30.0
FLAT = 1.0
"""Bound: MB a minute, by which the record that a host keeps in memory may grow as well."""
REACHING = (
    "{apiVersion: chaos-mesh.org/v1alpha1, kind: PodChaos, metadata: {name: x}, spec: {action: pod-kill, mode: one,"
    " selector: {labelSelectors: {app: mail}}}}"
)


class Recorded:
    """The crowd as it was when it was listed, and every change of it afterwards as a line of a watch."""

    def __init__(self) -> None:
        crowd = Crowd()
        self.list = msgspec.json.encode(
            {
                "metadata": {"resourceVersion": str(crowd.version)},
                "items": [crowd.json(pod, crowd.version) for pod in crowd.pods],
            }
        )
        first = crowd.version
        while crowd.version - first < SECONDS * CHANGES:
            crowd.change()
        self.lines = list(crowd.changes)


class Nowhere:
    """A journal whose lines go nowhere: the disk is not what is measured."""

    path: Path | None = None

    def append(self, line: bytes, *, durable: bool = False) -> Future[bool] | None:
        if not durable:
            return None
        answer: Future[bool] = Future()
        answer.set_result(True)
        return answer


class Watcher:
    """A session's watching on an API that tells what was recorded."""

    def __init__(self, recorded: Recorded, *, reaching: bool) -> None:
        self._recorded = recorded
        clock = HeldClock()
        self.recorder = Recorder(clock, Nowhere())
        loaded = load_plan(shipped("experiments") / "inventory-service-failure.yaml")
        reach = {own.manifest: REACHING for own in loaded.plan.experiments} if reaching else {}
        self.recorder.record(
            SessionOpened(
                session="watching",
                program="0",
                plan=loaded.plan,
                plan_text=loaded.text,
                plan_hash=loaded.hash,
                files={**loaded.files, **reach},
                bindings=loaded.plan.bindings,
            )
        )
        cluster = KubernetesCluster(Binding(context="x", namespaces=(NAMESPACE,)), None, "watching", clock)
        api: Any = cluster.api
        api.get, api.lines = self._get, self._lines
        self.watching = Watching(
            self.recorder, cluster, Watchman(self.recorder), lambda seen: None, lambda seen: None
        )
        self.began, self.before = 0.0, 0
        self.over = asyncio.Event()

    async def _get(self, path: str, doing: object, **query: str) -> bytes:
        return self._recorded.list if path.endswith("/pods") else b'{"metadata":{"resourceVersion":"1"}}'

    async def _lines(self, path: str, doing: object, query: dict[str, str]) -> AsyncIterator[bytes]:
        if not path.endswith("/pods"):
            await asyncio.Event().wait()
        self.watching.count()
        self.before = len(self.recorder.events)
        self.began = time.process_time()
        for number, line in enumerate(self._recorded.lines, 1):
            yield line
            if number % (CHANGES // 100) == 0:
                await asyncio.sleep(0)  # a hundredth of a second's worth has been read in one go
            if number % CHANGES == 0:
                self.watching.count()
        self.over.set()
        await asyncio.Event().wait()


async def ours(recorded: Recorded, *, reaching: bool) -> tuple[float, int]:
    """CPU seconds for the whole stream, and how many events it left on record."""
    watcher = Watcher(recorded, reaching=reaching)
    watching = asyncio.create_task(watcher.watching.run())
    await watcher.over.wait()
    watcher.watching.count()
    burnt = time.process_time() - watcher.began
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    counted = sum(count.pods for count in watcher.recorder.state.workloads.values())
    assert counted + len(watcher.recorder.state.pods) == PODS, "some pods were lost on the way"
    return burnt, len(watcher.recorder.events) - watcher.before


async def generated(recorded: Recorded) -> float:
    """CPU seconds of the library's own models for the same lines."""
    from kubernetes.aio import client

    async with client.ApiClient() as api:
        read: Callable[[Any, str], Any] = api._ApiClient__deserialize
        began = time.process_time()
        for line in recorded.lines:
            read(json.loads(line)["object"], "V1Pod")
        return time.process_time() - began


def cpu() -> bool:
    recorded = Recorded()
    changes, size = len(recorded.lines), sum(map(len, recorded.lines)) / 1e6
    print(f"watching {PODS} pods, {changes} changes ({SECONDS} s worth at {CHANGES}/s, {size:.0f} MB)")
    theirs = min(asyncio.run(generated(recorded)) for _ in range(2))
    print(
        f"  generated models, deserialising alone: {theirs:.2f} s CPU, {theirs / changes * 1e6:.0f} µs a change"
    )
    good = True
    for words, reaching in (("none within reach", False), ("1,000 of them recorded one by one", True)):
        own, events = min(asyncio.run(ours(recorded, reaching=reaching)) for _ in range(3))
        good = good and (reaching or theirs >= RATIO * own)
        verdict = "" if reaching else f"  {'within' if theirs >= RATIO * own else 'OVER'} {RATIO:.0f}×"
        print(
            f"  our watcher, {words}: {own:.2f} s CPU, {own / changes * 1e6:.0f} µs a change, "
            f"{events / SECONDS:.0f} events/s on record; {theirs / own:.1f}× less{verdict}"
        )
    return good


def memory(seconds: float) -> bool:
    """Follows a host's VmRSS while it follows the crowd."""
    with (
        tempfile.TemporaryDirectory(prefix="watching-") as place,
        _crowd(Path(place)) as (crowd, environment),
        _host(Path(place), environment) as (folder, host),
    ):
        asyncio.run(_open_day(folder))
        assert crowd.stdin is not None
        crowd.stdin.write(b"busy\n")
        crowd.stdin.flush()
        time.sleep(WARM_UP)
        began, burnt, lines = time.monotonic(), _burnt(host.pid)[0], _lines(folder)
        size, points = folder.journal.stat().st_size, []
        while (now := time.monotonic() - began) < seconds:
            points.append((now / 60, _resident(host.pid)))
            time.sleep(1.0)
        grown = (folder.journal.stat().st_size - size) / 1e6
        slope = _slope(points)
        print(
            f"the host in {seconds:.0f} s of it: {100 * (_burnt(host.pid)[0] - burnt) / now:.0f} % CPU, "
            f"{(_lines(folder) - lines) / now:.1f} events/s, journal +{grown / now * 60:.2f} MB/min; "
            f"VmRSS {points[0][1]:.1f} MB, then {points[-1][1]:.1f} MB, "
            f"slope {slope:+.2f} MB/min  {'within' if slope <= FLAT else 'OVER'} {FLAT:.0f} MB/min"
        )
        return slope <= FLAT


def _slope(points: list[tuple[float, float]]) -> float:
    """Of the line that fits best."""
    at, of = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((x - at) * (y - of) for x, y in points) / sum((x - at) ** 2 for x, _ in points)


def main(seconds: float = MINUTES * 60) -> int:
    good = cpu()
    return 0 if memory(seconds) and good else 1


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
