"""How long nobody kept the record: the time between a host that died and the one that took its session up.

Session time goes on by UTC meanwhile, as the world and the plan's day do. Monotonic time means nothing across two
processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.values import Value

_TOLD = (e.MarkMade, e.MarkAmended, e.NoteWritten)
"""Kinds whose `at` a person may have set: it is not when the host wrote them."""


class Gap(Value):
    seconds: float
    """Session seconds; never negative."""
    note: str = ""
    """Why it may not be what it seems; empty: nothing is known against it."""


def gap_after(events: Sequence[Event], now: float) -> Gap:
    """The gap from the last of `events` to `now` (Unix seconds of the session's clock).

    Counted from the last event that bears the host's own time. A clock that stands before it was set back: how
    long the gap was is then not known, and it is taken as none.
    """
    last = next(
        event
        for event in reversed(events)
        if event.seq == 1 or (event.clock == "host" and not isinstance(event.body, _TOLD))
    )
    passed = now - last.at.timestamp()
    if passed < 0:
        back = f"the clock stands {-passed:.0f} s before the last event: how long the gap was is not known"
        return Gap(seconds=0.0, note=back)
    return Gap(seconds=round(max(0.0, last.t + passed - events[-1].t), 6))
