"""What the conductor asks of the outside world: one small protocol for each capability."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from controlroom.core.events import (
    AlertObserved,
    AlertSuppressed,
    KubeEvent,
    ObjectRef,
    PodObserved,
    SilenceObserved,
)
from controlroom.core.values import Value


class SourceError(Exception):
    """A source did not do what was asked.

    `message` is one line fit for the screen, `hint` says what to do next. `unsure`: the request may have
    taken effect. `status`: HTTP status where there was an answer. `retry_after`: real seconds asked for.
    """

    def __init__(
        self,
        source: str,
        message: str,
        *,
        hint: str = "",
        unsure: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.source = source
        self.message = message
        self.hint = hint
        self.unsure = unsure
        self.status = status
        self.retry_after = retry_after


class ClockReading(Value):
    """A source's clock against ours: its time minus ours, and how uncertain that is, in seconds."""

    offset: float
    uncertainty: float


class MetricColumn(Value):
    """One metric on the asked grid: a value a step (None: no data or NaN), or why it could not be read."""

    values: tuple[float | None, ...] = ()
    error: str = ""
    """The expression failed: nothing is known of these steps, and they are asked for again."""
    remark: str = ""
    """Why there are Nones, in words: no series, NaN, several series."""


class Remarks(Value):
    """What a server said beside its last answers."""

    partial: tuple[str, ...] = ()
    """Why they were not whole: some of its stores did not answer. What they tell is not proven."""
    others: tuple[str, ...] = ()
    """Doubts about an expression, hints."""


class MetricSource(Protocol):
    """Prometheus. All times are Unix seconds of its own clock."""

    async def read(self, asked: Mapping[int, int], end: int, step: int) -> dict[int, MetricColumn]:
        """Range query of metrics (by index in the plan) each from its own first step to `end`, inclusive."""
        ...

    async def value(self, query: str, at: float) -> float | None:
        """One number at one moment; None: no data or NaN."""
        ...

    async def alerts(self, since: float, until: float) -> Sequence[AlertObserved]:
        """Alert episodes with anything pending or firing in that stretch, by the raw samples of ALERTS."""
        ...

    def remarks(self, of: Literal["metrics", "alerts", "value"]) -> Remarks:
        """What was said beside the last :meth:`read`, :meth:`alerts` or :meth:`value`."""
        ...

    async def alert_names(self) -> Sequence[str]:
        """Names of all alerts that there are rules for."""
        ...

    async def clock(self) -> ClockReading: ...

    async def close(self) -> None: ...


class AlertSource(Protocol):
    """Alertmanager."""

    async def silences(self) -> Sequence[SilenceObserved]: ...

    async def suppressed(self) -> Sequence[AlertSuppressed]:
        """The alerts that people are not told of now."""
        ...

    async def receivers(self) -> Sequence[str]:
        """Names of all receivers."""
        ...

    async def clock(self) -> ClockReading: ...

    async def close(self) -> None: ...


class Prepared(Value):
    """An experiment's manifest as it will be sent: named, labelled, bounded."""

    experiment: str
    run: str
    manifest: str
    """YAML."""
    body: bytes
    """JSON of the same object."""
    object: ObjectRef
    kind: str
    one_shot: bool
    unbounded: bool
    duration: float | None


class PreparedRun(Value):
    """All that one injection sends: a manifest's objects in their order, one at the least."""

    parts: tuple[Prepared, ...]

    @property
    def experiment(self) -> str:
        return self.parts[0].experiment

    @property
    def run(self) -> str:
        return self.parts[0].run

    @property
    def object(self) -> ObjectRef:
        return self.parts[0].object

    @property
    def others(self) -> tuple[ObjectRef, ...]:
        return tuple(part.object for part in self.parts[1:])

    @property
    def manifest(self) -> str:
        return "---\n".join(part.manifest for part in self.parts)

    @property
    def one_shot(self) -> bool:
        return all(part.one_shot for part in self.parts)

    @property
    def unbounded(self) -> bool:
        return any(part.unbounded for part in self.parts)

    @property
    def duration(self) -> float | None:
        """Until the last of those ends that end by themselves."""
        return max((part.duration for part in self.parts if part.duration is not None), default=None)


