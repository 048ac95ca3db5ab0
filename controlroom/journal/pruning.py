"""Removes old sessions: only such as are closed, and never without having been named first."""

from __future__ import annotations

import re
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controlroom.core.values import Value
from controlroom.journal.folder import JOURNAL, SessionFolder, sessions_in
from controlroom.journal.listing import Listed, listed
from controlroom.journal.tags import KEEP

_AGE = re.compile(r"(\d{1,6})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}


class BadAge(ValueError):
    """A text that is no age; the message says what would be one."""


class Kept(Value, omit_defaults=False):
    """A session that is old enough and stays, and why."""

    session: Listed
    why: str


class Pruning(Value, omit_defaults=False):
    """What would go, oldest first, and what stays though it is old enough."""

    gone: tuple[Listed, ...]
    kept: tuple[Kept, ...]

    @property
    def size(self) -> int:
        return sum(own.size for own in self.gone)


def age_of(text: str) -> timedelta:
    """`90d`, `12w` or `1y`. Raises :class:`BadAge`."""
    found = _AGE.fullmatch(text.strip())
    try:
        if found is not None:
            return timedelta(days=int(found[1]) * _DAYS[found[2]])
    except OverflowError:
        pass
    raise BadAge(f"{text!r} is no age: write 90d, 12w or 1y")


def prunable(sessions: Path, older_than: timedelta, now: datetime | None = None) -> Pruning:
    """Sessions whose journal was last written, and whose end lies, longer ago than that.

    Both, as a rehearsal's own clock runs in the past, and a copied file is younger than what it holds.
    """
    moment = now or datetime.now(UTC)
    gone, kept = [], []
    for folder in sessions_in(sessions):
        own = listed(folder)
        if moment - last_of(folder, own) <= older_than:
            continue
        if why := _stays(folder, own):
            kept.append(Kept(session=own, why=why))
        else:
            gone.append(own)
    return Pruning(gone=tuple(reversed(gone)), kept=tuple(reversed(kept)))


def last_of(folder: SessionFolder, own: Listed) -> datetime:
    """When it was last written, or ended, whichever is later."""
    try:
        written = datetime.fromtimestamp(folder.journal.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.max.replace(tzinfo=UTC)
    if own.when is None or own.length is None:
        return written
    return max(written, own.when + timedelta(seconds=own.length))


def _stays(folder: SessionFolder, own: Listed) -> str:
    """Why a session is not removed; empty: it may be."""
    if own.status != "closed":
        return {
            "live": "it goes on",
            "unfinished": "it was not finished",
            "broken": "it cannot be read",
        }[own.status]
    if KEEP in own.tags:
        return f"it is tagged {KEEP}"
    if folder.path.is_symlink():
        return "it is a link to somewhere else"
    from controlroom.shipped import shipped

    example = shipped("sessions") / "example"
    return "it ships with the program" if example.exists() and example.samefile(folder.path) else ""


def remove(sessions: Path, name: str) -> str:
    """Removes a session for good. Answers why it stayed; empty: it is gone. Raises OSError.

    It is looked at once more: what was closed a minute ago may have been taken up again.
    """
    folder = SessionFolder(sessions / name)
    if name in ("", ".", "..") or "/" in name or not (folder.path / JOURNAL).is_file():
        return "it is not there"
    if why := _stays(folder, listed(folder)):
        return why
    aside = sessions / f".pruned-{secrets.token_hex(4)}"
    aside.mkdir(mode=0o700)
    folder.path.rename(aside / name)  # in one step it is no session any more
    shutil.rmtree(aside)
    return ""
