"""What one plan has other than another: by the names of its parts, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from controlroom.core.comparing.values import Day, PlanChange
from controlroom.core.values import Value

LISTS = (
    "phases",
    "experiments",
    "metrics",
    "criteria",
    "signs",
    "abort",
    "injects",
    "checklist",
    "observations",
    "debrief",
    "after_actions",
    "participants",
)
"""Parts of a plan that are lists of named things."""
ONCE = ("duration", "load", "sampling", "rules", "vanished")
"""What it has but once. Where it runs is told by its context; titles and words of introduction change nothing."""
SECONDS = frozenset(
    {"at", "until", "duration", "step", "warm_up", "hold", "grace", "settle", "lasting", "countdown"}
)
LONGEST = 200
"""Characters of a value that is told."""


def plan_changes(days: Iterable[Day]) -> tuple[PlanChange, ...]:
    """From each session to the next, in the order of the plan's parts."""
    found: list[PlanChange] = []
    before: Day | None = None
    for index, day in enumerate(days):
        if before is not None:
            found += _between(before, day, index)
        before = day
    return tuple(found)


def _between(before: Day, after: Day, session: int) -> Iterator[PlanChange]:
    old, new = before.plan, after.plan
    for part in LISTS:
        yield from _lists(part, _named(getattr(old, part)), _named(getattr(new, part)), session)
    for name in ONCE:
        pair = (_told(getattr(old, name), name), _told(getattr(new, name), name))
        if pair[0] != pair[1]:
            yield PlanChange(
                session=session, part="plan", name=name, what="changed", old=pair[0], new=pair[1]
            )
    where = (_where(before), _where(after))
    if where[0] != where[1]:
        yield PlanChange(
            session=session, part="plan", name="cluster", what="changed", old=where[0], new=where[1]
        )
    yield from _files(before.files, after.files, session)


def _named(things: Iterable[Value]) -> dict[str, Value]:
    return {str(getattr(own, "id", None) or getattr(own, "name", "")): own for own in things}


def _lists(
    part: str, old: Mapping[str, Value], new: Mapping[str, Value], session: int
) -> Iterator[PlanChange]:
    for name in (*old, *(own for own in new if own not in old)):
        if name not in new:
            yield PlanChange(session=session, part=part, name=name, what="removed", old=_title(old[name]))
        elif name not in old:
            yield PlanChange(session=session, part=part, name=name, what="added", new=_title(new[name]))
        else:
            yield from _fields(part, name, old[name], new[name], session)


def _fields(part: str, name: str, old: Value, new: Value, session: int) -> Iterator[PlanChange]:
    """Of two things of one name. Two of another kind are told as a whole."""
    if type(old) is not type(new):
        yield PlanChange(
            session=session,
            part=part,
            name=name,
            what="changed",
            field="type",
            old=str(type(old).__struct_config__.tag),
            new=str(type(new).__struct_config__.tag),
        )
        return
    for field in old.__struct_fields__:
        a, b = getattr(old, field), getattr(new, field)
        if a != b:
            yield PlanChange(
                session=session,
                part=part,
                name=name,
                what="changed",
                field=field,
                old=_told(a, field),
                new=_told(b, field),
            )


def _files(old: Mapping[str, str], new: Mapping[str, str], session: int) -> Iterator[PlanChange]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield PlanChange(session=session, part="files", name=name, what="removed")
        elif name not in old:
            yield PlanChange(session=session, part="files", name=name, what="added")
        elif old[name] != new[name]:
            count = len(set(old[name].splitlines()) ^ set(new[name].splitlines()))
            yield PlanChange(
                session=session, part="files", name=name, what="changed", new=f"{count} lines differ"
            )


def _where(day: Day) -> str:
    cluster = day.plan.bindings.cluster
    return f"{cluster.context}: {', '.join(cluster.namespaces)}"


def _title(own: Value) -> str:
    return str(getattr(own, "title", "") or getattr(own, "text", "") or getattr(own, "role", ""))


def _told(value: object, field: str) -> str:
    """As text: seconds as such, what is more than one value as JSON, cut where it is long."""
    if value is None:
        return ""
    if isinstance(value, float) and field in SECONDS:
        return f"{value:g} s"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}"
    text = value if isinstance(value, str) else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
