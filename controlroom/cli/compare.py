"""`controlroom compare`: sessions side by side."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.cli.codes import DONE, Stop
from controlroom.cli.places import find_session, sessions_folder
from controlroom.journal.folder import SessionFolder, sessions_in

if TYPE_CHECKING:
    from controlroom.core.comparing import Comparison

FEWEST_COLUMNS = 60
MOST = 8
"""Sessions that are put side by side where none are named: as many as the screen's trend has signs for."""


def compare(chosen: argparse.Namespace) -> int:
    """Prints what became better and what worse."""
    sessions = sessions_folder(chosen.sessions)
    folders = _chosen(chosen.session, sessions)
    if chosen.screen:
        return _on_screen(folders, chosen, sessions)
    found = beside(folders, sessions)
    if chosen.json:
        from controlroom.journal.comparison.shape import as_json

        print(as_json(found), end="")
    elif chosen.markdown:
        from controlroom.journal.comparison.markdown import markdown

        print(markdown(found, everything=chosen.all), end="")
    else:
        from controlroom.journal.comparison.plain import WIDTH, plain

        width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
        print(plain(found, max(FEWEST_COLUMNS, width), everything=chosen.all), end="")
    return DONE


def _chosen(names: Sequence[str], sessions: Path) -> list[SessionFolder]:
    """Two or more; one alone is compared with the one before it on the same plan, none: the newest with that."""
    if len(names) >= 2:
        found = {folder.path.resolve(): folder for folder in (find_session(own, sessions) for own in names)}
        if len(found) < 2:
            raise Stop("that is one session twice; name two that differ")
        return list(found.values())
    newest = find_session(names[0], sessions) if names else _newest(sessions)
    return [_before(newest, sessions), newest]


def _newest(sessions: Path) -> SessionFolder:
    from controlroom.journal.listing import listed

    for folder in sessions_in(sessions):
        if listed(folder).status == "closed":
            return folder
    raise Stop(f"no closed session in {sessions}; `controlroom rehearse` makes one")


def _before(newest: SessionFolder, sessions: Path) -> SessionFolder:
    """The closed session before that one on the same plan: of the same kind, rehearsal or not, where there is one."""
    return _earlier(newest, sessions)[-1]


def _earlier(newest: SessionFolder, sessions: Path) -> list[SessionFolder]:
    """The closed sessions before that one on the same plan, oldest first: of the same kind, where there is one."""
    from controlroom.journal.listing import listed

    own = listed(newest)
    if own.when is None:
        raise Stop(f"{newest.name}: {own.problem}")
    found = [
        (other.when, other.name, other.lab, folder)
        for folder, other in ((folder, listed(folder)) for folder in sessions_in(sessions))
        if other.status == "closed"
        and other.plan == own.plan
        and other.when is not None
        and (other.when, other.name) < (own.when, own.name)
    ]
    if not found:
        raise Stop(f"no closed session of {own.plan} before {newest.name}; name the sessions to compare")
    alike = [one for one in found if one[2] == own.lab]
    return [folder for *_, folder in sorted(alike or found, key=lambda one: one[:2])]


def beside(folders: Sequence[SessionFolder], sessions: Path) -> Comparison:
    """These side by side; one alone with those before it on the same plan."""
    from controlroom.core.comparing import compare as put
    from controlroom.journal.comparison import days_of
    from controlroom.journal.reader import JournalError

    if len(folders) == 1:
        folders = [*_earlier(folders[0], sessions)[1 - MOST :], *folders]
    try:
        return put(days_of(folders))
    except JournalError as error:
        raise Stop(str(error)) from error


def _on_screen(folders: Sequence[SessionFolder], chosen: argparse.Namespace, sessions: Path) -> int:
    """The trend over the room of the newest of them."""
    from controlroom.cli.screen import entering, show_room
    from controlroom.journal.listing import listed

    newest = max(folders, key=lambda folder: (str(listed(folder).when), folder.name))
    return show_room(entering(newest), newest.name, chosen, sessions, recorded=newest, compared=folders)
