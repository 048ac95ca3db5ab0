"""Commands on plan files."""

from __future__ import annotations

import argparse

from controlroom.plan import commands


def validate(chosen: argparse.Namespace) -> int:
    return commands.validate(chosen.plan, chosen.json)


def new(chosen: argparse.Namespace) -> int:
    return commands.new(chosen.name, chosen.directory)


def schema(chosen: argparse.Namespace) -> int:
    return commands.schema(chosen.output)
