"""What a todo says besides itself: who does it, and by when.

`mend the runbook link @maria due friday` is *mend the runbook link*, maria, and the date of the next Friday. A date
is written as `2026-12-01`, `today`, `tomorrow`, a day of the week, or `+7d`, `+2w`; what is no date is left in the
text, so that nothing is lost which a person wrote.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from controlroom.core.values import Value

FORMS = "friday, tomorrow, 2026-12-01 or +7d"
"""How a date may be written, for people."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_STEP = re.compile(r"\+(\d{1,4})([dw])")
_DUE = re.compile(r"(?<!\S)due:?\s+(\S+)", re.I)
_OWNER = re.compile(r"(?<!\S)@(\S+)")
_ORDINARY = frozenset({"to"})
"""Words after *due* that are ordinary English: `due to a late page`."""


class Todo(Value):
    title: str
    owner: str = ""
    due: str = ""
    """`2026-12-01`; empty: none was given."""
    wrong: str = ""
    """What was written for a date and is none; empty: nothing."""


def day_of(text: str, today: date) -> date:
    """The date that a person means; a day of the week is the next one, never today. Raises `ValueError`."""
    word = text.strip().casefold()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    if len(word) >= 3 and (found := [n for n, own in enumerate(_DAYS) if own.startswith(word)]):
        return today + timedelta(days=(found[0] - today.weekday() - 1) % 7 + 1)
    try:
        if step := _STEP.fullmatch(word):
            return today + timedelta(days=int(step[1]) * (7 if step[2] == "w" else 1))
        return date.fromisoformat(word)
    except (ValueError, OverflowError):
        raise ValueError(f"`{text.strip()}` is no date: {FORMS}") from None


def due_of(text: str, today: date) -> str:
    """A due date as it is kept, `2026-12-01`; empty for an empty text. Raises `ValueError`."""
    return day_of(text, today).isoformat() if text.strip() else ""


def read_todo(text: str, today: date) -> Todo:
    """Title, owner and due date of a todo. The last `@name` and the last `due …` count."""
    due, wrong, rest = "", "", " ".join(text.split())
    for found in reversed(list(_DUE.finditer(rest))):
        word = found[1].rstrip(".,;:!)")
        if word.casefold() in _ORDINARY:
            continue
        try:
            due = due_of(word, today)
        except ValueError as error:
            wrong = wrong or str(error)
            continue
        rest, wrong = rest[: found.start()] + rest[found.end() :], ""
        break
    named = list(_OWNER.finditer(rest))
    owner = named[-1][1].rstrip(".,;:!)") if named else ""
    if owner:
        rest = rest[: named[-1].start()] + rest[named[-1].end() :]
    title = " ".join(word for word in rest.split() if not named or word not in ("→", "->"))
    return Todo(title=title or " ".join(text.split()), owner=owner, due=due, wrong=wrong)


def with_dates(text: str, today: date) -> str:
    """The same todo with its due date written out: `due friday` in a record means nothing a month later."""
    own = read_todo(text, today)
    if not own.due:
        return text
    for found in reversed(list(_DUE.finditer(text))):
        word = found[1].rstrip(".,;:!)")
        try:
            if day_of(word, today).isoformat() != own.due:
                continue
        except ValueError:
            continue
        return text[: found.start(1)] + own.due + text[found.start(1) + len(word) :]
    return text
