"""Shows a room on this terminal, and what comes after it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from controlroom.cli.codes import BROKEN, DONE, Stop
from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.room import Room

Enter = Callable[[], Awaitable[Room]]


def show_room(enter: Enter, title: str, chosen: argparse.Namespace, sessions: Path) -> int:
    """Returns when the screen is left; another session chosen there is shown in its place."""
    from controlroom.tui.app import SavedSession, Settings
    from controlroom.tui.app import run as show

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop("there is no terminal to draw on")

    def saved() -> list[SavedSession]:
        from controlroom.journal.listing import listed

        found = ((folder, listed(folder)) for folder in sessions_in(sessions))
        return [
            SavedSession(
                path=folder.path,
                title=own.problem or own.title,
                day=f"{own.when:%Y-%m-%d %H:%M}" if own.when else "",
                verdict=own.verdict or own.status,
            )
            for folder, own in found
        ]

    settings = Settings(layout=chosen.layout, ascii=chosen.ascii, sessions=saved)
    outcome = show(enter, title, settings)
    while outcome.word == "open" and outcome.path is not None:
        folder = SessionFolder(outcome.path)
        outcome = show(entering(folder), folder.name, settings)
    if outcome.word == "failed":
        raise Stop(outcome.message, BROKEN)
    return DONE


def entering(folder: SessionFolder) -> Enter:
    """Enters the room of a saved session."""

    async def enter() -> Room:
        from controlroom.journal.reader import JournalError
        from controlroom.room.protocol import RoomClosed
        from controlroom.room.recorded import open_recorded

        try:
            return await asyncio.to_thread(open_recorded, folder)
        except JournalError as error:
            raise RoomClosed(str(error)) from error

    return enter
