"""Shows a room on this terminal, and what comes after it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.cli.codes import BROKEN, DONE, Stop
from controlroom.core.events import Event, SessionOpened
from controlroom.journal.folder import SessionFolder
from controlroom.room import Room

if TYPE_CHECKING:
    from controlroom.tui.config import Config
    from controlroom.tui.outcome import Notebook

Enter = Callable[[], Awaitable[Room]]


def show_room(
    enter: Enter,
    title: str,
    chosen: argparse.Namespace,
    sessions: Path,
    recorded: SessionFolder | None = None,
    beside: SessionFolder | None = None,
    compared: Sequence[SessionFolder] = (),
) -> int:
    """Returns when the screen is left; another session chosen there is shown in its place.

    `recorded`: the saved session that `enter` opens; the first paint shows its plan already. `beside`: another one to
    look at beside it. `compared`: sessions whose figures are shown side by side over it.
    """
    # The screen turns it on again once the room is shown: a start allocates much and drops little.
    gc.disable()
    from controlroom.cli.shelf import FolderShelf
    from controlroom.tui.app import Settings
    from controlroom.tui.app import run as show
    from controlroom.tui.terminal import is_gone

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop("there is no terminal to draw on")

    config = configured(chosen)
    settings = Settings(
        layout=chosen.layout or config.layout,
        theme=chosen.theme or config.theme,
        palettes=config.palettes,
        ascii=chosen.ascii or bool(config.ascii),
        low_motion=True if chosen.low_motion else config.low_motion,
        mouse=not chosen.no_mouse and config.mouse is not False,
        keys=config.keys,
        troubles=config.troubles,
        layouts=chosen.layouts or config.layouts,
        shelf=FolderShelf(sessions),
        notebook=notebook,
        beside=entering(beside) if beside is not None else None,
        compared=tuple(folder.path for folder in compared),
        seat=getattr(chosen, "seat", "facilitator"),
        socket=getattr(chosen, "socket", None),
    )
    outcome = show(enter, title, settings, opening_of(recorded) if recorded else None)
    while outcome.word == "open" and outcome.path is not None:
        folder, settings = SessionFolder(outcome.path), replace(settings, beside=None, compared=())
        outcome = show(entering(folder), folder.name, settings, opening_of(folder))
    if outcome.word == "failed":
        raise Stop(outcome.message, BROKEN)
    if outcome.signal and is_gone(outcome.signal):
        return 128 + outcome.signal
    if outcome.farewell:
        print(outcome.farewell)
    return 128 + outcome.signal if outcome.signal else DONE


def notebook(folder: str) -> Notebook:
    """The bookmarks of the recording in that folder."""
    from controlroom.journal.bookmarks import FileBookmarks

    return FileBookmarks(Path(folder))


def configured(chosen: argparse.Namespace) -> Config:
    """The configuration that the command names, or the account's own. A flag that names nothing ends the command."""
    from controlroom.tui.config import near, place, read
    from controlroom.tui.tones import PALETTES, called, named

    path = chosen.config or place()
    if chosen.config is not None and not path.is_file():
        raise Stop(f"{path}: there is no such file; `controlroom config --example` prints one")
    config = read(path)
    known = {**PALETTES, **config.palettes}
    if chosen.theme and named(chosen.theme, known) is None:
        names = [called(name) for name in known]
        raise Stop(
            f"there is no theme `{chosen.theme}`{near(chosen.theme, names)}; there are {', '.join(names)}"
        )
    return config


def opening_of(folder: SessionFolder) -> Event | None:
    """The opening of a recorded session; None where it cannot be read: entering says why."""
    from controlroom.journal.reader import JournalError, read_opening

    try:
        found = read_opening(folder.journal)
    except JournalError:
        return None
    return found if found is not None and isinstance(found.body, SessionOpened) else None


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
