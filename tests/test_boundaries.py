"""Imports run one way: the contracts for the graph, a clean interpreter for what really gets loaded."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlroom.journal.folder import HostFile, create, sessions_in
from tests.host.live import live_host
from tests.pseudoterminal import program, screen

ROOT = Path(__file__).parent.parent

SCREEN = frozenset({"textual", "rich", "textual_plotext", "plotext"})
NETWORK = frozenset({"httpx", "requests", "aiohttp", "kubernetes", "prometheus_api_client", "promql_parser"})
PLANS = frozenset({"pydantic", "yaml"})
PAPER = frozenset({"pygal", "markdown_it", "icalendar"})
"""Imported when a report or an export is made, and not before."""

MAY_NOT_LOAD: dict[str, frozenset[str]] = {
    "core": SCREEN | NETWORK | PLANS | {"asyncio", "aiofiles", "socket", "subprocess"},
    "clock": SCREEN | NETWORK | PLANS | {"aiofiles"},
    "plan": SCREEN | NETWORK,
    "wire": SCREEN | NETWORK | PLANS,
    "journal": SCREEN | NETWORK | PLANS | PAPER,
    "sources": SCREEN,
    "conductor": SCREEN | PAPER,
    "room": SCREEN | NETWORK | PLANS,
    "host": SCREEN | PAPER,
    "lab": SCREEN,
    "tui": NETWORK | {"pydantic"},
    "cli": SCREEN | NETWORK | PLANS | PAPER,
    "shipped": SCREEN | NETWORK | PLANS,
    "tidying": SCREEN | NETWORK | PLANS | PAPER,
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


LOADED = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path(sys.argv[1]).write_text(json.dumps(sorted(sys.modules))))
from controlroom.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
NOT_ON_SCREEN = NETWORK | {"pydantic", "pydantic_core"}
"""What makes a start slow, or a key wait: it lives in the host's process."""
USED = (
    (b"f", b"criteria"),
    (b"\x1b", b"Cache miss ratio"),
    (b"t", b"baseline"),
    (b"\x1b", b"Cache miss ratio"),
    (b"?", b"Safety"),
)
"""Keys of sheets that import more than the first paint, and what each paints."""


def loaded_by_screen(place: Path, *arguments: str, shown: bytes) -> list[str]:
    """What a screen has loaded of that which it must not, once it was shown, used, and asked to end."""
    names = place / "modules.json"
    with program("-c", LOADED, str(names), *arguments) as own:
        own.read_until(shown)
        for key, painted in USED:
            own.painted = b""
            own.type(key)
            own.read_until(painted)
        own.process.send_signal(signal.SIGTERM)
        assert own.ended(20.0) == 128 + signal.SIGTERM
    return sorted(set(json.loads(names.read_text())) & NOT_ON_SCREEN)


def test_the_screen_of_a_recording_loads_nothing_of_the_hosts(tmp_path: Path) -> None:
    assert loaded_by_screen(tmp_path, "replay", "example", shown=b"RECORDED") == []


async def test_an_attached_screen_loads_nothing_of_the_hosts(tmp_path: Path) -> None:
    async with live_host(tmp_path, rate=20.0) as host:
        attach = ("attach", host.folder.name, "--sessions", str(tmp_path))
        found = await asyncio.to_thread(loaded_by_screen, tmp_path, *attach, shown=b"LAB")
        assert found == []


def test_the_screen_of_a_rehearsal_loads_nothing_of_the_hosts(tmp_path: Path) -> None:
    """Also where this command itself reads the plan and starts the host."""
    sessions = tmp_path / "sessions"
    sessions.mkdir()
    try:
        assert loaded_by_screen(tmp_path, "rehearse", "--sessions", str(sessions), shown=b"LAB") == []
    finally:
        for folder in sessions_in(sessions):
            if (host := folder.host()) is not None:
                os.kill(host.pid, signal.SIGTERM)


async def test_the_first_paint_does_not_wait_for_the_host(tmp_path: Path) -> None:
    """A host that hears and says nothing: the room stands, and keys that look around work."""
    asked, release = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await release.wait()
        writer.close()

    socket = tmp_path / "slow.sock"
    server = await asyncio.start_unix_server(slow, socket)
    folder = create(tmp_path, "day", datetime.now(UTC))
    folder.journal.touch()
    folder.set_host(HostFile(pid=os.getpid(), socket=str(socket)))
    with screen("attach", folder.name, "--sessions", str(tmp_path)) as own:
        await asyncio.to_thread(own.read_until, b"entering the room", b"will stand here")
        own.type(b"?")
        await asyncio.to_thread(own.read_until, b"Safety")
        async with asyncio.timeout(10):
            await asked.wait()
        assert own.process.poll() is None
        release.set()
        await asyncio.to_thread(own.read_until, b"host")
        assert await asyncio.to_thread(own.ended, 20.0) == 4
    server.close()
    await server.wait_closed()
