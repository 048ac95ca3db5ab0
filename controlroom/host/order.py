"""What a host is told to do when it is started, as one JSON value; it is kept beside the session for the next host."""

from __future__ import annotations

import msgspec

from controlroom.core.values import Value
from controlroom.journal.folder import SessionFolder, write_private

ORDER = "order.json"

IDLE = 900.0
"""Real seconds that a lab lives on without a host."""


class LabOrder(Value):
    """A rehearsal: the world to start."""

    seed: int = 7
    rate: float = 1.0
    responder: bool = True
    defects: tuple[str, ...] = ()
    truth: str | None = None
    """Where the ground truth is written at the end; None: nowhere."""
    idle: float = IDLE
    """Real seconds without a host after which the lab ends by itself."""


class Order(Value):
    plan: str
    """Path of the plan file. On resuming it is not read: only what the plan names beside it is looked for there."""
    folder: str
    """Path of the session's folder, which exists."""
    lab: LabOrder | None = None
    headless: bool = False
    resume: bool = False
    """Takes up the session in the folder, whose host died, instead of opening one."""
    halt: bool = False
    """On resuming: halts everything first."""
    insecure: bool = False
    """No server's certificate is verified: a person asked for that, and the screen says so."""
    directory: str = ""
    """Where relative paths of the environment count from; empty: from where the host is started."""


def keep(folder: SessionFolder, order: Order) -> None:
    """Writes it where the next host finds it. Raises OSError."""
    write_private(folder.path / ORDER, msgspec.json.encode(order))


def kept(folder: SessionFolder) -> Order | None:
    """What the session was begun with; None: it is not known."""
    try:
        return msgspec.json.decode((folder.path / ORDER).read_bytes(), type=Order)
    except (OSError, msgspec.DecodeError):
        return None
