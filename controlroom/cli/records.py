"""Commands on one saved session: replay, show, report."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from controlroom.cli.codes import DONE, Stop
from controlroom.cli.places import example, find_session, sessions_folder
from controlroom.journal.folder import SessionFolder


def _folder(chosen: argparse.Namespace) -> SessionFolder:
    return find_session(chosen.session, sessions_folder(chosen.sessions))


def replay(chosen: argparse.Namespace) -> int:
    """The room again, from a record."""
    from controlroom.cli.screen import entering, show_room

    place = sessions_folder(chosen.sessions)
    folder = _folder(chosen) if chosen.session else example()
    other = find_session(chosen.beside, place) if chosen.beside else None
    for own in filter(None, (folder, other)):
        if not own.journal.is_file():
            raise Stop(f"{own.path} holds no journal")
    return show_room(entering(folder), folder.name, chosen, place, recorded=folder, beside=other)


def show(chosen: argparse.Namespace) -> int:
    """The figures of a session at a moment."""
    from controlroom.journal.reader import JournalError
    from controlroom.journal.showing import BadMoment
    from controlroom.journal.showing import show as written

    try:
        print(written(_folder(chosen), at=chosen.at, hindsight=chosen.hindsight, as_json=chosen.json), end="")
    except (JournalError, BadMoment) as error:
        raise Stop(str(error)) from error
    return DONE


def report(chosen: argparse.Namespace) -> int:
    """Writes the record of a session anew."""
    from controlroom.journal import report as reports
    from controlroom.journal.reader import JournalError, read_events

    folder = _folder(chosen)
    target: Path | None = chosen.output
    if target is None and chosen.audience:
        target = folder.path / "audience"  # the whole record stays what it is
    if target is not None:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        events = read_events(folder.journal)
        into = folder if target is None else SessionFolder(target)
        asyncio.run(reports.write(into, events, audience=chosen.audience, beside=folder.path))
    except JournalError as error:
        raise Stop(str(error)) from error
    print((target or folder.path) / "session.md")
    return DONE
