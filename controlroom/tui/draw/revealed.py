"""What was revealed to the audience: a banner that stays for some minutes."""

from __future__ import annotations

from controlroom.core.plan import Experiment
from controlroom.tui.moment import Moment
from controlroom.tui.text import clock, wrapped

STAYS = 180.0
"""Real seconds on the shared screen."""
STAYS_SMALL = 60.0
"""The same for those who knew."""


def revealed_now(moment: Moment, seconds: float) -> list[Experiment]:
    """What was revealed less than so many real seconds ago, the newest first."""
    plan, state = moment.plan, moment.state
    if plan is None:
        return []
    rate = state.rate if moment.info.live else 1.0
    known = {own.id: own for own in plan.experiments}
    found = [
        (t, known[name])
        for name, t in state.revealed.items()
        if name in known and 0 <= moment.t - t <= seconds * (rate or 1.0)
    ]
    return [own for _, own in sorted(found, key=lambda item: item[0], reverse=True)]


def began(moment: Moment, experiment: Experiment) -> str:
    """`began T+12:00`, or that it has not begun."""
    run = next((own for own in moment.state.runs.values() if own.experiment == experiment.id), None)
    if run is None or run.state == "refused":
        return "has not begun"
    t = moment.t_of(run.injection.first) if run.injection is not None else run.requested
    return f"began T+{clock(t)}"


def banner_lines(moment: Moment, cells: int) -> list[str]:
    """Rows of the banner: for the audience what, when and what was expected; for others one short line."""
    if moment.info.seat != "audience":
        small = revealed_now(moment, STAYS_SMALL)
        names = ", ".join(f"{own.title} ({began(moment, own)})" for own in small)
        return [f"revealed to the audience: {names}"] if small else []
    lines: list[str] = []
    for own in revealed_now(moment, STAYS):
        expected = f"; expected: {', '.join(own.expected)}" if own.expected else ""
        lines += wrapped(f"REVEALED  {own.title}: {began(moment, own)}{expected}", max(20, cells - 2))
    return lines
