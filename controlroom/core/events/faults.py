"""Experiments as faults in a cluster: asked for, observed, stopped, halted.

`run` is the name of one injection: `experiment#n`, n from 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.body import Body, Show
from controlroom.core.values import Value

_ALWAYS, _NEVER, _REVEALED = Show.ALWAYS, Show.NEVER, Show.REVEALED

TargetState = Literal["waiting", "injected", "lost", "recovering", "recovered", "failed"]
RunState = Literal[
    "planned",
    "checked",
    "refused",
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
    "ended",
]


class ObjectRef(Value):
    """An object in a cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""
    changed: bool = False
    """It was there before and is changed for a time: it is put back, never deleted."""
    cluster: str = ""
    """The name of one of the plan's further clusters; empty: the plan's own."""

    def __str__(self) -> str:
        name = f"{self.kind}/{self.namespace}/{self.name}"
        return f"{self.cluster}:{name}" if self.cluster else name


class Target(Value):
    """One target of a fault. `id` is Chaos Mesh's: `namespace/pod` or `namespace/pod/container`."""

    id: str
    state: TargetState
    uid: str = ""
    """Uid of the pod at injection; a pod of that name with another uid is a replacement."""
    injected_at: datetime | None = None
    recovered_at: datetime | None = None
    message: str = ""


class Injection(Value):
    """When the fault was injected, by the cluster's own records."""

    first: datetime
    last: datetime
    n: int
    uncertainty: float
    """Seconds; records are cut to whole ones."""
    proven: bool = True
    """False: applied, not proven (the server's answer is all there is)."""


class GuardResult(Value):
    """What one guard said. `typed` is the word that overrides it; empty: it cannot be overridden."""

    guard: str
    outcome: Literal["ok", "warning", "refused", "unknown"]
    message: str
    typed: str = ""
    approved: str = ""
    """Reason of the approval in the plan, where there is one."""
    reason: str = ""
    """Why somebody overrode it by its word, as they wrote it."""


class ExperimentChecked(Body, tag="experiment.checked"):
    """The preview before a start: who would be hit and what the guards say."""

    experiment: str
    targets: tuple[str, ...]
    mode: str
    """How many of them: Chaos Mesh's mode and value in words."""
    guards: tuple[GuardResult, ...]
    manifest: str
    """YAML as it would be sent."""
    audience = {
        "experiment": _REVEALED,
        "targets": _REVEALED,
        "mode": _REVEALED,
        "guards": _NEVER,
        "manifest": _REVEALED,
    }


class FaultRefused(Body, tag="fault.refused"):
    experiment: str
    run: str
    reason: str
    guards: tuple[GuardResult, ...] = ()
    audience = {"experiment": _REVEALED, "run": _REVEALED, "reason": _NEVER, "guards": _NEVER}


class FaultRequested(Body, tag="fault.requested"):
    """On disk before the request is sent."""

    experiment: str
    run: str
    object: ObjectRef
    manifest: str
    """YAML as sent."""
    one_shot: bool
    unbounded: bool = False
    duration: float | None = None
    """Seconds, as asked for; None: none."""
    overrides: tuple[GuardResult, ...] = ()
    others: tuple[ObjectRef, ...] = ()
    """Further objects of a manifest with several documents."""
    audience = {
        "experiment": _REVEALED,
        "run": _REVEALED,
        "object": _REVEALED,
        "others": _REVEALED,
        "manifest": _REVEALED,
        "one_shot": _REVEALED,
        "unbounded": _REVEALED,
        "duration": _REVEALED,
        "overrides": _NEVER,
    }


class FaultAccepted(Body, tag="fault.accepted"):
    """The server has the object. `already`: it had it before (our own name and label)."""

    run: str
    uid: str
    created_at: datetime
    already: bool = False
    audience = {"run": _REVEALED, "uid": _REVEALED, "created_at": _REVEALED, "already": _REVEALED}


class FaultUnsure(Body, tag="fault.unsure"):
    """No answer: it may be there, counts as running, and is asked for by its own name."""

    run: str
    error: str
    audience = {"run": _REVEALED, "error": _NEVER}


class FaultFailed(Body, tag="fault.failed"):
    """The server refused the object: nothing runs."""

    run: str
    error: str
    hint: str = ""
    audience = {"run": _REVEALED, "error": _NEVER, "hint": _NEVER}


class FaultObserved(Body, tag="fault.observed"):
    """A changed reading of the object: the whole of what is known of the run now."""

    run: str
    state: RunState
    targets: tuple[Target, ...] = ()
    message: str = ""
    ends_at: datetime | None = None
    """By the API server's clock: creation + duration."""
    injection: Injection | None = None
    effect_end: datetime | None = None
    object_end: datetime | None = None
    how: str = ""
    """How it ended: `recovered`, `ended before injection`, `lost`, …"""
    audience = {
        "run": _REVEALED,
        "state": _REVEALED,
        "targets": _REVEALED,
        "message": _NEVER,
        "ends_at": _REVEALED,
        "injection": _REVEALED,
        "effect_end": _REVEALED,
        "object_end": _REVEALED,
        "how": _REVEALED,
    }


class FaultFound(Body, tag="fault.found"):
    """An object with the session's label that a new host found in the cluster when it took the record up.

    One of a run that is running goes on (`known`); whatever else carries the label is deleted at once.
    """

    object: ObjectRef
    run: str = ""
    """The run whose object it is by the record; empty: the record knows of none."""
    known: bool = False
    audience = {"object": _REVEALED, "run": _REVEALED, "known": _REVEALED}


class StopRequested(Body, tag="fault.stop-requested"):
    run: str
    why: Literal["stop", "clean-up", "halt", "end", "unattended"]
    audience = {"run": _REVEALED, "why": _REVEALED}


class StopFailed(Body, tag="fault.stop-failed"):
    """The deletion was not accepted; it is tried again."""

    run: str
    error: str
    attempt: int
    hint: str = ""
    audience = {"run": _REVEALED, "error": _NEVER, "attempt": _NEVER, "hint": _NEVER}


class HaltRequested(Body, tag="halt.requested"):
    """One key: everything of ours is deleted, and nothing may start until it is unlocked."""

    reason: str = ""
    runs: tuple[str, ...] = ()
    audience = {"reason": _NEVER, "runs": _NEVER}


class HaltProof(Value):
    run: str
    target: str
    outcome: Literal["recovered", "gone", "stuck"]
    seconds: float
    """From the key to the proof."""


class HaltFinished(Body, tag="halt.finished"):
    seconds: float
    proofs: tuple[HaltProof, ...]
    audience = {"seconds": _ALWAYS, "proofs": _NEVER}


class Unlocked(Body, tag="halt.unlocked"):
    """Starts are possible again."""


class IncidentDeclared(Body, tag="incident.declared"):
    """Something real is happening: halt, lock, banner."""

    text: str = ""
    audience = {"text": _NEVER}


class AbortBreached(Body, tag="abort.breached"):
    """The rule has been broken for as long as it says; the countdown runs (`deadline`: session seconds)."""

    rule: str
    value: float | None
    countdown: float
    audience = {"rule": _NEVER, "value": _NEVER, "countdown": _NEVER}


class AbortCleared(Body, tag="abort.cleared"):
    rule: str
    audience = {"rule": _NEVER}


class AbortHeld(Body, tag="abort.held"):
    """A person holds the rule: no halt for this breach."""

    rule: str
    audience = {"rule": _NEVER}


class AbortFired(Body, tag="abort.fired"):
    rule: str
    audience = {"rule": _NEVER}
