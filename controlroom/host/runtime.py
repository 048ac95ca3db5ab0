"""Where the sockets of a host lie: a short folder of this account alone, and one that a group may enter.

A Unix socket's path has 107 bytes at most, so it does not lie in the session's folder.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from hashlib import blake2b
from pathlib import Path

LONGEST = 107
SHARED = Path("/tmp")
"""Where other accounts find a socket: a folder that all may enter, whatever this account's TMPDIR is."""


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


class SharedFolder:
    """A folder that a group may enter, with the socket that it may use; everybody else stays outside.

    It is the account's alone until :meth:`open`, when the socket is there.
    """

    def __init__(self, session: str, group: int) -> None:
        """`group`: its number. Raises :class:`NoRuntimeFolder` where the place is somebody else's."""
        self._group = group
        mark = blake2b(session.encode(), digest_size=4).hexdigest()
        self.path = SHARED / f"controlroom-{os.getuid()}-{mark}"
        self.socket = self.path / "room.sock"
        try:
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            _take_back(self.path)
        except OSError as error:
            raise NoRuntimeFolder(f"{self.path} cannot be made for the group's socket: {error}") from error
        self.socket.unlink(missing_ok=True)

    def open(self) -> None:
        """Lets the group in."""
        os.chown(self.socket, -1, self._group)
        self.socket.chmod(0o660)
        os.chown(self.path, -1, self._group)
        self.path.chmod(0o750)

    def close(self) -> None:
        """Takes both away."""
        self.socket.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()


def _take_back(path: Path) -> None:
    """A host that died left its folder behind: it is used again, if it is truly this account's."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoRuntimeFolder(f"{path} belongs to somebody else: remove it, or begin another session")
    path.chmod(0o700)
