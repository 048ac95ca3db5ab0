"""The entry point: parse, do, answer with an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from controlroom.cli.codes import BROKEN, INTERRUPTED, Stop
from controlroom.cli.parser import build_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one command; returns the exit code."""
    chosen = build_parser().parse_args(arguments)
    module, _, function = str(chosen.act).partition(".")
    try:
        act = getattr(importlib.import_module(f"controlroom.cli.{module}"), function)
        code = int(act(chosen))
        sys.stdout.flush()
        return code
    except Stop as stop:
        print(stop if stop.bare else f"controlroom: {stop}", file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        print("controlroom: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(f"controlroom: {what}", file=sys.stderr)
        return BROKEN
