"""What must be said while the disk does not take the record."""

from __future__ import annotations

from controlroom.tui.moment import Moment
from controlroom.tui.text import span


def record_trouble(moment: Moment) -> list[tuple[str, str]]:
    """Texts and tones: what is wrong, since when, how much waits, what to do; empty where the record is kept."""
    state = moment.state
    trouble = state.record_trouble
    if trouble is None or not moment.info.live:
        return []
    lasting = span((moment.t - trouble.since) / (state.rate or 1.0))
    waiting = max(0, state.seq - trouble.kept)
    lines = f"{waiting} line{'s' if waiting != 1 else ''} wait{'s' if waiting == 1 else ''} in memory"
    return [
        (f"NOT ON DISK for {lasting}, {lines}: {trouble.error}", "alarm"),
        (f"nothing is started meanwhile; stop and halt go out.  {trouble.hint}".rstrip(), "notice"),
    ]
