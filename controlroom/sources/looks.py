"""What an inspection asks of the outside world: one small protocol for each system. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from controlroom.core.check_facts import (
    ChaosMeshFact,
    KindFact,
    MetricFact,
    NamespaceFact,
    RoutingFact,
    RuleFact,
    SilenceFact,
    TargetFact,
)
from controlroom.core.guards import Right
from controlroom.sources.ports import ClockReading, Prepared


class ClusterEyes(Protocol):
    """Kubernetes with Chaos Mesh. Every question raises SourceError where it has no answer."""

    async def version(self) -> str: ...

    async def context(self) -> str: ...

    async def clock(self) -> ClockReading: ...

    async def kind(self, api_version: str, kind: str) -> KindFact: ...

    async def namespace(self, name: str) -> NamespaceFact: ...

    async def chaos_mesh(self) -> ChaosMeshFact: ...

    async def watching(self, namespace: str) -> Sequence[Right]: ...

    async def output(self, namespace: str) -> Sequence[Right]: ...

    async def rights(self, prepared: Prepared) -> Sequence[Right]: ...

    async def dry_run(self, prepared: Prepared) -> str: ...

    async def targets(self, prepared: Prepared) -> TargetFact: ...

    async def foreign(self) -> Sequence[str]: ...


class MetricEyes(Protocol):
    """Prometheus."""

    async def clock(self) -> ClockReading: ...

    async def metric(self, query: str) -> MetricFact: ...

    async def rules(self) -> Sequence[RuleFact]: ...

    async def alertmanagers(self) -> int: ...

    async def external_labels(self) -> Mapping[str, str]: ...


class AlertEyes(Protocol):
    """Alertmanager."""

    async def version(self) -> str: ...

    async def clock(self) -> ClockReading: ...

    async def routing(self) -> RoutingFact: ...

    async def silences(self) -> Sequence[SilenceFact]: ...
