"""`controlroom compare`: sessions side by side."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from controlroom.cli.codes import DONE, Stop
from controlroom.cli.places import find_session, sessions_folder
from controlroom.journal.folder import SessionFolder, sessions_in

FEWEST_COLUMNS = 60


def compare(chosen: argparse.Namespace) -> int:
    """Prints what became better and what worse."""
    from controlroom.core.comparing import compare as put
    from controlroom.journal.comparison import days_of
    from controlroom.journal.reader import JournalError

    sessions = sessions_folder(chosen.sessions)
    folders = _chosen(chosen.session, sessions)
    try:
        found = put(days_of(folders))
    except JournalError as error:
        raise Stop(str(error)) from error
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
    from controlroom.journal.listing import listed

    own = listed(newest)
    if own.when is None:
        raise Stop(f"{newest.name}: {own.problem}")
    earlier = [
        (folder, other)
        for folder, other in ((folder, listed(folder)) for folder in sessions_in(sessions))
        if other.status == "closed"
        and other.plan == own.plan
        and other.when is not None
        and (other.when, other.name) < (own.when, own.name)
    ]
    if not earlier:
        raise Stop(f"no closed session of {own.plan} before {newest.name}; name the sessions to compare")
    return max(earlier, key=lambda pair: (pair[1].lab == own.lab, pair[1].when, pair[1].name))[0]
