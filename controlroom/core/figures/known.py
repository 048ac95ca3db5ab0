"""What criteria and signs are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlroom.core.assessment import Baseline, DayFigures, RunFigures
from controlroom.core.figures.runs import Harm
from controlroom.core.figures.windows import Window


@dataclass(frozen=True, slots=True)
class Known:
    """The figures of a moment, before any is judged."""

    baselines: Mapping[str, Baseline]
    harms: Sequence[Harm]
    """What each injected run did, in the order of injection."""
    runs: Mapping[str, RunFigures]
    """Of the injected runs, by name."""
    day: DayFigures
    during: Window
    earliest: float | None
    """When the last episode would have ended if every missing sample had been inside, Unix seconds."""
