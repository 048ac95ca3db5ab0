"""Where the socket of a host lies: a short folder of this account alone.

A Unix socket's path has 107 bytes at most, so it does not lie in the session's folder.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

LONGEST = 107


class NoRuntimeFolder(Exception):
    """There is no safe place for the socket; the message says why."""


def runtime_folder() -> Path:
    """The account's own runtime folder, 0700; raises :class:`NoRuntimeFolder` where it is not safe."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = (
        Path(base) / "controlroom"
        if base and Path(base).is_dir() and len(base) < LONGEST - 50
        else Path(tempfile.gettempdir()) / f"controlroom-{os.getuid()}"
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoRuntimeFolder(f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


def socket_path(session: str) -> Path:
    """Path of a session's socket; raises :class:`NoRuntimeFolder`."""
    path = runtime_folder() / f"{session[-40:]}.sock"
    if len(os.fsencode(path)) > LONGEST:
        raise NoRuntimeFolder(f"{path} is too long for a socket: set XDG_RUNTIME_DIR to a shorter folder")
    return path
