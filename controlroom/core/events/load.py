"""The load of the day: a command of this machine, or objects of a cluster.

Objects are asked for on disk before they are made, as faults are; a command is told of once it runs.
"""

from __future__ import annotations

from controlroom.core.events.body import Body, Show
from controlroom.core.events.faults import ObjectRef

_NEVER = Show.NEVER


class LoadRequested(Body, tag="load.requested"):
    """On disk before the first of its objects is sent."""

    objects: tuple[ObjectRef, ...]
    manifest: str
    """YAML as sent."""
    audience = {"objects": _NEVER, "manifest": _NEVER}


class LoadStarted(Body, tag="load.started"):
    command: tuple[str, ...] = ()
    objects: tuple[ObjectRef, ...] = ()
    """As the server has them, each with its uid; of one that was not answered for the uid is missing."""
    audience = {"command": _NEVER, "objects": _NEVER}


class LoadObserved(Body, tag="load.observed"):
    """What the objects say of themselves has changed, or how many of their pods run."""

    message: str
    pods: int | None = None
    """How many run; None: not known."""
    audience = {"message": _NEVER, "pods": _NEVER}


class LoadStopRequested(Body, tag="load.stop-requested"):
    """On record before the objects are deleted."""

    objects: tuple[ObjectRef, ...]
    why: str
    audience = {"objects": _NEVER, "why": _NEVER}


class LoadStopped(Body, tag="load.stopped"):
    """The command has ended; of objects: they are gone, and so are their pods."""

    reason: str = ""
    audience = {"reason": _NEVER}


class LoadFailed(Body, tag="load.failed"):
    error: str
    left: tuple[ObjectRef, ...] = ()
    """Objects that are still there: they are deleted before the next start, and at the end."""
    audience = {"error": _NEVER, "left": _NEVER}
