"""The state of a session: a small frozen value, folded from its events.

Samples are not in it (see :mod:`controlroom.core.columns`); it holds only how many of them there are.
Session seconds are called `t`; moments of the outside world are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from controlroom.core.events.cluster import PodCount
from controlroom.core.events.faults import (
    GuardResult,
    HaltProof,
    Injection,
    ObjectRef,
    RunState,
    Target,
)
from controlroom.core.events.leftovers import Leftover
from controlroom.core.events.people import ActionSet
from controlroom.core.events.session import SessionOpened
from controlroom.core.events.sources import (
    AlertObserved,
    AlertSuppressed,
    ReconciliationRead,
    SilenceObserved,
)
from controlroom.core.findings import Finding
from controlroom.core.info import Seat
from controlroom.core.people import Answer as Answer
from controlroom.core.people import Mark as Mark
from controlroom.core.people import Note as Note
from controlroom.core.people import Said
from controlroom.core.people import Tick as Tick
from controlroom.core.plan import Plan
from controlroom.core.values import Value, the_one

#: States in which something of ours may be acting on the cluster.
RUNNING: frozenset[RunState] = frozenset(
    {
        "requested",
        "unsure",
        "no-target",
        "injecting",
        "inject-failing",
        "active",
        "fired",
        "paused",
        "recovering",
        "stuck",
    }
)


class PhaseState(Value):
    id: str
    budget: float
    """Seconds of the plan's clock it has, extensions included."""
    status: Literal["planned", "open", "done", "skipped"] = "planned"
    opened: float | None = None
    """t when it was (last) opened."""
    closed: float | None = None
    spent: float = 0.0
    """Seconds of the plan's clock used before it was last opened."""


class Span(Value):
    """A stretch of session time; `end` None: still going on."""

    start: float
    end: float | None = None
    what: str = ""


class Run(Value):
    """One injection of an experiment."""

    id: str
    experiment: str
    ordinal: int
    state: RunState
    requested: float
    """t of the request."""
    requested_at: datetime
    object: ObjectRef | None = None
    others: tuple[ObjectRef, ...] = ()
    """Further objects of a manifest with several documents."""
    manifest: str = ""
    one_shot: bool = False
    unbounded: bool = False
    duration: float | None = None
    overrides: tuple[GuardResult, ...] = ()
    """Guards that stood against it and were lifted: by the plan, or by a typed word and its reason."""
    by: str = ""
    """Who asked for it."""
    created_at: datetime | None = None
    ends_at: datetime | None = None
    targets: tuple[Target, ...] = ()
    injection: Injection | None = None
    effect_end: datetime | None = None
    object_end: datetime | None = None
    message: str = ""
    how: str = ""
    stop: str = ""
    """Why it is being stopped; empty: it is not."""
    stop_at: float | None = None
    """t of the first request to stop it."""
    not_stopped: str = ""
    """Why the cluster has not taken the deletion, which is tried again; empty: it has, or was not asked."""
    released: float | None = None
    """t at which somebody asked for its finalizers to be removed: it went without taking anything back."""

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        return (self.object, *self.others) if self.object is not None else ()

    @property
    def running(self) -> bool:
        """Whether it counts as running: something of ours may be there."""
        return self.state in RUNNING

    @property
    def injected(self) -> int:
        return sum(1 for target in self.targets if target.injected_at is not None)

    @property
    def recovered(self) -> int:
        return sum(1 for target in self.targets if target.state == "recovered")

    @property
    def lost(self) -> int:
        return sum(1 for target in self.targets if target.state == "lost")


class Check(Value):
    """The last preview of an experiment."""

    seq: int
    experiment: str
    targets: tuple[str, ...]
    mode: str
    guards: tuple[GuardResult, ...]
    manifest: str

    @property
    def refused(self) -> tuple[GuardResult, ...]:
        """Guards that need a typed word, or cannot be overridden at all."""
        return tuple(guard for guard in self.guards if guard.outcome == "refused" and not guard.approved)


class Source(Value):
    """How a source answers. `ok` None: nothing was heard yet."""

    ok: bool | None = None
    since: float = 0.0
    error: str = ""
    hint: str = ""
    partial: tuple[str, ...] = ()
    """Why its answers are not whole; empty: they are."""
    remarks: tuple[str, ...] = ()
    """What else it says beside them."""
    offset: float | None = None
    uncertainty: float | None = None


class Pod(Value):
    namespace: str
    name: str
    uid: str
    app: str
    node: str
    phase: str
    ready: bool
    reason: str
    restarts: int


class Halt(Value):
    t: float
    reason: str
    by: str
    runs: tuple[str, ...] = ()
    finished: float | None = None
    """t of the proof."""
    seconds: float | None = None
    proofs: tuple[HaltProof, ...] = ()


class Abort(Value):
    """A rule that has been broken."""

    rule: str
    status: Literal["counting", "held", "fired"]
    t: float
    value: float | None
    countdown: float


class Viewer(Value):
    """Somebody in the room."""

    seat: Seat
    name: str
    since: float
    """t at which the seat was taken."""


class Unattended(Value):
    """No facilitator is in the room."""

    since: float
    halt_after: float | None = None
    """Real seconds from `since` until everything is halted; None: faults end by themselves."""


class RecordTrouble(Value):
    """The disk does not take the record; what happens lies in memory."""

    since: float
    """Session seconds."""
    error: str
    hint: str = ""
    kept: int = 0
    """Events that are known to be on disk; all after them wait."""


class Picture(Value):
    """A picture in the session's folder."""

    path: str
    title: str
    moment: str
    start: datetime
    end: datetime


