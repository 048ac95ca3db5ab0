"""A host whose disk can be made to hang: every file of its session's folder, for any thread that touches one.

The stand-in sits in the host's own process: an audit hook for what opens, renames, lists or removes, and the
system's calls that no hook sees. A loop that did any of this on its own thread would hang with the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from controlroom.host.launch import await_host
from controlroom.journal.folder import SessionFolder
from tests.host.live import LiveHost, fresh_folder, order_for

HANGING = """
import os, sys, time
FOLDER, GATE = sys.argv[2:4]
exists = os.path.exists  # is os.stat underneath, and must not be the one below
real = {name: getattr(os, name) for name in ("stat", "lstat", "fdatasync", "fsync", "write", "ftruncate")}

def there():
    try:
        real["stat"](GATE)
    except FileNotFoundError:
        return False
    return True

def wait(path):
    if isinstance(path, int):
        try:
            path = os.readlink(f"/proc/self/fd/{path}")
        except OSError:
            return
    if str(path).startswith(FOLDER):
        while there():
            time.sleep(0.005)

def hanging(name):
    def call(path, *rest, **more):
        wait(path)
        return real[name](path, *rest, **more)
    return call

for name in real:
    setattr(os, name, hanging(name))

SEEN = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.listdir", "os.scandir")

def hook(event, arguments):
    if event in SEEN and arguments and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.fsdecode(arguments[0])
        if not path.startswith("/proc"):
            wait(path)

sys.addaudithook(hook)
from controlroom.host.__main__ import main
sys.exit(main())
"""


class HangingDisk:
    """`hang` and `answer`; the gate is a file outside the session's folder."""

    def __init__(self, gate: Path) -> None:
        self.gate = gate

    def hang(self) -> None:
        self.gate.touch()

    def answer(self) -> None:
        self.gate.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def host_on_hanging_disk(
    place: Path, *, rate: float = 30.0
) -> AsyncIterator[tuple[LiveHost, HangingDisk]]:
    """As :func:`tests.host.live.live_host`, with its disk at hand; it answers again at the end."""
    folder = fresh_folder(place / "sessions")
    disk = HangingDisk(place / "gate")
    order = msgspec.json.encode(order_for(folder, rate=rate)).decode()
    process = _launch(folder, [order, str(folder.path), str(disk.gate)])
    try:
        found = await asyncio.to_thread(await_host, process, folder)
    except BaseException:
        process.kill()
        raise
    host = LiveHost(folder, process, Path(found.socket))
    try:
        yield host, disk
    finally:
        disk.answer()
        await host.close()


def _launch(folder: SessionFolder, arguments: list[str]) -> subprocess.Popen[bytes]:
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", HANGING, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
