"""Sessions side by side as rows: what a figure did over the days, and what the last day made better or worse."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from controlroom.core.comparing.values import Change, Comparison, Entry
from controlroom.core.comparing.values import Row as Figure
from controlroom.core.values import changed
from controlroom.journal.comparison import words
from controlroom.journal.comparison.plain import sections
from controlroom.tui.draw.trend import GAP, spark
from controlroom.tui.text import Row, fit, wrapped

Kind = Literal["better", "worse", "same", "different", "not comparable"]

TREND = 8
"""Most sessions that the trend has a sign for: the newest ones."""
VALUE, CHANGE = 12, 16
"""Cells of a value, and of a change."""
KINDS: dict[Kind, tuple[str, str]] = {
    "better": ("▲", "good"),
    "worse": ("▼", "bad"),
    "same": ("=", "dim"),
    "different": ("~", "warn"),
    "not comparable": ("?", "dim"),
}
"""Sign and tone of each change; its word stands beside them."""
GOOD = frozenset({"pass", "clear", "passed"})
BAD = frozenset({"fail", "set", "needs improvement"})
LEGEND = f"trend: ○ good  ✗ bad  ▁█ least, most  {GAP} not known, oldest first"


class Line(NamedTuple):
    """A line of the screen, and the figure that it is about."""

    row: Row
    figure: Figure | None = None


def about(found: Comparison, width: int) -> tuple[Row, ...]:
    """How many figures are better and how many worse, and what to bear in mind."""
    last = Counter(row.changes[-1].kind for row in found.rows() if row.changes)
    count = len(found.sessions)
    rows: list[Row] = [
        (
            (fit(f"{words.number(count - 2)} → {words.number(count - 1)}", 12), "dim"),
            *(
                (f"{sign} {last[kind]} {kind}   ", tone if last[kind] else "dim")
                for kind, (sign, tone) in KINDS.items()
                if last[kind] or kind in ("better", "worse")
            ),
        )
    ]
    rows += [((part, "warn"),) for own in found.remarks for part in wrapped(own, max(1, width))]
    return tuple(rows)


def lines(found: Comparison, width: int, everything: bool) -> Iterator[Line]:
    """The whole comparison. `everything`: also metrics that stayed inside their limits in all sessions."""
    for index, side in enumerate(found.sessions):
        verdict = found.verdict.entries[index].status
        number = fit(words.number(index), 5)
        told = words.side(side)
        yield Line(
            (
                (number, "key"),
                (fit(told, max(10, width - 23)), ""),
                (fit(verdict, 18), "good" if verdict in GOOD else "bad" if verdict in BAD else "dim"),
            )
        )
    for title, rows in sections(found):
        shown = [row for row in rows if everything or words.worth_telling(row)]
        if not shown:
            continue
        yield Line(((" ", ""),))
        yield Line(_heading(title, len(found.sessions), width))
        yield from (Line(_figure(own, width), own) for own in shown)
        if left := len(rows) - len(shown):
            yield Line(((f"  {left} more inside the limits in all sessions (a shows them)", "dim"),))
    yield from _rest(found, width)


def _heading(title: str, count: int, width: int) -> Row:
    label, trend = _widths(count, width)
    before, now = words.number(count - 2), words.number(count - 1)
    return (
        (fit(title, label), "title"),
        (" " + fit("trend" if trend > 4 else "", trend), "dim"),
        (f" {fit(before, VALUE)} {fit(now, VALUE)} {fit('change', CHANGE)}", "dim"),
    )


def _figure(own: Figure, width: int) -> Row:
    label, trend = _widths(len(own.entries), width)
    before, now = own.entries[-2:]
    kind = own.changes[-1]
    sign, tone = KINDS[kind.kind]
    return (
        (fit(own.title, label), ""),
        (" " + fit(shape(own), trend), "accent"),
        (f" {fit(words.entry(own, before), VALUE)}", "dim"),
        (f" {fit(words.entry(own, now), VALUE)}", ""),
        (f" {fit(f'{sign} {_short(own, kind)}', CHANGE)}", tone),
    )


def _widths(count: int, width: int) -> tuple[int, int]:
    """Cells of a figure's name, and of its trend."""
    trend = min(count, TREND)
    return max(8, width - trend - 2 * VALUE - CHANGE - 4), trend


