"""One run of several objects: what is known of each, as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controlroom.core.events import FaultObserved, Injection
from controlroom.core.events.faults import RunState

ORDER: tuple[RunState, ...] = (
    "stuck",
    "inject-failing",
    "no-target",
    "unsure",
    "requested",
    "injecting",
    "paused",
    "active",
    "fired",
    "recovering",
    "ended",
)
"""Which part speaks for the whole: trouble first, then what is not done, then what acts; over is what all are."""


def combined(parts: Sequence[FaultObserved]) -> FaultObserved:
    """The run by its parts, each observed by itself. One part is the run."""
    if len(parts) == 1:
        return parts[0]
    speaker = min(parts, key=lambda part: rank(part.state))
    over = all(part.state == "ended" for part in parts)
    return FaultObserved(
        run=speaker.run,
        state=speaker.state,
        targets=tuple(target for part in parts for target in part.targets),
        message=speaker.message,
        ends_at=_latest([part.ends_at for part in parts if part.state != "ended"]),
        injection=injection_of([part.injection for part in parts if part.injection is not None]),
        effect_end=_latest([part.effect_end for part in parts if part.injection is not None]),
        object_end=_latest([part.object_end for part in parts]) if over else None,
        how=" · ".join(dict.fromkeys(part.how for part in parts if part.how)) if over else "",
    )


def rank(state: RunState) -> int:
    """Of several states the one of the lowest rank speaks for all."""
    return ORDER.index(state) if state in ORDER else -1


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """None as long as one of them is not known."""
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def injection_of(found: Sequence[Injection]) -> Injection | None:
    """Several injections as one: the first of all, the last of all."""
    if not found:
        return None
    return Injection(
        first=min(one.first for one in found),
        last=max(one.last for one in found),
        n=sum(one.n for one in found),
        uncertainty=max(one.uncertainty for one in found),
        proven=all(one.proven for one in found),
    )
