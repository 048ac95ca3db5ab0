"""What the room does by itself at a step, where the host that should have done it died in between."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.plan import Step
from controlroom.core.state import State


def left_over(state: State) -> Sequence[Step]:
    """Steps of the open phase whose moment had come before whoever asks was there, and that nobody has ticked."""
    if state.plan is None or state.phase is None:
        return ()
    steps = state.plan.phase(state.phase).steps
    return tuple(step for step in steps if step.id in state.due and step.id not in state.steps)
