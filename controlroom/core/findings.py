"""What an inspection found: one line for each thing that a plan counts on."""

from __future__ import annotations

from collections.abc import Iterable
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
    cluster: str | None = None
    """Where there are several clusters, the one that it is about; empty: the plan's own; None: none of them."""


LIVE = (
    "guards.",
    "manifest.",
    "rights.",
    "dry-run.",
    "targets.",
    "cluster",
    "foreign-chaos",
    "alerts.unrelated",
)
"""Beginnings of the ids of what is asked anew before each start: an old answer does not count there."""


def standing_against(findings: Iterable[Finding], experiment: str, cluster: str = "") -> tuple[str, ...]:
    """What failed, and stands against starting an experiment in its cluster: what is wrong in another does not."""
    return tuple(
        finding.what
        for finding in findings
        if finding.state == "failed"
        and finding.experiment in ("", experiment)
        and finding.cluster in (None, cluster)
        and not finding.id.startswith(LIVE)
    )


class Inspected(Value):
    """The outcome. `by_hand`: what only a person can see to; `unbound`: what the plan does not use."""

    findings: tuple[Finding, ...]
    by_hand: tuple[str, ...]
    unbound: tuple[str, ...]
    seconds: float
    """Real ones, all together."""
