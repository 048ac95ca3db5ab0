"""Where plans and sessions are found."""

from __future__ import annotations

import os
from pathlib import Path

from controlroom.cli.codes import Stop
from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.shipped import shipped

SEED_PLAN = "inventory-service-failure.yaml"


def plan_path(given: Path | None) -> Path:
    """The plan that was asked for; without one the seed's."""
    path = given or shipped("experiments") / SEED_PLAN
    if not path.exists():
        raise Stop(f"{path}: no such file; `controlroom new NAME` writes a plan to begin with")
    return path


def sessions_folder(given: Path | None) -> Path:
    """`--sessions`, CONTROLROOM_SESSIONS, `sessions/` of this folder, or the account's own data folder."""
    if given is not None:
        return given
    if named := os.environ.get("CONTROLROOM_SESSIONS"):
        return Path(named)
    here = Path("sessions")
    if here.is_dir():
        return here
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "controlroom" / "sessions"


def find_session(name: str, sessions: Path) -> SessionFolder:
    """A session by its path, its name, or the beginning of it."""
    if (Path(name) / "journal.jsonl").is_file():
        return SessionFolder(Path(name))
    if name == "example":
        return example()
    found = [folder for folder in sessions_in(sessions) if folder.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Stop(f"{name} is more than one session: {', '.join(folder.name for folder in found[:5])}")
    raise Stop(f"no session {name} in {sessions}; `controlroom sessions` lists them")


def example() -> SessionFolder:
    """The recorded rehearsal that ships with the program."""
    return SessionFolder(shipped("sessions") / "example")
