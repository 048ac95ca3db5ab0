"""What was found when the plan was checked: one line in the checklist, and all of it on a sheet."""

from __future__ import annotations

from controlroom.core.findings import STANDINGS, Finding, Standing
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, span, wrapped

TONES: dict[Standing, str] = {"ok": "good", "warning": "over", "failed": "bad", "could not tell": "warn"}
MARGIN = 16
"""Cells before the text of a finding."""
WORST_FIRST: tuple[Standing, ...] = ("failed", "could not tell", "warning", "ok")


def summary(moment: Moment) -> Row:
    """`plan checked 2:10 ago: 1 failed, 46 ok`."""
    found = moment.state.inspected
    if found is None:
        return (("the plan was not checked", "dim"),)
    parts: list[tuple[str, str]] = [(f"plan checked {span(max(0.0, moment.t - found.t))} ago: ", "dim")]
    counts = {state: sum(one.state == state for one in found.findings) for state in STANDINGS}
    shown = [state for state in WORST_FIRST if counts[state]]
    for number, state in enumerate(shown):
        comma = ", " if number + 1 < len(shown) else ""
        parts += [(f"{counts[state]} {state}", TONES[state]), (comma, "dim")]
    return tuple(parts)


def rows(moment: Moment, width: int) -> tuple[Row, ...]:
    """Every finding with its reason and next step, what is wrong first."""
    found = moment.state.inspected
    if found is None:
        return ((("the plan was not checked in this session", "dim"),),)
    order = sorted(found.findings, key=lambda one: WORST_FIRST.index(one.state))
    return tuple(row for one in order for row in _finding(one, width))


def _finding(one: Finding, width: int) -> list[Row]:
    room = max(1, width - MARGIN)
    word = one.state.upper() if one.state == "failed" else one.state
    first, *rest = wrapped(f"{one.what}: {one.reason}", room)
    found: list[Row] = [((word.ljust(MARGIN), TONES[one.state]), (first, ""))]
    found += [((" " * MARGIN + line, ""),) for line in rest]
    if one.next:
        found += [((" " * MARGIN + line, "dim"),) for line in wrapped(f"next: {one.next}", room)]
    return found
