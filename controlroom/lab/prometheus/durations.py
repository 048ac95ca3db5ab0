"""Durations in Prometheus's notation, such as 1h30m or 500ms."""

from __future__ import annotations

import re

_UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in _UNITS))


def parse_duration(text: str) -> int:
    """Milliseconds. Raises ValueError where `text` is no duration."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0
    if not text or found is None:
        raise ValueError(f'not a valid duration string: "{text}"')
    return sum(int(count) * size for count, size in zip(found.groups("0"), _UNITS.values(), strict=True))


def format_duration(milliseconds: int) -> str:
    """The notation with the largest units first, 0s for nothing: 90000 is 1m30s."""
    text = ""
    for unit, size in _UNITS.items():
        # As Prometheus does, years and weeks only where nothing is left over.
        if unit in ("y", "w") and milliseconds % size:
            continue
        count, milliseconds = divmod(milliseconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
