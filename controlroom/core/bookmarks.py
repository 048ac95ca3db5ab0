"""Bookmarks on a recording: moments that whoever looks at it has named. They lie beside it and are no part of it."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.stops import Stop
from controlroom.core.values import Value, changed

MOST, LONGEST = 500, 200
NEAR = 0.5
"""Session seconds within which a bookmark is the one that stands here."""


class Bookmark(Value):
    id: int
    t: float
    """Session seconds."""
    text: str = ""


def added(found: Sequence[Bookmark], t: float, text: str) -> tuple[Bookmark, ...]:
    """With one more, in the order of time; raises `ValueError` where there are too many, or the text is too long."""
    if len(found) >= MOST:
        raise ValueError(f"a recording has at most {MOST} bookmarks")
    if len(text) > LONGEST:
        raise ValueError(f"a bookmark's text has at most {LONGEST} characters")
    number = max((own.id for own in found), default=0) + 1
    return tuple(sorted((*found, Bookmark(id=number, t=t, text=text)), key=lambda own: (own.t, own.id)))


def renamed(found: Sequence[Bookmark], id: int, text: str) -> tuple[Bookmark, ...]:
    """With another text; an empty one takes the bookmark away."""
    return tuple(changed(own, text=text) if own.id == id else own for own in found if own.id != id or text)


def here(found: Sequence[Bookmark], t: float) -> Bookmark | None:
    """The one that stands at t."""
    near = [own for own in found if abs(own.t - t) <= NEAR]
    return min(near, key=lambda own: abs(own.t - t), default=None)


def as_stops(found: Sequence[Bookmark]) -> list[Stop]:
    """Moments to go to, as events make them."""
    return [
        Stop(
            t=own.t, kind="bookmark", text=own.text or "bookmark", happened=own.t, about=f"bookmark-{own.id}"
        )
        for own in found
    ]
