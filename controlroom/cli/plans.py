"""Commands on plan files."""

from __future__ import annotations

import argparse

from controlroom.cli.codes import DONE
from controlroom.plan import commands


def validate(chosen: argparse.Namespace) -> int:
    return commands.validate(chosen.plan, chosen.json)


def new(chosen: argparse.Namespace) -> int:
    return commands.new(chosen.name, chosen.directory)


def schema(chosen: argparse.Namespace) -> int:
    if not chosen.session:
        return commands.schema(chosen.output)
    from controlroom.journal.report.schema import schema_text

    if chosen.output is None:
        print(schema_text(), end="")
    else:
        chosen.output.write_text(schema_text(), encoding="utf-8")
    return DONE
