"""The folder of a session and what is in it. Folders are 0700, files 0600."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from controlroom.core.values import Value
from controlroom.journal.lock import held

JOURNAL, LOG, HOST = "journal.jsonl", "host.log", "host.json"
RECORD, REPORT, PAGE = "session.json", "session.md", "session.html"


class HostFile(Value):
    """Where the host of a session is; the file is removed when it ends."""

    pid: int
    socket: str
    shared: str = ""
    """Socket for the group that the plan lets in; empty: nobody else may attach."""


class SessionFolder:
    """Paths of one session."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def record(self) -> Path:
        return self.path / RECORD

    @property
    def report(self) -> Path:
        return self.path / REPORT

    @property
    def log(self) -> Path:
        return self.path / LOG

    @property
    def pictures(self) -> Path:
        return self.path / "pictures"

    def host(self) -> HostFile | None:
        """The host that has this session; None: there is none, or it died.

        The lock tells; where there is none to ask, the process number does.
        """
        if held(self.path) is False:
            return None
        try:
            found = msgspec.json.decode((self.path / HOST).read_bytes(), type=HostFile)
        except (OSError, msgspec.DecodeError):
            return None
        try:
            os.kill(found.pid, 0)
        except PermissionError:
            return found  # it lives, under another account
        except (OSError, OverflowError):
            return None
        return found

    def set_host(self, host: HostFile | None) -> None:
        path = self.path / HOST
        if host is None:
            path.unlink(missing_ok=True)
        else:
            write_private(path, msgspec.json.encode(host))


def create(sessions: Path, plan: str, now: datetime) -> SessionFolder:
    """A fresh folder, named by the day, the plan and four random letters."""
    sessions.mkdir(parents=True, exist_ok=True)
    name = f"{now:%Y%m%d-%H%M%S}-{plan}-{secrets.token_hex(2)}"
    path = sessions / name
    path.mkdir(mode=0o700)
    return SessionFolder(path)


def sessions_in(sessions: Path) -> Iterator[SessionFolder]:
    """The sessions of a folder, newest first by name."""
    if not sessions.is_dir():
        return
    for path in sorted(sessions.iterdir(), reverse=True):
        if (path / JOURNAL).is_file():
            yield SessionFolder(path)


def write_private(path: Path, data: bytes) -> None:
    """Replaces a file in one step: it is the old one or the new one, never half; 0600."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
