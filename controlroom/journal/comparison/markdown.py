"""A comparison as Markdown for a forge."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.comparing.values import Comparison, Row
from controlroom.journal.comparison import words
from controlroom.journal.comparison.plain import sections
from controlroom.journal.report.escaping import escaped, table


def markdown(found: Comparison, everything: bool = False) -> str:
    """One page: the sessions, a table for each part, actions, what changed in the plan, what is not known."""
    lines = ["# Game days compared", "", *_sessions(found)]
    for title, rows in sections(found):
        shown = [row for row in rows if everything or words.worth_telling(row)]
        if shown:
            lines += [f"## {escaped(title.capitalize())}", "", *_rows(found, shown)]
        if left := len(rows) - len(shown):
            lines += [f"{left} more stayed inside the limits in all sessions.", ""]
    return "\n".join([*lines, *_actions(found), *_plans(found), *_reasons(found)]).rstrip("\n") + "\n"


def _sessions(found: Comparison) -> list[str]:
    rows = [
        (_place(index), escaped(own.title), escaped(own.session), escaped(words.side(own)), own.verdict)
        for index, own in enumerate(found.sessions)
    ]
    lines = table(("", "Title", "Session", "When, how long, where", "Verdict"), rows)
    return [*lines, *(f"> {escaped(own)}\n" for own in found.remarks)]


def _rows(found: Comparison, rows: Sequence[Row]) -> list[str]:
    head = ("", *(_place(index) for index in range(len(found.sessions))), "Change")
    return table(head, [_row(row) for row in rows])


def _row(row: Row) -> tuple[str, ...]:
    change = escaped(words.change(row, row.changes[-1])) if row.changes else ""
    return (escaped(row.title), *(escaped(words.entry(row, own)) for own in row.entries), change)


def _actions(found: Comparison) -> list[str]:
    if not found.actions:
        return []
    lines = ["## Actions", ""]
    for standing in ("open", "not told", "done"):
        for own in found.actions:
            if own.standing == standing:
                tick = "x" if standing == "done" else " "
                lines.append(f"- [{tick}] {escaped(words.action(own))} ({escaped(words.since(own))})")
    return [*lines, ""]


def _plans(found: Comparison) -> list[str]:
    if not found.plans:
        return []
    lines = ["## What changed in the plan", ""]
    for own in found.plans:
        place = f"{_place(own.session - 1)} → {_place(own.session)}"
        lines.append(f"- {place}: {escaped(words.plan_change(own))}")
    return [*lines, ""]


def _reasons(found: Comparison) -> list[str]:
    told = [(escaped(what), escaped(why)) for what, why in words.reasons(found)]
    return ["## Not known, or not the same", "", *table(("What", "Why"), told)] if told else []


def _place(index: int) -> str:
    return str(index + 1)
