"""A moment of a session as a person types it."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{2}(?:\.\d+)?)")
_SECONDS = re.compile(r"\d+(?:\.\d+)?")


class BadMoment(ValueError):
    """A text that is no moment of a session; the message says what would be one."""


def parse_moment(text: str) -> float:
    """Session seconds of `T+27:30`, `27:30`, `1:02:03`, `T+1:02:03` or `1650`. Raises :class:`BadMoment`.

    Minutes may go past 59, as a day's clock shows them: `T+75:00` is an hour and a quarter.
    """
    bare = re.sub(r"^[Tt]\+", "", text.strip())
    if _SECONDS.fullmatch(bare):
        return float(bare)
    found = _CLOCK.fullmatch(bare)
    if found is None or float(found[3]) >= 60 or (found[1] is not None and int(found[2]) >= 60):
        raise BadMoment(f"{text!r} is no moment of a session: write T+27:30, 27:30, 1:02:03 or seconds")
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])
