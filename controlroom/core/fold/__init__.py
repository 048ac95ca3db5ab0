"""The fold: state + event → state. Live, attached, replayed and reported sessions are this and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from controlroom.core.events import Event

# These register their kinds.
from controlroom.core.fold import faults, leftovers, people, seats, session, sources
from controlroom.core.fold.register import apply, folded_kinds
from controlroom.core.state import State

__all__ = ["apply", "faults", "fold", "folded_kinds", "leftovers", "people", "seats", "session", "sources"]


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after all these events."""
    state = state or State()
    for event in events:
        state = apply(state, event)
    return state
