"""`python -m controlroom.plan PLAN [--bindings]`: checks a plan in a process of its own.

Whoever is to draw a screen must not load what reads plans: it takes memory and time that a screen has no use for.
Prints :class:`Brief` as JSON and returns 0; or says on stderr what is wrong with the plan (2), or which names the
environment lacks (3).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from controlroom.core.plan import Plan
from controlroom.plan.brief import FLAWED, UNBOUND, Brief
from controlroom.plan.errors import PlanErrors
from controlroom.plan.load import load_plan
from controlroom.plan.resolve import MissingNames, resolve, resolve_environment


def main(arguments: list[str]) -> int:
    """`--bindings`: every name that the plan takes from the environment must be there, too."""
    path, *options = arguments
    try:
        plan = load_plan(Path(path)).plan
        if "--bindings" in options:
            _resolve(plan)
    except PlanErrors as errors:
        print(errors, file=sys.stderr)
        return FLAWED
    except MissingNames as missing:
        print(missing, file=sys.stderr)
        return UNBOUND
    print(msgspec.json.encode(Brief(id=plan.id, title=plan.title)).decode())
    return 0


def _resolve(plan: Plan) -> None:
    resolve(plan.bindings, os.environ)
    resolve_environment(plan.load.environment if plan.load else {}, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
