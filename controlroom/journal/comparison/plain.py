"""A comparison as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from controlroom.core.clean import clean
from controlroom.core.comparing.values import Comparison, Row
from controlroom.journal.comparison import words

WIDTH = 80
"""Columns where nothing else is known."""
LABEL = 30
"""Most columns that a row's title takes; the numbers are what one looks for."""
LEAST = 14
"""Columns that a session takes at least: `not comparable` is read whole."""


def plain(found: Comparison, width: int = WIDTH, everything: bool = False) -> str:
    """Tables of at most `width` columns; more sessions than fit go on in a further table.

    `everything`: also metrics that stayed inside their limits in all sessions.
    """
    lines = [*_head(found), ""]
    for title, rows in sections(found):
        shown = [row for row in rows if everything or words.worth_telling(row)]
        lines += _table(title, shown, width) if shown else []
        if left := len(rows) - len(shown):
            lines[-1:] = [
                f"  {left} more metric{'s' if left > 1 else ''} inside the limits in all sessions (--all)",
                "",
            ]
    lines += _actions(found)
    lines += _plans(found, width)
    lines += _reasons(found, width)
    return "\n".join(lines).rstrip("\n") + "\n"


def sections(found: Comparison) -> Iterable[tuple[str, Sequence[Row]]]:
    """Rows by what they are about."""
    yield "VERDICT", (found.verdict,)
    yield "CRITERIA", found.criteria
    yield "SIGNS", found.signs
    yield "THE DAY", found.day
    for own in found.experiments:
        yield own.title.upper(), _short(own.title, (*own.figures, *own.degradation))
    yield "LEFT TO DO", found.counts


def _short(title: str, rows: Iterable[Row]) -> Sequence[Row]:
    """Under the heading of an experiment its name need not stand in each line."""
    from controlroom.core.values import changed

    return tuple(changed(row, title=row.title.removeprefix(title).lstrip(": ")) for row in rows)


def _head(found: Comparison) -> list[str]:
    lines = [f"{len(found.sessions)} session{'s' if len(found.sessions) > 1 else ''}, oldest first"]
    for index, own in enumerate(found.sessions):
        lines += [
            f"{words.number(index)} {clean(own.title, 74)}",
            f"    {clean(own.session, 74)}",
            f"    {words.side(own)}",
        ]
    return [*lines, *(f"note: {clean(own)}" for own in found.remarks)]


def _table(title: str, rows: Sequence[Row], width: int) -> list[str]:
    """Each row's entries, and what changed from the session before to the last."""
    label = min(LABEL, max(len(title), *(len(clean(row.title)) for row in rows)))
    cells = [[clean(words.entry(row, own)) for own in row.entries] for row in rows]
    changes = [[words.change(row, own) for own in row.changes] for row in rows]
    last = [own[-1] if own else "" for own in changes]
    count = len(rows[0].entries)
    column = max(LEAST, *(len(cell) for row in cells for cell in row)) if count > 2 else 0
    widths = [column or max(LEAST, *(len(row[index]) for row in cells)) for index in range(count)]
    ending = max(map(len, last))
    fits = max(1, (width - label - 2 - ending) // (max(widths) + 2))
    lines = []
    for start in range(0, count, fits):
        part = range(start, min(start + fits, count))
        final = part.stop == count
        head = (
            title if not start else "",
            *(words.number(index) for index in part),
            "change" if final and ending else "",
        )
        lines.append(_line(head, label, widths[start : part.stop]))
        for row, own, step in zip(rows, cells, last, strict=True):
            told = (clean(row.title), *(own[index] for index in part), step if final else "")
            lines.append(_line(told, label, widths[start : part.stop]))
    return [*lines, ""]


def _line(cells: Sequence[str], label: int, widths: Sequence[int]) -> str:
    first, *middle, last = cells
    parts = [
        _cut(first, label),
        *(cell.ljust(width) for cell, width in zip(middle, widths, strict=True)),
        last,
    ]
    return "  ".join(parts).rstrip()


def _cut(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _actions(found: Comparison) -> list[str]:
    if not found.actions:
        return []
    lines = ["ACTIONS"]
    for heading in ("open", "not told", "done", "dropped"):
        for own in found.actions:
            if own.standing == heading:
                mark = "carried over: " if own.carried else ""
                lines.append(f"  {mark}{words.action(own)} ({words.since(own)})")
    return [*lines, ""]


def _plans(found: Comparison, width: int) -> list[str]:
    if not found.plans:
        return []
    lines = ["WHAT CHANGED IN THE PLAN"]
    for own in found.plans:
        place = f"{words.number(own.session - 1)}→{words.number(own.session)} "
        lines += _wrapped(f"  {place}{words.plan_change(own)}", width)
    return [*lines, ""]


def _reasons(found: Comparison, width: int) -> list[str]:
    told = [_wrapped(f"  {clean(what)}: {clean(why)}", width) for what, why in words.reasons(found)]
    return ["NOT KNOWN, OR NOT THE SAME", *(line for own in told for line in own)] if told else []


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, subsequent_indent="    ", break_long_words=True, break_on_hyphens=False)
