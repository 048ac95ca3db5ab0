"""Fakes at the edge: they answer only what a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import (
    AlertObserved,
    AlertSuppressed,
    Event,
    ObjectRef,
    SessionOpened,
    SilenceObserved,
)
from controlroom.core.plan import Plan
from controlroom.plan.load import load_plan
from controlroom.shipped import shipped
from controlroom.sources.ports import (
    ClockReading,
    ClusterEvent,
    Created,
    MetricColumn,
    Permission,
    Prepared,
    Remarks,
    SourceError,
    TargetPreview,
)

SEED = shipped("experiments") / "inventory-service-failure.yaml"


class MemoryWriter:
    """A journal that is on disk at once, or never while `refusing`."""

    def __init__(self, path: Path | None = None) -> None:
        self.lines: list[bytes] = []
        self.refusing = False
        self.hanging = False

    def append(self, line: bytes, *, durable: bool = False) -> Future[bool] | None:
        self.lines.append(line)
        if not durable:
            return None
        answer: Future[bool] = Future()
        if not self.hanging:
            answer.set_result(not self.refusing)
        return answer


class FakeMetrics:
    """Answers each read with `value(metric index, step)`; `error` is raised instead while it is set."""

    def __init__(self) -> None:
        self.error: SourceError | None = None
        self.broken: dict[int, str] = {}
        self.value_of: Callable[[int, int], float | None] = lambda index, step: float(index)
        self.asked: list[tuple[dict[int, int], int]] = []
        self.numbers: dict[str, float | None] = {}
        self.names: tuple[str, ...] = ()
        self.said: dict[str, Remarks] = {}

    async def read(self, asked: Mapping[int, int], end: int, step: int) -> dict[int, MetricColumn]:
        self.asked.append((dict(asked), end))
        if self.error is not None:
            raise self.error
        return {
            index: MetricColumn(error=self.broken[index])
            if index in self.broken
            else MetricColumn(
                values=tuple(self.value_of(index, at) for at in range(start, end + 1, step)), remark="no data"
            )
            for index, start in asked.items()
        }

    async def value(self, query: str, at: float) -> float | None:
        return self.numbers.get(query)

    async def alerts(self, since: float, until: float) -> Sequence[AlertObserved]:
        return ()

    def remarks(self, of: str) -> Remarks:
        return self.said.get(of, Remarks())

    async def alert_names(self) -> Sequence[str]:
        return self.names

    async def clock(self) -> ClockReading:
        return ClockReading(offset=0.0, uncertainty=0.0)

    async def close(self) -> None:
        """Nothing to close."""


class FakeAlerts:
    async def silences(self) -> Sequence[SilenceObserved]:
        return ()

    async def suppressed(self) -> Sequence[AlertSuppressed]:
        return ()

    async def receivers(self) -> Sequence[str]:
        return ("page", "ticket")

    async def clock(self) -> ClockReading:
        return ClockReading(offset=0.0, uncertainty=0.0)

    async def close(self) -> None:
        """Nothing to close."""


class FakeCluster:
    """Remembers what it was asked to do; the next answers can be set to errors."""

    def __init__(self, clock: HeldClock) -> None:
        self._clock = clock
        self.created: list[Prepared] = []
        self.deleted: list[ObjectRef] = []
        self.released: list[ObjectRef] = []
        self.release_errors: list[SourceError] = []
        self.create_error: SourceError | None = None
        self.delete_errors: list[SourceError] = []
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self.there = True
        self.found: bytes | None = None
        self.targets: tuple[str, ...] = ("bookstore/inventory-1", "bookstore/inventory-2")
        self.strangers: tuple[ObjectRef, ...] = ()
        self.events: asyncio.Queue[ClusterEvent | SourceError] = asyncio.Queue()

    async def watch(self) -> AsyncIterator[ClusterEvent]:
        while True:
            event = await self.events.get()
            if isinstance(event, SourceError):
                raise event
            yield event

    async def clock(self) -> ClockReading:
        return ClockReading(offset=0.0, uncertainty=0.0)

    async def preview(self, prepared: Prepared) -> TargetPreview:
        return TargetPreview(candidates=self.targets, mode="2 of 2", number=2)

    async def permissions(self, prepared: Prepared) -> Sequence[Permission]:
        verbs = ("create", "delete", "patch", "list")
        return [Permission(verb=v, resource="podchaos", namespace="bookstore", allowed=True) for v in verbs]

    async def dry_run(self, prepared: Prepared) -> None:
        """The server would take it."""

    async def foreign_chaos(self, session: str) -> Sequence[str]:
        return ()

    async def context(self, cluster: str = "") -> str:
        return "staging-bookstore"

    async def create(self, prepared: Prepared) -> Created:
        self.created.append(prepared)
        if self.before_answer is not None:
            await self.before_answer()
        if self.create_error is not None:
            raise self.create_error
        at = datetime.fromtimestamp(self._clock.time(), UTC)
        return Created(uid="uid-1", created_at=at, reading=chaos_object(prepared, at))

    async def delete(self, target: ObjectRef) -> bool:
        self.deleted.append(target)
        if self.delete_errors:
            raise self.delete_errors.pop(0)
        return self.there

    async def stand_by(self, objects: Sequence[ObjectRef]) -> None:
        pass

    async def release(self, target: ObjectRef) -> bool:
        self.released.append(target)
        if self.release_errors:
            raise self.release_errors.pop(0)
        return self.there

    async def read(self, target: ObjectRef) -> bytes | None:
        return self.found

    async def labelled(self, session: str) -> Sequence[ObjectRef]:
        return self.strangers

    async def close(self) -> None:
        """Nothing to close."""


def chaos_object(prepared: Prepared, at: datetime, status: str = "{}") -> bytes:
    """The object as the server would give it back, with a status in JSON."""
    spec = '{"action":"delay","mode":"all","duration":"600s"}'
    metadata = (
        f'{{"name":"{prepared.object.name}","namespace":"bookstore","uid":"uid-1",'
        f'"creationTimestamp":"{at:%Y-%m-%dT%H:%M:%SZ}"}}'
    )
    text = (
        f'{{"apiVersion":"chaos-mesh.org/v1alpha1","kind":"{prepared.kind}",'
        f'"metadata":{metadata},"spec":{spec},"status":{status}}}'
    )
    return text.encode()


class Bench:
    """A recorder on a clock that stands still, with the seed's plan open; `files` replace manifests by path."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.clock = HeldClock()
        self.writer = MemoryWriter()
        self.recorder = Recorder(self.clock, self.writer)
        self.cluster = FakeCluster(self.clock)
        self.metrics = FakeMetrics()
        self.loaded = load_plan(SEED)
        self.plan: Plan = self.loaded.plan
        self.recorder.record(
            SessionOpened(
                session="test",
                program="0",
                plan=self.plan,
                plan_text=self.loaded.text,
                plan_hash=self.loaded.hash,
                files={**self.loaded.files, **(files or {})},
                bindings=self.plan.bindings,
                lab=True,
            )
        )

    @property
    def state(self):
        return self.recorder.state

    def kinds(self, since: int = 0) -> list[str]:
        return [event.body.kind() for event in self.recorder.events[since:]]

    def last(self, kind: type) -> Event:
        return next(event for event in reversed(self.recorder.events) if isinstance(event.body, kind))
