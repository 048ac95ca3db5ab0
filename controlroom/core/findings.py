"""What an inspection found: one line for each thing that a plan counts on."""

from __future__ import annotations

from typing import Literal

from controlroom.core.values import Value

Standing = Literal["ok", "warning", "failed", "could not tell"]
STANDINGS: tuple[Standing, ...] = ("ok", "warning", "failed", "could not tell")


class Finding(Value):
    """What was checked, what was found, and how long that took."""

    id: str
    group: str
    what: str
    state: Standing
    reason: str
    next: str = ""
    """What to do; empty where there is nothing to be done."""
    seconds: float = 0.0
    """Real ones from the beginning of the inspection until it was known."""
    experiment: str = ""
    """The experiment that it is about; empty: the whole day."""


class Inspected(Value):
    """The outcome. `by_hand`: what only a person can see to; `unbound`: what the plan does not use."""

    findings: tuple[Finding, ...]
    by_hand: tuple[str, ...]
    unbound: tuple[str, ...]
    seconds: float
    """Real ones, all together."""