class FeedLine(Value):
    t: float
    kind: str
    """One word: alert, fault, pod, event, phase, source, mark, load, halt, …"""
    text: str


class Inspection(Value):
    """What was found of everything that the plan counts on, and when (session seconds)."""

    t: float
    findings: tuple[Finding, ...]


class State(Value):
    """Everything known of a session but its samples."""

    seq: int = 0
    t: float = 0.0
    at: datetime | None = None
    digest_of_plan: str = ""
    opened: SessionOpened | None = None
    opened_at: datetime | None = None
    plan: Plan | None = None
    status: Literal["empty", "open", "ending", "closed"] = "empty"
    closed_reason: str = ""
    left: tuple[str, ...] = ()
    phases: tuple[PhaseState, ...] = ()
    phase: str | None = None
    held_since: float | None = None
    holds: tuple[Span, ...] = ()
    rate: float = 1.0
    gaps: tuple[Span, ...] = ()
    """Stretches in which no host kept the record."""
    due: Mapping[str, float] = {}
    """Steps whose moment has come, to the t of that."""
    steps: Mapping[str, Tick] = {}
    checklist: Mapping[str, Tick] = {}
    after_actions: Mapping[str, Tick] = {}
    loads: tuple[Span, ...] = ()
    load_error: str = ""
    load_objects: tuple[ObjectRef, ...] = ()
    """Of a load that is a manifest: what may be there of it, from its request until it is gone."""
    load_stop: float | None = None
    """t at which these were asked to go; None: they were not."""
    load_says: str = ""
    """What they say of themselves, and how many of their pods run."""
    runs: Mapping[str, Run] = {}
    checks: Mapping[str, Check] = {}
    inspected: Inspection | None = None
    """What was found when the plan was checked last; None: it was not."""
    refused: Mapping[str, str] = {}
    """Last refusal of an experiment, with its reason, until it starts."""
    alerts: Mapping[str, AlertObserved] = {}
    """Alert episodes by :func:`episode`."""
    silences: Mapping[str, SilenceObserved] = {}
    suppressed: Mapping[str, AlertSuppressed] = {}
    """Alerts that Alertmanager keeps from people now, by name and labels."""
    quiet: tuple[Span, ...] = ()
    """When that was so; `what` says of which alert, and on whose account."""
    marks: Mapping[str, Mark] = {}
    notes: Mapping[str, Note] = {}
    actions: Mapping[str, ActionSet] = {}
    observations: Mapping[str, Answer] = {}
    debrief: Mapping[str, Answer] = {}
    injects: Mapping[str, Tick] = {}
    revealed: Mapping[str, float] = {}
    polls: Mapping[str, Said] = {}
    """Go and no-go by :func:`controlroom.core.people.said_key`."""
    sources: Mapping[str, Source] = {}
    outages: tuple[Span, ...] = ()
    """When a source did not answer; `what` names it."""
    partials: tuple[Span, ...] = ()
    """When a source's answers were not whole; `what` names it."""
    troubled: Mapping[str, str] = {}
    """Metrics without a value now, and why."""
    reconciled: Mapping[str, ReconciliationRead] = {}
    lengths: tuple[int, ...] = ()
    """How many grid steps each metric's column has, from its first sample on."""
    first_step: tuple[int | None, ...] = ()
    """Unix seconds of each column's first step."""
    pods: Mapping[str, Pod] = {}
    """Pods that exist and are told one by one, by `namespace/name`."""
    workloads: Mapping[str, PodCount] = {}
    """All other pods, counted by workload; see :meth:`PodsCounted.key`."""
    locked: bool = False
    halts: tuple[Halt, ...] = ()
    incident: str | None = None
    aborts: Mapping[str, Abort] = {}
    viewers: Mapping[str, Viewer] = {}
    """Who is in the room, by viewer."""
    unattended: Unattended | None = None
    """None: a facilitator is there, or there never was one to leave."""
    record_trouble: RecordTrouble | None = None
    """None: the disk takes the record."""
    leftovers: tuple[Leftover, ...] = ()
    """What other sessions had left in the cluster when this one began."""
    pictures: tuple[Picture, ...] = ()
    """Pictures of dashboards, as they were taken."""
    feed: tuple[FeedLine, ...] = ()
    """The latest :data:`controlroom.core.feed.KEPT` lines."""

    @property
    def running(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs.values() if run.running)

    @property
    def all_clear(self) -> bool:
        """Nothing of ours is active anywhere."""
        return not self.running

    @property
    def load_running(self) -> bool:
        return bool(self.loads) and self.loads[-1].end is None

    def latest_run(self, experiment: str) -> Run | None:
        own = [run for run in self.runs.values() if run.experiment == experiment]
        return max(own, key=lambda run: run.ordinal, default=None)

    def phase_state(self, phase: str) -> PhaseState:
        return the_one((state for state in self.phases if state.id == phase), f"phase {phase!r}")


def kept_quiet(state: State, alert: AlertObserved) -> str:
    """Why Alertmanager tells nobody of it: `silenced by ann`; empty: it does, as far as is known.

    Alertmanager's labels are Prometheus's and the external ones that it adds when it sends an alert.
    """
    for own in state.suppressed.values():
        if own.name == alert.name and alert.labels.items() <= own.labels.items():
            return own.words
    return ""


def episode(alert: AlertObserved) -> str:
    """The name of an alert episode: what stays the same while it lives."""
    labels = ",".join(f"{key}={value}" for key, value in sorted(alert.labels.items()))
    return f"{alert.name}{{{labels}}}@{alert.active_at.timestamp():.3f}"
