"""`controlroom resume`: a host again for a session whose host died."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from controlroom.cli.codes import BROKEN, DONE, Stop
from controlroom.cli.places import find_session, sessions_folder
from controlroom.cli.unfinished import first_unfinished
from controlroom.core.events import SessionOpened
from controlroom.host.lab_process import FoundLab, LabLost
from controlroom.host.order import LabOrder, Order, kept
from controlroom.journal.folder import SessionFolder
from controlroom.journal.listing import Listed, listed


def resume(chosen: argparse.Namespace) -> int:
    """Goes on with a session; without SESSION with the newest that is unfinished."""
    sessions = sessions_folder(chosen.sessions)
    folder = find_session(chosen.session, sessions) if chosen.session else first_unfinished(sessions)
    if folder is None:
        raise Stop(f"no session in {sessions} is unfinished; `controlroom sessions` lists them")
    return take_up(folder, chosen, halt=chosen.halt)


def take_up(folder: SessionFolder, chosen: argparse.Namespace, *, halt: bool = False) -> int:
    """Starts the host and shows it; without a terminal it is only started. `chosen`: options of the screen."""
    found = _unfinished(folder)
    order = _order(folder, found, headless=chosen.headless, halt=halt)
    if found.lab:
        _needs_its_lab(order, folder)
    else:
        _check_environment(folder)
    from controlroom.cli import days

    if chosen.headless:
        return days._headless(order, folder)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return days._on_screen(order, folder, found.title, chosen)
    return _out_of_sight(order, folder)


def _unfinished(folder: SessionFolder) -> Listed:
    """Raises Stop where there is nothing to go on with."""
    found = listed(folder)
    name = folder.name
    if found.status == "live":
        raise Stop(f"{name} is running: `controlroom attach {name}` shows it")
    if found.status == "closed":
        raise Stop(
            f"{name} is closed: `controlroom replay {name}` shows it, `controlroom run` begins another"
        )
    if found.status == "broken":
        raise Stop(f"{name} cannot be gone on with: {found.problem}")
    return found


def _order(folder: SessionFolder, found: Listed, *, headless: bool, halt: bool) -> Order:
    before = kept(folder)
    return Order(
        plan=before.plan if before else str(folder.path / "plan.yaml"),
        folder=str(folder.path.absolute()),
        lab=((before.lab if before else None) or LabOrder()) if found.lab else None,
        headless=headless,
        resume=True,
        insecure=before.insecure if before else False,
        halt=halt,
    )


def _needs_its_lab(order: Order, folder: SessionFolder) -> None:
    """A rehearsal whose lab is gone cannot go on: its record is closed, with what is known. Raises Stop then."""
    try:
        FoundLab.find(folder.path)
    except LabLost as lost:
        from controlroom.host.failures import START_FAILURES
        from controlroom.host.process import Host

        try:
            asyncio.run(Host(order).run())
        except START_FAILURES as error:
            raise Stop(f"{folder.name} could not be closed: {error}", BROKEN) from error
        what = f"{lost}, so the rehearsal cannot go on; its record is closed: {folder.report}"
        raise Stop(what, BROKEN) from lost


def _check_environment(folder: SessionFolder) -> None:
    """Every name that the session's plan takes from the environment is there. Raises Stop."""
    from controlroom.cli.screen import opening_of
    from controlroom.plan.resolve import MissingNames, resolve, resolve_environment

    opened = opening_of(folder)
    if opened is None or not isinstance(opened.body, SessionOpened):
        return  # the host says what is wrong with it
    plan = opened.body.plan
    try:
        resolve(plan.bindings, os.environ)
        resolve_environment(plan.load.environment if plan.load else {}, os.environ)
    except MissingNames as missing:
        raise Stop(str(missing)) from missing


def _out_of_sight(order: Order, folder: SessionFolder) -> int:
    """There is no terminal: what runs in the cluster is under control again all the same."""
    from controlroom.host.launch import HostFailed, await_host, launch

    try:
        await_host(launch(order), folder)
    except HostFailed as error:
        raise Stop(str(error), BROKEN) from error
    print(f"{folder.name} goes on; to look at it: controlroom attach {folder.name}")
    print(folder.path)
    return DONE
