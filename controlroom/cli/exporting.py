"""The command `export`: a session for other tools, in a folder of its own."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from controlroom.cli.codes import DONE, Stop
from controlroom.cli.places import find_session, sessions_folder


def export(chosen: argparse.Namespace) -> int:
    """Writes the files, and prints their paths."""
    from controlroom.journal.export.index import NAME, index
    from controlroom.journal.export.results import ExportError, folder_name
    from controlroom.journal.export.results import export as exported
    from controlroom.journal.folder import RECORD
    from controlroom.journal.reader import JournalError, read_events
    from controlroom.journal.report.making import replace

    folder = find_session(chosen.session, sessions_folder(chosen.sessions))
    try:
        events = read_events(folder.journal)
        found = exported(events, folder.path, chosen.format, audience=chosen.audience, when=chosen.next or "")
    except (JournalError, ExportError) as error:
        raise Stop(str(error)) from error
    target: Path = chosen.to / folder_name(events)

    async def write() -> None:
        for path, data in found.items():
            await replace(target, path, data)

    asyncio.run(write())
    if RECORD in found and (page := index(chosen.to)) is not None:
        asyncio.run(replace(chosen.to, NAME, page))
        print(chosen.to / NAME)
    for path in sorted(found):
        print(target / path)
    return DONE
