"""The command `check`: everything that a plan counts on, looked at before the day."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.cli.codes import BROKEN, DONE, INCONCLUSIVE, NEEDS_IMPROVEMENT, Stop
from controlroom.cli.drill import ask
from controlroom.cli.places import plan_path, sessions_folder
from controlroom.core.checks import overall
from controlroom.core.findings import Inspected, Standing
from controlroom.core.values import changed

if TYPE_CHECKING:
    from controlroom.plan.load import LoadedPlan

CODES: dict[Standing, int] = {
    "ok": DONE,
    "warning": DONE,
    "failed": NEEDS_IMPROVEMENT,
    "could not tell": INCONCLUSIVE,
}
"""Exit code by the worst that was found."""


def check(chosen: argparse.Namespace) -> int:
    """Asks, prints, and answers with an exit code."""
    from controlroom.cli.check_output import as_json, lines
    from controlroom.host.failures import START_FAILURES
    from controlroom.plan.errors import PlanErrors
    from controlroom.plan.load import load_plan
    from controlroom.plan.resolve import MissingNames

    path = plan_path(chosen.plan)
    try:
        loaded = load_plan(path)
        ask(chosen, "the lab" if chosen.lab else loaded.plan.bindings.cluster.context)
        inspected = asyncio.run(_inspected(loaded, path, chosen))
    except PlanErrors as errors:
        raise Stop(str(errors), bare=True) from errors
    except MissingNames as missing:
        raise Stop(str(missing)) from missing
    except START_FAILURES as error:
        raise Stop(f"nothing could be checked: {error}", BROKEN) from error
    if chosen.json:
        print(as_json(inspected, str(path)))
    else:
        where = "the lab" if chosen.lab else loaded.plan.bindings.cluster.context
        width = shutil.get_terminal_size((80, 24)).columns
        title = f"{loaded.plan.title}: checked on {where}"
        if chosen.insecure:
            title = f"{title}, TLS NOT VERIFIED"
        print("\n".join(lines(inspected, title, width=width, colour=_colour())))
    return CODES[overall(inspected.findings)]


async def _inspected(loaded: LoadedPlan, path: Path, chosen: argparse.Namespace) -> Inspected:
    from controlroom.cli.waiting import Waiting
    from controlroom.conductor.inspecting import Inspector
    from controlroom.host.looking import SESSION, looking

    lab, insecure = chosen.lab, chosen.insecure
    with Waiting(sys.stderr) as waiting:
        if lab:
            waiting.tell("the lab", False)
        async with looking(loaded, path, lab=lab, insecure=insecure) as (site, eyes):
            waiting.tell("the lab", True)
            inspected = await Inspector(site, eyes, SESSION, waiting.tell).run()
            if not chosen.halt_drill:
                return inspected
            from controlroom.host.drilling import drilled

            waiting.tell("the halt drill", False)
            found = await drilled(loaded, site, sessions_folder(chosen.sessions), insecure=insecure)
            waiting.tell("the halt drill", True)
            seconds = round(inspected.seconds + found.seconds, 2)
            found = changed(found, seconds=seconds)
            return changed(inspected, findings=(*inspected.findings, found), seconds=seconds)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
