"""What sessions left in a cluster: found, asked to go, and forced where it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.body import Body, Show
from controlroom.core.events.faults import ObjectRef
from controlroom.core.values import Value

_NEVER = Show.NEVER

Standing = Literal["acting", "over", "changed", "going"]
"""`acting`: it may act still; `over`: it has acted, and is still there; `changed`: an object that was there before
and is not put back yet; `going`: its deletion was asked for."""


class Leftover(Value):
    """An object that bears the label of a session."""

    object: ObjectRef
    session: str
    """Name of the session; of an object without our note what its label says."""
    standing: Standing
    run: str = ""
    created_at: datetime | None = None
    """By the API server's clock, as all moments here. Of a changed object that of the object itself."""
    going_since: datetime | None = None
    finalizers: tuple[str, ...] = ()
    undoes: str = ""
    """Of a changed object: what putting it back changes, in words."""
    live: bool = False
    """Its session goes on, on this machine."""

    @property
    def held(self) -> bool:
        """Whether it is kept from going by a finalizer that somebody has to take away."""
        return self.standing == "going" and bool(self.finalizers)


class LeftoversFound(Body, tag="leftovers.found"):
    """What other sessions left in the cluster, as it was found at one look at all kinds of objects."""

    left: tuple[Leftover, ...]
    unseen: tuple[str, ...] = ()
    """What could not be looked at, and why."""
    audience = {"left": _NEVER, "unseen": _NEVER}


class ReleaseRequested(Body, tag="fault.release-requested"):
    """The finalizers of what does not go are to be removed: it goes, and nothing is taken back by it."""

    objects: tuple[ObjectRef, ...]
    run: str = ""
    """The run whose objects they are; empty: of another session."""
    audience = {"objects": _NEVER, "run": _NEVER}


class SweepBegan(Body, tag="sweep.began"):
    """The first event in the record of a sweep that removes."""

    program: str
    context: str
    server: str
    namespaces: tuple[str, ...] = ()
    """Where it looks; none: everywhere."""
    sessions: tuple[str, ...] = ()
    """The sessions whose objects are to go."""
    audience = {
        "program": _NEVER,
        "context": _NEVER,
        "server": _NEVER,
        "namespaces": _NEVER,
        "sessions": _NEVER,
    }


class SweepRequested(Body, tag="sweep.requested"):
    """One object is to go, or to be put back. On disk before the request is sent."""

    object: ObjectRef
    session: str
    audience = {"object": _NEVER, "session": _NEVER}


class SweepFailed(Body, tag="sweep.failed"):
    """The cluster did not take the request; it is tried again a few times."""

    object: ObjectRef
    error: str
    hint: str = ""
    audience = {"object": _NEVER, "error": _NEVER, "hint": _NEVER}


class SweepEnded(Body, tag="sweep.ended"):
    """What became of it."""

    gone: int
    """Objects that are proven to be gone, or put back."""
    left: tuple[ObjectRef, ...] = ()
    seconds: float = 0.0
    """Real ones, from the first request."""
    audience = {"gone": _NEVER, "left": _NEVER, "seconds": _NEVER}
