"""Several clusters as one: each object goes to its own, and one that is away takes nothing from the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import TypeVar

from controlroom.core.events import KubeEvent, ObjectRef
from controlroom.core.values import changed
from controlroom.sources.errors import SOURCE
from controlroom.sources.ports import (
    ClockReading,
    Cluster,
    ClusterEvent,
    Created,
    Permission,
    PodSeen,
    PodsListed,
    Prepared,
    SourceError,
    TargetPreview,
)

T = TypeVar("T")


class Partly(SourceError):
    """Some clusters answered, others did not: `found` is of those that did."""

    def __init__(self, error: SourceError, found: Sequence[ObjectRef]) -> None:
        super().__init__(
            error.source,
            error.message,
            hint=error.hint,
            unsure=error.unsure,
            status=error.status,
            retry_after=error.retry_after,
        )
        self.found = tuple(found)


def source_of(cluster: str) -> str:
    """What a cluster's troubles are told under: `kubernetes`, `kubernetes (east)`."""
    return f"{SOURCE} ({cluster})" if cluster else SOURCE


def by_source(cluster: Cluster) -> Mapping[str, Cluster]:
    """Each cluster by what its troubles are told under: they are followed one by one."""
    return cluster.members if isinstance(cluster, Clusters) else {SOURCE: cluster}


async def there(cluster: Cluster, session: str) -> tuple[Sequence[ObjectRef], SourceError | None]:
    """Everything with the session's label, of the clusters that answer, and why one does not."""
    try:
        return await cluster.labelled(session), None
    except Partly as partly:
        return partly.found, partly
    except SourceError as error:
        return (), error


class Named:
    """One of several clusters: what it tells bears its name, and so do its errors."""

    def __init__(self, name: str, inner: Cluster) -> None:
        self._name = name
        self._inner = inner

    @contextmanager
    def _own(self) -> Iterator[None]:
        try:
            yield
        except SourceError as error:
            error.source = source_of(self._name)
            if not error.message.startswith(f"{self._name}: "):
                error.message = f"{self._name}: {error.message}"
            raise

    def _ref(self, ref: ObjectRef) -> ObjectRef:
        return changed(ref, cluster=self._name)

    async def watch(self) -> AsyncGenerator[ClusterEvent, None]:
        with self._own():
            async with _closing(self._inner.watch()) as events:
                async for event in events:
                    if isinstance(event, PodsListed | KubeEvent):
                        yield changed(event, cluster=self._name)
                    elif isinstance(event, PodSeen):
                        yield changed(event, pod=changed(event.pod, cluster=self._name))
                    else:
                        yield changed(event, object=self._ref(event.object))

    async def clock(self) -> ClockReading:
        with self._own():
            return await self._inner.clock()

    async def preview(self, prepared: Prepared) -> TargetPreview:
        with self._own():
            found = await self._inner.preview(prepared)
        return changed(found, candidates=tuple(f"{self._name}:{one}" for one in found.candidates))

    async def permissions(self, prepared: Prepared) -> Sequence[Permission]:
        with self._own():
            return await self._inner.permissions(prepared)

    async def dry_run(self, prepared: Prepared) -> None:
        with self._own():
            await self._inner.dry_run(prepared)

    async def foreign_chaos(self, session: str) -> Sequence[str]:
        with self._own():
            return [f"{self._name}:{one}" for one in await self._inner.foreign_chaos(session)]

    async def context(self, cluster: str = "") -> str:
        with self._own():
            return await self._inner.context()

    async def create(self, prepared: Prepared) -> Created:
        with self._own():
            return await self._inner.create(prepared)

    async def delete(self, target: ObjectRef) -> bool:
        with self._own():
            return await self._inner.delete(target)

    async def stand_by(self, objects: Sequence[ObjectRef]) -> None:
        await self._inner.stand_by(objects)

    async def release(self, target: ObjectRef) -> bool:
        with self._own():
            return await self._inner.release(target)

    async def read(self, target: ObjectRef) -> bytes | None:
        with self._own():
            return await self._inner.read(target)

    async def labelled(self, session: str) -> Sequence[ObjectRef]:
        with self._own():
            return [self._ref(one) for one in await self._inner.labelled(session)]

    async def close(self) -> None:
        await self._inner.close()


