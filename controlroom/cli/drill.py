"""What is asked before a halt drill, which is the one thing that `check` changes."""

from __future__ import annotations

import argparse
import sys

from controlroom.cli.codes import NEEDS_IMPROVEMENT, Stop

WORD = "drill"
"""What a person types before a fault is injected."""


def ask(chosen: argparse.Namespace, context: str) -> None:
    """A typed word, unless `--yes`. Raises Stop."""
    if chosen.yes and not chosen.halt_drill:
        raise Stop("--yes goes with --halt-drill: nothing else is asked")
    if not chosen.halt_drill or chosen.yes:
        return
    if not sys.stdin.isatty():
        raise Stop("there is no terminal to ask at: --yes drills without a question")
    print(
        f"One pod of the first experiment on {context} gets a network delay of 1 ms, and is halted at once.\n"
        "It ends by itself within the minute, whatever happens here.",
        file=sys.stderr,
    )
    print(f"Type {WORD} to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != WORD:
        raise Stop("nothing was checked, and nothing injected", NEEDS_IMPROVEMENT)
