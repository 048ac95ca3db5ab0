"""How what sessions left is printed: lines for a person, JSON for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from controlroom.core.events import Leftover


def lines(left: Sequence[Leftover], unseen: Sequence[str], now: datetime) -> list[str]:
    """Everything that was found, by session; then what could not be looked at."""
    found: list[str] = []
    for session in dict.fromkeys(one.session for one in left):
        own = [one for one in left if one.session == session]
        live = any(one.live for one in own)
        found.append(f"session {session}" + ("  goes on here" if live else ""))
        width = max(len(str(one.object)) for one in own)
        found += [f"  {str(one.object).ljust(width)}  {one.run or '-'}  {told(one, now)}" for one in own]
        if live:
            found.append(
                f"  not touched: `controlroom attach {session}` shows it; --live-too sweeps it as well"
            )
    found += [f"could not look at {text}" for text in unseen]
    return found


def told(one: Leftover, now: datetime) -> str:
    """What it does, and for how long it has."""
    age = f"{_span(now, one.created_at)} old" if one.created_at else "of unknown age"
    if one.standing == "going":
        held = f", held by the finalizer {', '.join(one.finalizers)}" if one.finalizers else ""
        return f"being deleted for {_span(now, one.going_since)}{held}"
    if one.standing == "changed":
        return f"changed: would be put back: {one.undoes or 'nothing but our notes'}"
    return f"{age}, {'may act still' if one.standing == 'acting' else 'over, and still there'}"


def _span(now: datetime, since: datetime | None) -> str:
    """In the largest unit that says something."""
    seconds = max(0.0, (now - since).total_seconds()) if since else 0.0
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def as_json(
    where: Mapping[str, Mapping[str, str]],
    left: Sequence[Leftover],
    unseen: Sequence[str],
    *,
    gone: int = 0,
    journal: Path | None = None,
) -> str:
    """One object; its keys are told in docs/commands.md."""
    shape = {
        **where[""],
        "clusters": {name: own for name, own in where.items() if name},
        "left": [_shape(one) for one in left],
        "unseen": list(unseen),
        "gone": gone,
        "journal": str(journal) if journal else "",
    }
    return msgspec.json.format(msgspec.json.encode(shape), indent=2).decode()


def _shape(one: Leftover) -> dict[str, object]:
    return {
        "cluster": one.object.cluster,
        "api_version": one.object.api_version,
        "kind": one.object.kind,
        "namespace": one.object.namespace,
        "name": one.object.name,
        "session": one.session,
        "run": one.run,
        "standing": one.standing,
        "created_at": one.created_at,
        "going_since": one.going_since,
        "finalizers": one.finalizers,
        "undoes": one.undoes,
        "live": one.live,
    }
