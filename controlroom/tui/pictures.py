"""Pictures of the room's own panes: when a step of the plan asks for them, and by key.

In a rehearsal there are no dashboards to picture; in a real day these stand beside them. They lie in the session's
folder, readable by its owner alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from controlroom.core.plan import Step
from controlroom.tui.moment import Moment
from controlroom.tui.text import clock

FONTS = re.compile(r"@font-face \{.*?\}\s*", re.S)
"""Rich names fonts on another server; a picture of ours asks nobody."""


def due(moment: Moment, taken: Collection[str]) -> tuple[Step, ...]:
    """Steps whose pictures are to be taken now."""
    plan, state = moment.plan, moment.state
    if plan is None or not moment.live or not moment.info.folder:
        return ()
    return tuple(
        step
        for _, step in plan.steps
        if step.kind == "pictures"
        and step.id in state.due
        and step.id not in state.steps
        and step.id not in taken
    )


def save(svg: str, moment: Moment, name: str) -> Path:
    """Writes the picture; returns its path in the session's folder. Raises OSError."""
    folder = Path(moment.info.folder) / "pictures"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{clock(moment.t).replace(':', '-')}-{name}.svg"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(FONTS.sub("", svg))
    return path
