"""Checklist, steps of the plan and after-actions as lines to tick."""

from __future__ import annotations

from typing import Literal

from controlroom.core import timeline
from controlroom.core.state import Tick
from controlroom.core.values import Value
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, span, width

TEXT, LEAST = 30, 10
"""Cells that an item's own text gets first, and the fewest that are worth to say who ticked it."""
_FRONT = 11
List = Literal["checklist", "step", "after-action"]


class Item(Value):
    list: List
    id: str
    text: str
    tick: Tick | None = None
    due: float | None = None
    """Session seconds at which it is planned."""
    details: tuple[str, ...] = ()
    command: str = ""


def items(moment: Moment) -> list[Item]:
    """All there is to tick: before, during and after the day."""
    plan, state = moment.plan, moment.state
    if plan is None:
        return []
    found = [
        Item(list="checklist", id=own.id, text=own.text, tick=state.checklist.get(own.id))
        for own in plan.checklist
    ]
    found += [
        Item(
            list="step",
            id=step.id,
            text=step.text,
            tick=state.steps.get(step.id),
            due=timeline.step_moment(state, step, moment.t),
            details=step.details,
            command=step.command or "",
        )
        for _, step in plan.steps
    ]
    found += [
        Item(list="after-action", id=own.id, text=own.text, tick=state.after_actions.get(own.id))
        for own in plan.after_actions
    ]
    return found


def item_row(moment: Moment, item: Item, cells: int) -> Row:
    """`[x] 15:00 Experiment 1: Pod Kill   done by facilitator 15:04`."""
    done = item.tick is not None and item.tick.ticked
    late = not done and item.due is not None and item.due < moment.t
    when = clock(item.due) if item.due is not None else ""
    tail = ""
    if item.tick is not None and done:
        tail = f"  {item.tick.by} {clock(item.tick.t)}" + (
            f", {item.tick.detail}" if item.tick.detail else ""
        )
    elif late and item.due is not None:
        tail = f"  due {span(moment.t - item.due)} ago"
    # Who ticked it gives way to what it is, where there is not room for both.
    told = min(width(tail), 30, max(0, cells - _FRONT - TEXT))
    if told < LEAST:
        told = 0
    return (
        ("[x] " if done else "[ ] ", "good" if done else "warn" if late else "dim"),
        (fit(when, 6) + " ", "dim"),
        (fit(item.text, cells - _FRONT - told), "dim" if done else ""),
        (fit(tail, told), "over" if late else "dim"),
    )
