"""What is wrong with the disk under a journal, in words, and what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path

from controlroom.core.values import Value

_ROOM = "make room on the disk; what waits is written then"
_AGAIN = "it is made again as soon as its place can be written to"
_RIGHTS = "give the folder back: its owner needs to read, write and enter it"
_HINTS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: "make room in the quota; what waits is written then",
    errno.EFBIG: "lift the limit of a file's size (ulimit -f); what waits is written then",
    errno.EROFS: "make the file system writable again (mount -o remount,rw)",
    errno.ENOENT: _AGAIN,
    errno.ESTALE: _AGAIN,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EEXIST: "move that file away; this session's is written again then",
}
_FAILING = "look at the disk (dmesg); what waits is written as soon as it can be"
SILENT_HINT = "look at the disk or its server; what waits is written when it answers"


class Trouble(Value):
    """A change in how the disk takes the journal: it refuses, for another reason, or everything is written."""

    error: str = ""
    """What the disk says; empty: it takes everything again."""
    hint: str = ""
    """What to do."""
    seconds: float = 0.0
    """At the end: real seconds for which something had to wait."""
    silent: float = 0.0
    """Real seconds for which the disk had not answered when this was told; 0: it refused at once."""
    kept: int = 0
    """Lines that are known to be on disk."""


def words(error: OSError, path: Path) -> tuple[str, str]:
    """What to say of a refusal, and what would help."""
    reason = error.strerror or str(error)
    if error.errno == errno.ENOENT:
        reason = "the session's folder or its journal is gone"
    return f"{reason}: {path}", _HINTS.get(error.errno or 0, _FAILING)
