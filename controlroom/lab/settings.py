"""What a lab is started with, and where it can be reached then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from controlroom.lab.defects import Defect

#: Seconds of virtual time in one real second: never more than this.
FASTEST = 120.0
NO_RULES = "groups: []\n"


@dataclass(frozen=True, slots=True)
class LabSettings:
    """One lab."""

    seed: int = 7
    rate: float = 1.0
    """Virtual seconds in one real second, 0 to `FASTEST`; 0 holds."""
    rules: str = NO_RULES
    """Alert rules in Prometheus's own format, as text."""
    responder: bool = False
    defect: Defect | None = None
    context: str = "staging-bookstore"
    namespace: str = "bookstore"
    kubeconfig: Path | None = None
    """Where to write the kubeconfig (0600); None writes none."""
    idle_timeout: float = 600.0
    """Real seconds without a request after which the lab ends by itself."""
    hosted: bool = False
    """It is a session's: only who asks at its control address keeps it alive, and without that its time runs no
    faster than the wall's."""
    truth: Path | None = None
    """Where to write the ground truth when the lab stops."""


class Addresses(msgspec.Struct, frozen=True):
    """Where the lab is reached: URLs on loopback, and the path of the kubeconfig ("" where none was written)."""

    kubeconfig: str
    kubernetes: str
    prometheus: str
    alertmanager: str
    control: str
    context: str
    namespace: str