def _short(own: Figure, change: Change) -> str:
    """The change as its column has room for: the amount goes before the word does."""
    told = words.change(own, change)
    return told if len(told) <= CHANGE - 2 else change.kind


def shape(own: Figure) -> str:
    """What the figure did over the newest sessions: blocks of its values, or a sign for what each was found."""
    entries = own.entries[-TREND:]
    if any(entry.status in GOOD | BAD for entry in entries):
        return "".join("○" if own.status in GOOD else "✗" if own.status in BAD else GAP for own in entries)
    values = [_value(entry) for entry in entries]
    known = [value for value in values if not math.isnan(value)]
    return spark(values, min(known), max(known)) if known else GAP * len(values)


def _value(own: Entry) -> float:
    if own.value is not None:
        return own.value
    return own.worst if own.worst is not None else math.nan


def _rest(found: Comparison, width: int) -> Iterator[Line]:
    """Actions, those first that are still to be done; what changed in the plan; what is not known, and why."""
    actions = []
    for standing in ("open", "not told", "done", "dropped"):
        for own in (action for action in found.actions if action.standing == standing):
            mark = "carried over: " if own.carried else ""
            tone = "warn" if own.carried else "dim" if standing in ("done", "dropped") else ""
            actions.append((f"{mark}{words.action(own)} ({words.since(own)})", tone))
    plans = [
        (f"{words.number(own.session - 1)} → {words.number(own.session)} {words.plan_change(own)}", "")
        for own in found.plans
    ]
    reasons = [(f"{what}: {why}", "dim") for what, why in words.reasons(found)]
    yield from _told("ACTIONS", actions, width)
    yield from _told("WHAT CHANGED IN THE PLAN", plans, width)
    yield from _told("NOT KNOWN, OR NOT THE SAME", reasons, width)


def _told(title: str, texts: Iterable[tuple[str, str]], width: int) -> Iterator[Line]:
    parts = [
        ((("  " if index else "") + part, tone),)
        for text, tone in texts
        for index, part in enumerate(wrapped(text, max(1, width - 2)))
    ]
    if parts:
        yield Line(((" ", ""),))
        yield Line(((title, "title"),))
        yield from (Line(part) for part in parts)


def whole(found: Comparison, own: Figure, width: int) -> tuple[Row, ...]:
    """One figure in all its sessions, each with what changed since the one before, and why."""
    rows: list[Row] = [(("trend  ", "dim"), (shape(own), "accent")), (("", ""),)]
    for index, entry in enumerate(own.entries):
        side = found.sessions[index]
        change = own.changes[index - 1] if index else None
        sign, tone = KINDS[change.kind] if change else ("", "")
        told = f"{sign} {words.change(own, change)}" if change else ""
        rows.append(
            (
                (fit(words.number(index), 5), "key"),
                (fit(f"{side.opened_at:%Y-%m-%d %H:%M}", 18), "dim"),
                (fit(words.entry(own, entry), 20), ""),
                (told, tone),
            )
        )
        whys = [entry.reason, change.why if change else ""]
        if entry.uncertainty:
            whys.insert(0, f"±{entry.uncertainty:.3g} s")
        if entry.limit is not None:
            limit = words.entry(own, changed(entry, status="known", value=entry.limit, worst=entry.limit))
            whys.insert(0, f"limit {limit}" if own.unit != "ratio" else f"limit {entry.limit:.4g}")
        for why in dict.fromkeys(part for part in whys if part):
            rows += [((" " * 5 + part, "dim"),) for part in wrapped(why, max(10, width - 5))]
    return tuple(rows)
