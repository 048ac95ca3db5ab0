"""Sessions on disk, as the commands on many of them find them."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path

from controlroom.journal.folder import SessionFolder
from controlroom.journal.report import write
from tests.journal.books import day, written

NAME = "20261122-130000-inventory"


def put(sessions: Path, name: str = NAME, data: bytes | None = None) -> SessionFolder:
    """A session with that journal, by default the synthetic day."""
    folder = SessionFolder(sessions / name)
    folder.path.mkdir(parents=True)
    folder.journal.write_bytes(written(day()) if data is None else data)
    return folder


def recorded(folder: SessionFolder) -> SessionFolder:
    """The same with its record and a picture."""
    asyncio.run(write(folder, day()))
    folder.pictures.mkdir()
    (folder.pictures / "one.svg").write_text("<svg/>")
    return folder


def aged(folder: SessionFolder, last: datetime) -> SessionFolder:
    """As if its journal had been written last then."""
    os.utime(folder.journal, (last.timestamp(), last.timestamp()))
    return folder
