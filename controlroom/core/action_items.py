"""Action items as they stand: those of the day, and the plan's after-actions with their owner and due date.

An after-action of the plan is ticked like a step, and may be given an owner and a date like an item of the day. Both
are here one kind of thing, so that a screen, a report and an export cannot disagree on what is still to be done.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from controlroom.core.state import State
from controlroom.core.values import Value


class ActionItem(Value):
    id: str
    """Name of the action; `after-action:` and the plan's name for an after-action."""
    title: str
    owner: str = ""
    due: str = ""
    """`2026-12-01` where it was written as a date; older records may hold free words."""
    status: Literal["open", "done", "dropped"] = "open"
    after_action: str = ""
    """The plan's after-action that it is; empty: it is of the day."""
    note: str = ""

    @property
    def day(self) -> date | None:
        """The due date; None where there is none, or not as a date."""
        try:
            return date.fromisoformat(self.due)
        except ValueError:
            return None


def action_items(state: State) -> tuple[ActionItem, ...]:
    """All of them: first those of the day in the order in which they came up, then the plan's after-actions."""
    given = {own.after_action: own for own in state.actions.values() if own.after_action}
    found = [
        ActionItem(
            id=own.action, title=own.title, owner=own.owner, due=own.due, status=own.status, note=own.note
        )
        for own in state.actions.values()
        if not own.after_action
    ]
    for planned in state.plan.after_actions if state.plan else ():
        own = given.get(planned.id)
        tick = state.after_actions.get(planned.id)
        done: Literal["open", "done"] = "done" if tick is not None and tick.ticked else "open"
        found.append(
            ActionItem(
                id=f"after-action:{planned.id}",
                title=planned.text,
                owner=own.owner if own else "",
                due=own.due if own else "",
                status="dropped" if own is not None and own.status == "dropped" else done,
                after_action=planned.id,
            )
        )
    return tuple(found)
