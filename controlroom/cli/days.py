"""Commands that live a day: rehearse, run, attach, lab."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from controlroom.cli import codes
from controlroom.cli.codes import BROKEN, INCONCLUSIVE, VERDICTS, Stop
from controlroom.cli.places import find_session, plan_path, sessions_folder
from controlroom.cli.planning import brief_of
from controlroom.cli.unfinished import ask_about_unfinished
from controlroom.host.order import LabOrder, Order
from controlroom.journal.folder import SessionFolder, create, sessions_in
from controlroom.room import Room, RoomClosed
from controlroom.room.attached import attach as attach_to

SPEED = 20.0
"""Session seconds in a real second of a rehearsal on screen: the first fault is due within a minute."""
SPEED_HEADLESS = 60.0
FASTEST = 120.0


def rehearse(chosen: argparse.Namespace) -> int:
    """Lives a plan in the embedded lab."""
    speed = chosen.speed or (SPEED_HEADLESS if chosen.headless else SPEED)
    if not 1 <= speed <= FASTEST:
        raise Stop(f"--speed is 1 to {FASTEST:g}")
    _check_defects(chosen.defect)
    if not 0 < chosen.idle <= 24 * 60:
        raise Stop("--idle is minutes, up to a day")
    order = LabOrder(
        seed=chosen.seed,
        rate=speed,
        responder=chosen.responder == "on",
        defects=tuple(chosen.defect),
        truth=str(chosen.truth.absolute()) if chosen.truth else None,
        idle=chosen.idle * 60.0,
    )
    return _day(chosen, plan_path(chosen.plan), order)


def _check_defects(names: list[str]) -> None:
    if not names:
        return  # what the lab is built of need not be loaded beside a screen
    from controlroom.lab.defects import Defect

    known = [own.value for own in Defect]
    if strange := [name for name in names if name not in known]:
        raise Stop(f"--defect {strange[0]}: the lab knows {', '.join(known)}")
    if len(names) > 1:
        raise Stop("--defect: one at a time, so that what it flips is told apart")


def run(chosen: argparse.Namespace) -> int:
    """Lives a plan on its cluster."""
    return _day(chosen, plan_path(chosen.plan), None)


def _day(chosen: argparse.Namespace, plan: Path, lab: LabOrder | None) -> int:
    brief = brief_of(plan, bindings=lab is None)
    if not chosen.headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop("there is no terminal to draw on: --headless lives the day without one")
    sessions = sessions_folder(chosen.sessions)
    if (again := ask_about_unfinished(brief.id, sessions, chosen, lab=lab is not None)) is not None:
        from controlroom.cli.resume import take_up

        return take_up(again, chosen)
    folder = create(sessions, brief.id, datetime.now(UTC))
    order = Order(
        plan=str(plan.absolute()),
        folder=str(folder.path.absolute()),
        lab=lab,
        headless=chosen.headless,
        insecure=lab is None and chosen.insecure,
    )
    if chosen.headless:
        return _headless(order, folder)
    return _on_screen(order, folder, brief.title, chosen)


def _headless(order: Order, folder: SessionFolder) -> int:
    """Lives the day in this process; the verdict is the exit code, the session's path the last line."""
    from controlroom.host.failures import START_FAILURES
    from controlroom.host.process import INTERRUPTED, Host
    from controlroom.journal import report

    try:
        closed = asyncio.run(Host(order).run())
    except START_FAILURES as error:
        raise Stop(f"the day could not begin: {error}", BROKEN) from error
    if closed == INTERRUPTED and not (folder.journal.is_file() and folder.journal.stat().st_size):
        raise Stop("interrupted before the day began", codes.INTERRUPTED)
    assessment = report.assess_folder(folder)
    print(report.summary(assessment))
    print(folder.path)
    if closed == "ended":
        return VERDICTS.get(assessment.verdict, INCONCLUSIVE)
    raise Stop(f"the day was cut short: {closed}", codes.INTERRUPTED if closed == INTERRUPTED else BROKEN)


def _on_screen(order: Order, folder: SessionFolder, title: str, chosen: argparse.Namespace) -> int:
    """A host of its own for the session, and this terminal as its first viewer."""
    from controlroom.cli.screen import show_room
    from controlroom.host.launch import HostFailed, await_host, launch

    _tell_of_login(ask=order.lab is None)
    process = launch(order)

    async def enter() -> Room:
        try:
            found = await asyncio.to_thread(await_host, process, folder)
        except HostFailed as error:
            raise RoomClosed(str(error)) from error
        return await attach_to(Path(found.socket))

    code = show_room(enter, title, chosen, folder.path.parent)
    print(f"session: {folder.path}")
    _invite(folder)
    return code


def _tell_of_login(*, ask: bool) -> None:
    """Says before the day starts what a logout would do to it."""
    from controlroom.host import login

    if told := login.warning():
        print(f"controlroom: {told}", file=sys.stderr)
        if ask:
            input("Enter goes on all the same, ^C leaves: ")


def attach(chosen: argparse.Namespace) -> int:
    """Another look at a session that is running."""
    from controlroom.cli.screen import show_room

    sessions = sessions_folder(chosen.sessions)
    if chosen.socket:
        if chosen.session:
            raise Stop("name a session or a socket, not both")
        return show_room(_entering(chosen.socket, chosen), chosen.socket.parent.name, chosen, sessions)
    if chosen.session:
        folder = find_session(chosen.session, sessions)
    else:
        live = next((own for own in sessions_in(sessions) if own.host() is not None), None)
        if live is None:
            raise Stop("no session is running; `controlroom rehearse` begins one")
        folder = live
    host = folder.host()
    if host is None:
        again = f", and if its host died `controlroom resume {folder.name}` goes on with it"
        raise Stop(f"{folder.name} is not running; `controlroom replay {folder.name}` shows it{again}")

    code = show_room(_entering(Path(host.socket), chosen), folder.name, chosen, sessions)
    _invite(folder)
    return code


def _entering(socket: Path, chosen: argparse.Namespace) -> Callable[[], Awaitable[Room]]:
    async def enter() -> Room:
        return await attach_to(socket, seat=chosen.seat, name=chosen.name)

    return enter


def _invite(folder: SessionFolder) -> None:
    """Tells how the group comes in that the plan lets in, while the session goes on."""
    host = folder.host()
    if host is not None and host.shared:
        print(f"for the plan's group: controlroom attach --socket {host.shared} --seat scribe")


def lab(chosen: argparse.Namespace) -> NoReturn:
    """The lab alone, in the foreground: for a look around with kubectl and a browser."""
    from controlroom.plan.errors import PlanErrors
    from controlroom.plan.load import load_plan

    path = plan_path(chosen.plan)
    try:
        plan = load_plan(path).plan
    except PlanErrors as errors:
        raise Stop(str(errors)) from errors
    cluster = plan.bindings.cluster
    arguments = [
        sys.executable,
        "-m",
        "controlroom.lab",
        "--seed",
        str(chosen.seed),
        "--rate",
        str(chosen.speed),
    ]
    arguments += ["--responder", chosen.responder]
    if plan.rules:
        arguments += ["--rules", str(path.parent / plan.rules)]
    arguments += ["--kubeconfig", str(Path("lab-kubeconfig").absolute())]
    arguments += ["--context", cluster.context, "--namespace", cluster.namespaces[0]]
    print("The lab runs until interrupted. In another terminal:")
    print("  export KUBECONFIG=$PWD/lab-kubeconfig; kubectl get pods", flush=True)
    os.execv(sys.executable, arguments)
