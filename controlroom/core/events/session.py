"""The session itself: its opening, its phases, its clock."""

from __future__ import annotations

from controlroom.core.events.body import Body, Show
from controlroom.core.plan import Bindings, Plan

_ALWAYS, _NEVER = Show.ALWAYS, Show.NEVER


class SessionOpened(Body, tag="session.opened"):
    """Comes first and holds all that a reader needs later; nothing after it reads the plan file."""

    session: str
    program: str
    """Version of the program that wrote the record."""
    plan: Plan
    plan_text: str
    plan_hash: str
    files: dict[str, str]
    """Text of every manifest and rule file, by the path that the plan names."""
    bindings: Bindings
    """Where it really runs; environment names unresolved."""
    lab: bool = False
    seed: int | None = None
    rate: float = 1.0
    versions: dict[str, str] = {}
    unverified: tuple[str, ...] = ()
    """Servers whose certificates are not verified, each with by whose word; empty: all that speak TLS are."""
    audience = {
        "session": _ALWAYS,
        "program": _ALWAYS,
        "plan": _NEVER,
        "plan_text": _NEVER,
        "plan_hash": _NEVER,
        "files": _NEVER,
        "bindings": _NEVER,
        "lab": _ALWAYS,
        "seed": _NEVER,
        "rate": _ALWAYS,
        "versions": _NEVER,
        "unverified": _NEVER,
    }


class SessionResumed(Body, tag="session.resumed"):
    """A new host took the record up again; `gap` seconds are missing."""

    gap: float
    note: str = ""
    """What is not as it should be: a last line that was cut off, a clock that went back."""
    unverified: tuple[str, ...] = ()
    """Servers whose certificates are not verified from here on, as in `session.opened`."""
    audience = {"gap": _ALWAYS, "note": _NEVER, "unverified": _NEVER}


class SessionEnding(Body, tag="session.ending"):
    """Somebody asked for the end; the host waits for all clear."""

    how: str
    audience = {"how": _ALWAYS}


class SessionClosed(Body, tag="session.closed"):
    reason: str
    left: tuple[str, ...] = ()
    """Faults that were still there, by object; all carry the session's label."""
    audience = {"reason": _ALWAYS, "left": _NEVER}


class PlanAmended(Body, tag="plan.amended"):
    plan: Plan
    plan_text: str
    reason: str
    audience = {"plan": _NEVER, "plan_text": _NEVER, "reason": _NEVER}


class PhaseStarted(Body, tag="phase.started"):
    phase: str
    audience = {"phase": _ALWAYS}


class PhaseEnded(Body, tag="phase.ended"):
    phase: str
    skipped: bool = False
    audience = {"phase": _ALWAYS, "skipped": _ALWAYS}


class PhaseExtended(Body, tag="phase.extended"):
    phase: str
    by: float
    """Seconds, on top of what it had."""
    audience = {"phase": _ALWAYS, "by": _ALWAYS}


class PhaseReopened(Body, tag="phase.reopened"):
    """An ended phase is the present one again, with `left` seconds; those after it are planned again."""

    phase: str
    left: float
    audience = {"phase": _ALWAYS, "left": _ALWAYS}


class ClockHeld(Body, tag="clock.held"):
    """The plan's clock stands; session seconds, faults, sampling and alerts go on."""

    reason: str = ""
    audience = {"reason": _NEVER}


class ClockResumed(Body, tag="clock.resumed"):
    """The plan's clock goes on."""


class RateChanged(Body, tag="clock.rate"):
    """A rehearsal runs this many times as fast."""

    rate: float
    audience = {"rate": _ALWAYS}


class StepDue(Body, tag="step.due"):
    """A planned step's moment has come: a prompt, not an act."""

    step: str
    audience = {"step": _NEVER}


class RecordTroubled(Body, tag="record.troubled"):
    """The disk does not take the record, or not for the reason that was told; or it takes everything again.

    It is told when it happens and lies in memory, as all that follows it, until the disk takes it."""

    error: str
    seconds: float
    """How long it had refused; 0 when it begins, or when its reason changes."""
    hint: str = ""
    silent: float = 0.0
    """Real seconds for which the disk had not answered when this was told; 0: it refused at once."""
    kept: int = 0
    """Events that were known to be on disk."""
    audience = {"error": _NEVER, "seconds": _NEVER, "hint": _NEVER, "silent": _NEVER, "kept": _NEVER}
