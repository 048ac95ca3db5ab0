"""Imports run one way: the contracts for the graph, a clean interpreter for what really gets loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SCREEN = frozenset({"textual", "rich", "textual_plotext", "plotext"})
NETWORK = frozenset({"httpx", "requests", "aiohttp", "kubernetes", "prometheus_api_client", "promql_parser"})
PLANS = frozenset({"pydantic", "yaml"})

MAY_NOT_LOAD: dict[str, frozenset[str]] = {
    "core": SCREEN | NETWORK | PLANS | {"asyncio", "aiofiles", "socket", "subprocess"},
    "clock": SCREEN | NETWORK | PLANS | {"aiofiles"},
    "plan": SCREEN | NETWORK,
    "wire": SCREEN | NETWORK | PLANS,
    "journal": SCREEN | NETWORK | PLANS,
    "sources": SCREEN,
    "conductor": SCREEN,
    "room": SCREEN | NETWORK | PLANS,
    "host": SCREEN,
    "lab": SCREEN,
    "tui": NETWORK | {"pydantic"},
    "cli": SCREEN | NETWORK | PLANS,
    "shipped": SCREEN | NETWORK | PLANS,
}
"""Per package, the modules that must still be absent after importing any one of its own."""

PROBE = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


def modules() -> Iterator[str]:
    """Dotted names of every module of the program, read from the files: nothing is imported to find them."""
    for path in sorted((ROOT / "controlroom").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loaded_by(module: str) -> frozenset[str]:
    """Names in `sys.modules` after a fresh interpreter has imported `module`."""
    out = subprocess.run(
        [sys.executable, "-c", PROBE, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert out.returncode == 0, f"importing {module} alone fails:\n{out.stderr}"
    return frozenset(json.loads(out.stdout))


def part_of(module: str) -> str:
    """The package of the house that `module` belongs to; empty for the top one."""
    _, _, rest = module.partition(".")
    return rest.partition(".")[0]


@pytest.mark.parametrize("module", [name for name in modules() if part_of(name) in MAY_NOT_LOAD])
def test_a_module_loads_nothing_it_may_not_know(module: str) -> None:
    names = loaded_by(module)
    assert sorted(names & MAY_NOT_LOAD[part_of(module)]) == []
    if part_of(module) == "lab":
        ours = {name for name in names if part_of(name) and name.startswith("controlroom.")}
        assert sorted(name for name in ours if part_of(name) not in {"lab", "clock"}) == []


def test_every_part_of_the_house_has_its_rule() -> None:
    parts = {part_of(name) for name in modules()} - {"", "__main__"}
    assert sorted(parts - MAY_NOT_LOAD.keys()) == []


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    out = subprocess.run(
        [program, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert out.returncode == 0, out.stdout + out.stderr
