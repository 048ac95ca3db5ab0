"""What can be made to go wrong with the cluster, at run time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Every matching request is answered with an error status."""

    status: Literal[401, 403, 409, 410, 429, 500]
    verb: Verb = "*"
    kind: str = "*"
    """A plural such as `podchaos`, or `*`."""
    retry_after: int = 1
    """Seconds in the Retry-After header of a 429."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """The troubles in force; the default is none."""

    api_down: bool = False
    """Connections are closed without an answer."""
    refusals: tuple[Refusal, ...] = ()
    slow_seconds: float = 0.0
    """Real seconds before each answer."""
    webhook_denied: str = ""
    """The chaos webhooks deny every create and update with this text."""
    webhook_timeout: bool = False
    """The chaos webhooks do not answer: 500 after their time-out."""
    watch_silent: bool = False
    """Watches stay open beyond their time and say nothing, as behind a connection that nobody has ended."""
    finalizer_stuck: bool = False
    """Every Recover fails, so that the finalizer stays."""
    controller_gone: bool = False
    """Nobody reconciles chaos objects, and their webhooks refuse connections."""
    apply_fails: bool = False
    """Every Apply fails, as with a chaos daemon that cannot be reached."""


NO_TROUBLE = Trouble()
