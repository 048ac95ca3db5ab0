"""What keys do to the metrics table: order, pins, what is hidden, a filter. Nothing of it is on record."""

from __future__ import annotations

from dataclasses import replace

from controlroom.tui.desk import Desk
from controlroom.tui.draw.arranged import SAID, Arrangement
from controlroom.tui.table import Metrics

LONGEST = 40
"""Characters of a filter."""


def arrange(desk: Desk, what: str) -> None:
    """`sort`, `pin`, `hide`, `filter` or `all`. A row is only acted on where one sees which it is."""
    table = desk.metrics()
    if table is None:
        desk.say("this layout shows no metrics table", wrong=True)
    elif what == "sort":
        table.show_as(table.own.next_order())
        desk.say(f"metrics: {SAID[table.own.order] or 'in the order of the plan'}")
    elif what == "all":
        table.show_as(Arrangement())
        desk.say("metrics: all of them, in the order of the plan")
    elif what == "filter":
        _filter(desk, table)
    elif not table.has_focus:
        desk.choose("metrics")
        desk.say(f"choose a metric, then {desk.now.keys.shown(f'{what}_metric')} does it")
    elif (chosen := table.chosen()) is not None:
        table.show_as(table.own.pin(chosen.id) if what == "pin" else table.own.hide(chosen.id))


def _filter(desk: Desk, table: Metrics) -> None:
    from controlroom.tui.screens.simple import Prompt

    def take(text: str | None) -> None:
        if text is not None:
            table.show_as(replace(table.own, text=text[:LONGEST]))

    about = ("A part of the name. Nothing shows all but what is hidden.",)
    desk.open(Prompt(desk.now, "filter metrics", about, table.own.text), take)
