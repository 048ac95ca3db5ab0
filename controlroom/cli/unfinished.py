"""Sessions that were begun and not closed: told of before another one is begun on the same plan."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from controlroom.cli.codes import DONE, Stop
from controlroom.journal.folder import SessionFolder, sessions_in
from controlroom.journal.listing import Listed, listed

LOOKED_AT = 50
"""Sessions that are looked at, newest first: a forgotten one of long ago keeps nobody."""


def first_unfinished(sessions: Path) -> SessionFolder | None:
    """The newest session whose host died."""
    return next((folder for folder in sessions_in(sessions) if listed(folder).status == "unfinished"), None)


def ask_about_unfinished(
    plan_id: str, sessions: Path, chosen: argparse.Namespace, *, lab: bool = False
) -> SessionFolder | None:
    """The session to resume instead of beginning one; None: a new one is begun.

    `lab`: a rehearsal is to begin, which concerns nobody else: one line tells, and it goes on. On a cluster a person
    at a terminal is asked, and a script is stopped unless it says `--new`. Raises Stop.
    """
    found = _unfinished(plan_id, sessions, lab)
    if found is None:
        return None
    folder, own = found
    if lab:
        print(f"controlroom: {_told(own)}; {_way(own)}", file=sys.stderr)
        return None
    if getattr(chosen, "new", False):
        return None
    if chosen.headless or not _at_a_terminal():
        raise Stop(f"{_told(own)}: {_way(own)}; --new begins another")
    return folder if _asked(own) else None


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _unfinished(plan_id: str, sessions: Path, lab: bool) -> tuple[SessionFolder, Listed] | None:
    """The newest session of the plan that is live or unfinished; for a day on a cluster no rehearsal counts."""
    for number, folder in enumerate(sessions_in(sessions)):
        if number >= LOOKED_AT:
            break
        own = listed(folder)
        if own.plan == plan_id and own.status in ("live", "unfinished") and (lab or not own.lab):
            return folder, own
    return None


def _told(own: Listed) -> str:
    when = f" of {own.when:%Y-%m-%d %H:%M} UTC" if own.when else ""
    what = "is running" if own.status == "live" else "was not finished: its host died"
    return f"the {'rehearsal' if own.lab else 'session'}{when} on this plan {what}"


def _way(own: Listed) -> str:
    if own.status == "live":
        return f"`controlroom attach {own.name}` shows it"
    return f"`controlroom resume {own.name}` goes on with it"


def _asked(own: Listed) -> bool:
    """Whether it is to be resumed; False: a new one. Raises Stop where nothing is to be done."""
    print(f"controlroom: {_told(own)}; {_way(own)}.")
    live = own.status == "live"
    keys = "[n]ew or [q]uit? " if live else "[r]esume, [n]ew or [q]uit? "
    while True:
        try:
            answer = input(keys).strip().lower()[:1]
        except EOFError:
            answer = "q"
        if answer == "q":
            raise Stop("nothing was started", DONE)
        if answer == "n" or (answer == "r" and not live):
            return answer == "r"
