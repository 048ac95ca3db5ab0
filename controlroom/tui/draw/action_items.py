"""Action items as lines: state, what, who, by when."""

from __future__ import annotations

from controlroom.core.action_items import ActionItem, action_items
from controlroom.tui.draw.lines import days
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, fit

SIGNS = {"open": ("[ ] ", ""), "done": ("[x] ", "good"), "dropped": ("[-] ", "dim")}


def listed(moment: Moment) -> list[ActionItem]:
    """Open ones first, what was dropped last; else in the order in which they came up."""
    order = ("open", "done", "dropped")
    return sorted(action_items(moment.state), key=lambda own: order.index(own.status))


def action_row(item: ActionItem, cells: int) -> Row:
    """`[ ] mend the runbook link   maria   Fri 2026-12-04`."""
    sign, tone = SIGNS[item.status]
    owner = min(16, max(9, cells // 5))
    due = 15 if cells >= 60 else 10 if cells >= 46 else 0
    told = days(item.due) if cells >= 60 else item.due
    dim = "dim" if item.status != "open" else ""
    wants = "warn" if item.status == "open" else "dim"
    return (
        (sign, tone or "dim"),
        (fit(item.title, max(0, cells - 4 - owner - due - 1)) + " ", dim),
        (fit(item.owner or "no owner", owner - 1) + " ", dim if item.owner else wants),
        (fit(told or "no date", due), "dim"),
    )


def summary_row(items: list[ActionItem]) -> Row:
    """`3 open, 1 without an owner · 2 done`."""
    still = [own for own in items if own.status == "open"]
    lone = sum(1 for own in still if not own.owner)
    done = sum(1 for own in items if own.status == "done")
    text = f"{len(still)} open" + (f", {lone} without an owner" if lone else "")
    return ((text, "strong"), (f" · {done} done", "dim"))
