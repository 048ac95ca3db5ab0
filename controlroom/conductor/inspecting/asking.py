"""What every part of an inspection shares: the site, the eyes, and questions that are asked once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from controlroom.core import checks
from controlroom.core.check_facts import ChaosMeshFact, Known, Lost, RuleFact
from controlroom.core.checks import Judgement
from controlroom.core.plan import Bindings, Plan
from controlroom.core.values import Value
from controlroom.sources.looks import AlertEyes, ClusterEyes, MetricEyes
from controlroom.sources.ports import ClockReading, SourceError

T = TypeVar("T")

Judge = Callable[[], Awaitable[Judgement]]

_AGAIN = re.compile(r"\bit is (?:tried|asked|begun|listed)\b[^.;]*", re.IGNORECASE)

PATIENCE = 10.0
"""Most real seconds for one question."""


class Site(Value):
    """What is to be inspected."""

    plan: Plan
    files: Mapping[str, str]
    """Text of the manifests, by the path that the plan names."""
    bindings: Bindings
    """With the names of the environment looked up."""
    base: Path
    """Folder of the plan: what it names is looked for there."""
    environ: Mapping[str, str]
    """For commands; with the plan's own variables for the load."""
    lab: bool = False
    loaded: bool = False
    """Load runs now."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """How the systems are looked at."""

    cluster: ClusterEyes
    metrics: MetricEyes
    alerts: AlertEyes
    further: Mapping[str, ClusterEyes] = field(default_factory=dict)
    """Of further clusters, by the names that the plan gives them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to be found out. `group` and `what` are for people, `id` for programs."""

    id: str
    group: str
    what: str
    judge: Judge
    experiment: str = ""
    cluster: str | None = None
    """See :class:`Finding`."""


class Questions:
    """Questions to the systems of a site, each asked once however many checks rest on it.

    A system that does not answer the first of them is not asked the others.
    """

    def __init__(self, site: Site, eyes: Eyes) -> None:
        self.site = site
        self.eyes = eyes
        self._asked: dict[str, asyncio.Task[Any]] = {}

    async def close(self) -> None:
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _ask(self, key: str, question: Callable[[], Awaitable[T]]) -> Known[T]:
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(_known(question), name=f"check: {key}")
        found: Known[T] = await asyncio.shield(self._asked[key])
        return found

    async def cluster(self, key: str, question: Callable[[], Awaitable[T]]) -> Known[T]:
        """A question to the cluster."""
        if isinstance(await self.cluster_version(), Lost):
            return Lost(why="the cluster does not answer", hint="see API server")
        return await self._ask(f"cluster {key}", question)

    async def cluster_version(self) -> Known[str]:
        return await self._ask("cluster", self.eyes.cluster.version)

    async def context(self) -> Known[str]:
        """By the kubeconfig: the cluster need not answer."""
        return await self._ask("context", self.eyes.cluster.context)

    async def mesh(self) -> Known[ChaosMeshFact]:
        return await self.cluster("chaos mesh", self.eyes.cluster.chaos_mesh)

    async def metrics(self, key: str, question: Callable[[], Awaitable[T]]) -> Known[T]:
        """A question to Prometheus."""
        if isinstance(await self.metrics_clock(), Lost):
            return Lost(why="Prometheus does not answer", hint="see Prometheus")
        return await self._ask(f"metrics {key}", question)

    async def metrics_clock(self) -> Known[ClockReading]:
        return await self._ask("metrics", self.eyes.metrics.clock)

    async def rules(self) -> Known[tuple[RuleFact, ...]]:
        async def ask() -> tuple[RuleFact, ...]:
            return tuple(await self.eyes.metrics.rules())

        return await self.metrics("rules", ask)

    async def alerts(self, key: str, question: Callable[[], Awaitable[T]]) -> Known[T]:
        """A question to Alertmanager."""
        if isinstance(await self.alerts_version(), Lost):
            return Lost(why="Alertmanager does not answer", hint="see Alertmanager")
        return await self._ask(f"alerts {key}", question)

    async def alerts_version(self) -> Known[str]:
        return await self._ask("alerts", self.eyes.alerts.version)


def with_clock(name: str, found: ClockReading) -> Judgement:
    """A system that answers (`name` says what) and its clock against ours."""
    judged = checks.clock(found.offset, found.uncertainty)
    told = f"{name} answers; its clock {'is ' if judged.state == 'ok' else ''}{judged.reason}"
    return Judgement(state=judged.state, reason=told, next=judged.next)


async def _known(question: Callable[[], Awaitable[T]]) -> Known[T]:
    """The answer, or why there was none in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await question()
    except SourceError as error:
        return lost(error)
    except TimeoutError:
        return Lost(
            why=f"no answer within {PATIENCE:g} s", hint="look at the server's load, then check again"
        )


def lost(error: SourceError) -> Lost:
    """Of a session's sources: what those ask again by themselves, an inspection does not."""
    return Lost(why=error.message, hint=_AGAIN.sub("check again", error.hint))
