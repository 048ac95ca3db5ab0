"""What a host is told to do when it is started, as one JSON value."""

from __future__ import annotations

from controlroom.core.values import Value


class LabOrder(Value):
    """A rehearsal: the world to start."""

    seed: int = 7
    rate: float = 1.0
    responder: bool = True
    defects: tuple[str, ...] = ()
    truth: str | None = None
    """Where the ground truth is written at the end; None: nowhere."""


class Order(Value):
    plan: str
    """Path of the plan file."""
    folder: str
    """Path of the session's folder, which exists."""
    lab: LabOrder | None = None
    headless: bool = False