class Clusters:
    """Implements :class:`Cluster` over the plan's own cluster and the further ones, by their names."""

    def __init__(self, own: Cluster, others: Mapping[str, Cluster]) -> None:
        self._named: dict[str, Cluster] = {"": own}
        self._named |= {name: Named(name, one) for name, one in others.items()}
        self.members: Mapping[str, Cluster] = {source_of(name): one for name, one in self._named.items()}

    def _of(self, name: str) -> Cluster:
        try:
            return self._named[name]
        except KeyError:
            raise SourceError(
                source_of(name), f"no cluster is called {name}", hint="name it in the plan's bindings"
            ) from None

    async def watch(self) -> AsyncGenerator[ClusterEvent, None]:
        """All of them in one stream, which any of them ends. Whoever must not lose the others follows each."""
        queue: asyncio.Queue[ClusterEvent | SourceError] = asyncio.Queue()
        tasks = [asyncio.create_task(_pump(one, queue)) for one in self._named.values()]
        try:
            while True:
                told = await queue.get()
                if isinstance(told, SourceError):
                    raise told
                yield told
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def clock(self) -> ClockReading:
        return await self._named[""].clock()

    async def preview(self, prepared: Prepared) -> TargetPreview:
        return await self._of(prepared.object.cluster).preview(prepared)

    async def permissions(self, prepared: Prepared) -> Sequence[Permission]:
        return await self._of(prepared.object.cluster).permissions(prepared)

    async def dry_run(self, prepared: Prepared) -> None:
        await self._of(prepared.object.cluster).dry_run(prepared)

    async def foreign_chaos(self, session: str) -> Sequence[str]:
        """Of all that answer; where nothing is found and one does not answer, that is the answer."""
        found, away = await self._all(lambda one: one.foreign_chaos(session))
        if away is not None and not found:
            raise away
        return found

    async def context(self, cluster: str = "") -> str:
        return await self._of(cluster).context()

    async def create(self, prepared: Prepared) -> Created:
        return await self._of(prepared.object.cluster).create(prepared)

    async def delete(self, target: ObjectRef) -> bool:
        return await self._of(target.cluster).delete(target)

    async def stand_by(self, objects: Sequence[ObjectRef]) -> None:
        await asyncio.gather(
            *(
                one.stand_by([target for target in objects if target.cluster == name])
                for name, one in self._named.items()
            )
        )

    async def release(self, target: ObjectRef) -> bool:
        return await self._of(target.cluster).release(target)

    async def read(self, target: ObjectRef) -> bytes | None:
        return await self._of(target.cluster).read(target)

    async def labelled(self, session: str) -> Sequence[ObjectRef]:
        """Raises Partly, with what the others have, where one does not answer."""
        found, away = await self._all(lambda one: one.labelled(session))
        if away is not None:
            raise Partly(away, found)
        return found

    async def _all(
        self, ask: Callable[[Cluster], Awaitable[Sequence[T]]]
    ) -> tuple[list[T], SourceError | None]:
        """What those say that answer, and the error of the first that does not."""

        async def asked(one: Cluster) -> Sequence[T] | SourceError:
            try:
                return await ask(one)
            except SourceError as error:
                return error

        found: list[T] = []
        away: SourceError | None = None
        for said in await asyncio.gather(*(asked(one) for one in self._named.values())):
            if isinstance(said, SourceError):
                away = away or said
            else:
                found += said
        return found, away

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self._named.values()))


async def _pump(one: Cluster, queue: asyncio.Queue[ClusterEvent | SourceError]) -> None:
    try:
        async with _closing(one.watch()) as events:
            async for event in events:
                queue.put_nowait(event)
    except SourceError as error:
        queue.put_nowait(error)


def _closing(events: AsyncIterator[ClusterEvent]) -> aclosing[AsyncGenerator[ClusterEvent, None]]:
    """A watch is a generator, whatever the port promises: it is closed when nobody takes from it any more."""
    assert isinstance(events, AsyncGenerator)
    return aclosing(events)
