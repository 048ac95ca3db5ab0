"""Which sessions go on at this moment, on this machine."""

from __future__ import annotations

from pathlib import Path

from controlroom.journal.folder import sessions_in


def living(sessions: Path) -> frozenset[str]:
    """Names of the folder's sessions that have a host."""
    return frozenset(folder.name for folder in sessions_in(sessions) if folder.host() is not None)
