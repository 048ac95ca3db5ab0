"""What the load says: the last part of its log in the session's folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from controlroom.core.clean import clean
from controlroom.core.plan import Load

LOG = "load.log"
MOST_BYTES = 65_536
"""How much of the log's end is read at a time."""
MOST_LINES = 1_000
"""How many lines of that are kept: more, and writing them would hold up the keys."""
MOST_LINE = 2_000


@dataclass(frozen=True)
class Output:
    """The end of a load's log, as it was when it was read."""

    lines: tuple[str, ...] = ()
    whole: bool = True
    """False: there are earlier lines, which were left out."""
    missing: bool = False
    """There is no log."""
    trouble: str = ""
    """Why it could not be read, and what to do; empty: it was."""


def what_drives(load: Load) -> str:
    """The load in one line: its command, or its manifest and where that goes."""
    if not load.manifest:
        return " ".join(load.command)
    return f"the objects of {load.manifest}" + (f", in cluster {load.cluster}" if load.cluster else "")


def read_output(folder: str) -> Output:
    """Reads the end of the log; what stands in the way becomes a text. It may wait for a disk: call it in a thread.

    A folder of another account is left alone, even where it could be read: which folder it is comes from the
    host, and a host of somebody else's may name any.
    """
    if not folder:
        return Output(trouble="The host does not say where its folder is.")
    path = Path(folder) / LOG
    try:
        if Path(folder).stat().st_uid != os.geteuid():
            return _not_ours(folder)
        return _end_of(path)
    except FileNotFoundError:
        return Output(missing=True)
    except PermissionError:
        return _not_ours(folder)
    except OSError as error:
        return Output(trouble=f"{path} cannot be read: {error.strerror}. It is tried again each second.")


def _not_ours(folder: str) -> Output:
    account = "the account that runs the session"
    return Output(trouble=f"The folder {folder} is not this account's: {account} sees the output there.")


def _end_of(path: Path) -> Output:
    """Raises OSError. A pipe or a link in the log's place is not followed: it could hold the reader for good."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode):
            return Output(trouble=f"{path} is not a file. Move it away, and start the load again.")
        begin = max(0, known.st_size - MOST_BYTES)
        file.seek(begin)
        lines = file.read(MOST_BYTES).decode("utf-8", "replace").split("\n")
    if begin:
        del lines[0]  # it may have lost its beginning
    if lines and not lines[-1]:
        del lines[-1]
    kept = tuple(clean(line, MOST_LINE) for line in lines[-MOST_LINES:])
    return Output(kept, whole=not begin and len(lines) <= MOST_LINES)
