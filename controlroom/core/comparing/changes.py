"""From one session to the next: better, worse, or nothing that can be said."""

from __future__ import annotations

from collections.abc import Mapping

from controlroom.core.assessment import Figure
from controlroom.core.comparing.values import Change, Entry

NOISE = 0.1
"""Share by which two worst samples may differ and still be called the same: no two days are alike."""

NOT_PLANNED = Entry(status="not planned", reason="the plan has no such thing")


def entry_of(figure: Figure) -> Entry:
    """A duration of a session; one that is not known has no value."""
    settled = figure.status in ("known", "provisional")
    return Entry(
        status=figure.status,
        value=figure.value if settled else None,
        uncertainty=figure.uncertainty if settled else 0.0,
        reason=figure.reason,
    )


def by_time(earlier: Entry, later: Entry) -> Change:
    """Shorter is better. A difference within both uncertainties is none that can be told."""
    if earlier.value is None or later.value is None:
        return missing(earlier, later)
    by = later.value - earlier.value
    if abs(by) <= earlier.uncertainty + later.uncertainty:
        return Change(kind="same", by=by, why="within the uncertainty" if by else "")
    return Change(kind="better" if by < 0 else "worse", by=by)


def by_status(earlier: Entry, later: Entry, ranks: Mapping[str, int]) -> Change:
    """By a word that is good or bad; any other word says nothing."""
    if earlier.status not in ranks or later.status not in ranks:
        return missing(earlier, later)
    by = later.value - earlier.value if earlier.value is not None and later.value is not None else None
    step = ranks[later.status] - ranks[earlier.status]
    return Change(kind="better" if step > 0 else "worse" if step < 0 else "same", by=by)


def by_ratio(earlier: Entry, later: Entry, lower_is_worse: bool) -> Change:
    """Nearer to the baseline is better; where at rest it is 0, the worst samples themselves are compared."""
    if earlier.status != "known" or later.status != "known":
        return missing(earlier, later)
    pair = (earlier.value, later.value)
    if None in pair:
        pair = (earlier.worst, later.worst)
    old, new = pair
    if old is None or new is None:
        return missing(earlier, later)
    by = later.value - earlier.value if earlier.value is not None and later.value is not None else None
    if abs(new - old) <= NOISE * max(abs(old), abs(new)) and earlier.outside == later.outside:
        return Change(kind="same", by=by, why="within a tenth" if new != old else "")
    return Change(kind="better" if (new < old) != lower_is_worse else "worse", by=by)


def by_count(earlier: Entry, later: Entry) -> Change:
    """Fewer is better."""
    if earlier.value is None or later.value is None:
        return missing(earlier, later)
    by = later.value - earlier.value
    return Change(kind="better" if by < 0 else "worse" if by else "same", by=by)


def missing(earlier: Entry, later: Entry) -> Change:
    """Why there is nothing to compare; never a number."""
    for when, own in (("before", earlier), ("now", later)):
        if own.status == "not planned":
            return Change(kind="not comparable", why=f"not in the plan {when}")
    words = [
        f"{own.status} {when}"
        for when, own in (("before", earlier), ("now", later))
        if own.value is None or own.status in ("partial", "unknown", "pending", "inconclusive")
    ]
    return Change(kind="not comparable", why=" and ".join(words))
