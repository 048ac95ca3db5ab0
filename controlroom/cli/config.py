"""The command on the configuration of the screen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from controlroom.cli.codes import DONE, USAGE, Stop


def config(chosen: argparse.Namespace) -> int:
    """Prints what is in force; what cannot be used goes to stderr, and the command ends with 2."""
    from controlroom.tui.config import place, read
    from controlroom.tui.config_page import EXAMPLE, in_force, key_rows

    if chosen.example:
        print(EXAMPLE, end="")
        return DONE
    path: Path = chosen.config or place()
    if chosen.config is not None and not path.is_file():
        raise Stop(f"{path}: there is no such file; `controlroom config --example` prints one")
    found = read(path)
    keys = list(key_rows(found))
    if chosen.json:
        _print_json(path, found.troubles, dict(in_force(found)), {name: shown for shown, name, _ in keys})
    elif chosen.keys:
        for shown, name, text in keys:
            print(f"{shown:<8} {name:<18} {text}")
    else:
        print(f"{path}" + ("" if path.is_file() else ": not there; these are the defaults"))
        for name, value in in_force(found):
            print(f"{name:<14} {value}")
    if not chosen.json:
        for trouble in found.troubles:
            print(trouble, file=sys.stderr)
    return USAGE if found.troubles else DONE


def _print_json(
    path: Path, troubles: tuple[str, ...], settings: dict[str, str], keys: dict[str, str]
) -> None:
    import json

    own = {"file": str(path), "there": path.is_file(), "settings": settings, "keys": keys}
    print(json.dumps({"ok": not troubles, "errors": list(troubles), **own}, ensure_ascii=False, indent=2))
