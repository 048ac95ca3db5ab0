"""What the commands `validate`, `new` and `schema` do. Each returns an exit code: 0, or 2 for a plan or usage error."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec

from controlroom.plan.errors import PlanErrors

OK, WRONG = 0, 2


def validate(path: Path, json: bool = False) -> int:
    """Checks a plan. Prints one line about it, or each error on a line of stderr; with `json` an object on stdout."""
    from controlroom.plan.load import load_plan

    try:
        loaded = load_plan(path)
    except PlanErrors as errors:
        if json:
            _print_json({"ok": False, "errors": errors.errors})
        else:
            for error in errors.errors:
                print(error, file=sys.stderr)
        return WRONG
    plan = loaded.plan
    counts = {
        "phases": len(plan.phases),
        "steps": len(plan.steps),
        "experiments": len(plan.experiments),
        "metrics": len(plan.metrics),
        "criteria": len(plan.criteria),
    }
    if json:
        about = {"id": plan.id, "title": plan.title, "duration": plan.duration, "hash": loaded.hash}
        _print_json({"ok": True, **about, **counts, "files": sorted(loaded.files)})
    else:
        listed = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"ok: {plan.title}: {plan.duration / 60:g} minutes, {listed}")
    return OK


def new(name: str, directory: Path) -> int:
    """Writes a commented starting plan called `name`, a manifest and alert rules, and the schema for editors.

    Nothing is written where any of the files is there already.
    """
    from controlroom.plan import starter
    from controlroom.plan.schema import schema_text

    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name) or len(name) > 40:
        print(f"`{name}` is no name for a plan: write lower-case words joined by hyphens", file=sys.stderr)
        return WRONG
    texts = {**starter.files(name), f"{name}.schema.json": schema_text()}
    taken = [str(directory / file) for file in texts if (directory / file).exists()]
    if taken:
        print(f"there is already: {', '.join(taken)}", file=sys.stderr)
        return WRONG
    written: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with (directory / file).open("x", encoding="utf-8") as out:
                written.append(directory / file)
                out.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        print(f"{error.filename or directory}: {error.strerror}", file=sys.stderr)
        return WRONG
    for path in written:
        print(path)
    print(f"next: controlroom validate {directory / f'{name}.yaml'}")
    return OK


def schema(path: Path | None) -> int:
    """Prints the JSON Schema of plan files, or writes it to `path`."""
    from controlroom.plan.schema import schema_text

    if path is None:
        sys.stdout.write(schema_text())
        return OK
    try:
        path.write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return WRONG
    return OK


def _print_json(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
