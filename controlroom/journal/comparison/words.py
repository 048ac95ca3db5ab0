"""A comparison in plain words: the same ones on a terminal, in Markdown and on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from controlroom.core.clean import clean
from controlroom.core.comparing.values import Carried, Change, Comparison, Entry, PlanChange, Row, Side
from controlroom.journal.report.words import quantity, span

_BARE = frozenset({"known", "provisional"})
_PARTS = {
    "experiments": "experiment",
    "phases": "phase",
    "metrics": "metric",
    "criteria": "criterion",
    "signs": "sign",
    "abort": "abort rule",
    "injects": "inject",
    "checklist": "checklist item",
    "observations": "observation",
    "debrief": "debrief question",
    "after_actions": "after-action",
    "participants": "participant",
    "files": "file",
    "plan": "",
}


def entry(row: Row, own: Entry) -> str:
    """`0:37`, `pass 0:37`, `2.2× out`, `unknown`: the value where there is one, and what it is worth."""
    if own.status == "not planned":
        return "not planned"
    if row.unit == "ratio":
        return _degraded(own)
    value = "" if own.value is None else _quantity(own.value, row.unit)
    if own.status in _BARE:
        return (value or own.status) + ("?" if own.status == "provisional" else "")
    return f"{own.status} {value}".rstrip()


def _degraded(own: Entry) -> str:
    if own.worst is None:
        return own.status
    amount = f"{own.value:.3g}×" if own.value is not None else f"{own.worst:.4g}"
    where = "" if own.outside is None else " out" if own.outside else " in"
    return f"{amount}{where}" + (f" {own.status}" if own.status != "known" else "")


def _quantity(value: float, unit: str) -> str:
    return f"{value:.0f}" if not unit and value.is_integer() else quantity(value, unit)


def change(row: Row, own: Change) -> str:
    """`better -1:25`, `same`, `not comparable`."""
    if own.by is None or own.kind == "not comparable" or abs(own.by) < 0.0005:
        return own.kind
    sign = "+" if own.by > 0 else "-"
    amount = abs(own.by)
    told = span(amount) if row.unit == "s" else f"{amount:.3g}×" if row.unit == "ratio" else f"{amount:.4g}"
    return f"{own.kind} {sign}{told}"


def side(own: Side) -> str:
    """One session in a line, without its number."""
    where = "rehearsal" if own.lab else f"on {clean(own.context)}"
    state = "" if own.closed else ", not closed"
    return f"{own.opened_at:%Y-%m-%d %H:%M} UTC, {span(own.length)}, {where}{state}"


def number(index: int) -> str:
    """How a session is named in a table: its place, counted from 1."""
    return f"[{index + 1}]"


def reasons(found: Comparison) -> Iterable[tuple[str, str]]:
    """What is not known or cannot be compared, and why: (place and title, reason). Said once where it is the same."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in (own for own in found.rows() if worth_telling(own)):
        for index, own in enumerate(row.entries):
            if row.unit == "ratio" and own.status == "known":
                if own.reason.startswith("beside"):
                    told.setdefault((row.title.partition(": ")[0], f"measured {own.reason}"), []).append(
                        number(index)
                    )
            elif own.reason and own.status not in ("known", "pass", "fail", "set", "clear", "not planned"):
                told.setdefault((row.title, f"{own.status}: {own.reason}"), []).append(number(index))
        for index, step in enumerate(row.changes):
            if step.kind == "different":
                told.setdefault((row.title, f"different: {step.why}"), []).append(number(index + 1))
    for (title, why), places in told.items():
        if not title.startswith("Verdict"):
            yield f"{''.join(dict.fromkeys(places))} {title}", why


def worth_telling(row: Row) -> bool:
    """A metric that was inside its limit in every session that knows it need not be read."""
    return row.unit != "ratio" or any(
        own.outside or (own.outside is None and own.status not in ("not planned", "absent"))
        for own in row.entries
    )


def action(own: Carried) -> str:
    """An action item, who does it, and until when."""
    owner = f" @{own.owner}" if own.owner else ", no owner"
    due = f", due {own.due}" if own.due else ""
    return clean(f"{own.title}{owner}{due}")


def since(own: Carried) -> str:
    """Which session first had it, and which last."""
    has = [index for index, state in enumerate(own.states) if state]
    first, last = has[0], has[-1]
    if own.standing == "not told":
        return f"open in {number(last)}, not told of since"
    if own.standing == "open":
        return f"open since {number(first)}" if own.carried else f"new in {number(first)}"
    done = next(index for index, state in enumerate(own.states) if state == own.standing)
    return f"{own.standing} by {number(done)}"


def plan_change(own: PlanChange) -> str:
    """One difference of two plans in a line."""
    what = " ".join(part for part in (_PARTS.get(own.part, own.part), own.name) if part)
    if own.what != "changed":
        about = own.new or own.old
        return clean(f"{what} {own.what}" + (f": {about}" if about and own.part != "files" else ""))
    field = f", {own.field.replace('_', ' ')}" if own.field else ""
    if not own.old and own.part == "files":
        return clean(f"{what}: {own.new}")
    return clean(f"{what}{field}: {own.old or 'none'} → {own.new or 'none'}")