class TargetPreview(Value):
    """Who would be hit."""

    candidates: tuple[str, ...]
    """`namespace/pod` of every pod that the selector matches."""
    mode: str
    """`all 3`, `2 of 3`, … in words."""
    number: int | None
    """How many of them; None: random."""


class Created(Value):
    uid: str
    created_at: datetime
    already: bool = False
    reading: bytes = b""
    """The object as the server gave it back, JSON."""


class ObjectSeen(Value):
    """A chaos object of ours as just read (JSON), or gone."""

    object: ObjectRef
    run: str
    raw: bytes
    """Of one that is gone, as it was stored last; empty where that was not seen."""
    gone: bool
    at: datetime
    """By the API server's clock, as well as it is known."""
    child: bool = False
    """It was made by an object of ours, a Schedule or a Workflow, and `run` is that one's."""


class Permission(Value):
    verb: str
    resource: str
    namespace: str
    allowed: bool
    reason: str = ""


class PodSeen(Value):
    """A pod, with what tells whether an experiment may hit it, and which others are like it."""

    pod: PodObserved
    labels: Mapping[str, str] = {}
    kind: str = ""
    """Kind of what makes it; empty: nothing does, or it is not known."""
    workload: str = ""
    """Name of what makes it: of a Deployment's pod the Deployment's."""


class PodsListed(Value):
    """Every pod there is has been told, at least once."""

    cluster: str = ""


ClusterEvent = PodSeen | PodsListed | KubeEvent | ObjectSeen


class Cluster(Protocol):
    """Kubernetes with Chaos Mesh: reading, and the three mutations, which the gate alone calls."""

    def watch(self) -> AsyncIterator[ClusterEvent]:
        """Pods and Events of the plan's namespaces and chaos objects of this session: what there is, pods
        before chaos objects, then each change. Re-lists and re-connects by itself; raises SourceError each
        time it is away, and can be iterated again."""
        ...

    async def clock(self) -> ClockReading: ...

    async def preview(self, prepared: Prepared) -> TargetPreview: ...

    async def permissions(self, prepared: Prepared) -> Sequence[Permission]: ...

    async def dry_run(self, prepared: Prepared) -> None:
        """Raises SourceError where the server would refuse it."""
        ...

    async def foreign_chaos(self, session: str) -> Sequence[str]:
        """Chaos objects in the plan's namespaces that are not this session's, by name."""
        ...

    async def context(self, cluster: str = "") -> str:
        """Name of the kubeconfig context in use; `cluster`: of that one of several."""
        ...

    async def create(self, prepared: Prepared) -> Created:
        """409 with our own name and session label counts as done."""
        ...

    async def delete(self, target: ObjectRef) -> bool:
        """Background propagation; True: it was there, False: it is already gone."""
        ...

    async def stand_by(self, objects: Sequence[ObjectRef]) -> None:
        """A connection is open for the deletion of each, where the cluster answers. Changes nothing, never raises."""
        ...

    async def release(self, target: ObjectRef) -> bool:
        """Removes the finalizers of what is being deleted: it goes, and nothing is taken back by that. False: gone."""
        ...

    async def read(self, target: ObjectRef) -> bytes | None:
        """The object as JSON; None: it is not there."""
        ...

    async def labelled(self, session: str) -> Sequence[ObjectRef]:
        """Everything that carries the session's label. Of several clusters one may be away: see `clusters.there`."""
        ...

    async def close(self) -> None: ...


class LoadDriver(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Returns once it is gone."""
        ...

    async def take_up(self) -> bool:
        """Follows on what another host left running; tells whether anything is. Raises SourceError."""
        ...

    async def ended(self) -> str:
        """Waits until the load ends by itself; returns why."""
        ...


class LoadOutput(Protocol):
    """What the pods of a load in a cluster say."""

    async def read(self, objects: Sequence[ObjectRef]) -> int:
        """Keeps what the objects' pods have said since the last time in the session's folder; returns how many of
        them run. Raises SourceError."""
        ...


class World(Protocol):
    """The lab of a rehearsal: it owns time."""

    @property
    def over(self) -> bool:
        """It has ended and will not come back; nothing of ours is left in it."""
        ...

    async def set_rate(self, rate: float) -> None:
        """Session seconds in one real second. Raises SourceError."""
        ...

    def watch(self, tell: Callable[[SourceError | None], None]) -> None:
        """From now on `tell` hears why the world is lost, and None when it is back."""
        ...
