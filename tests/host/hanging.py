"""Hosts that something can be made to hang under: the disk of the session's folder, or a credential plug-in.

The stand-in of the disk sits in the host's own process: an audit hook for what opens, renames, lists or removes,
and the system's calls that no hook sees. A loop that did any of this on its own thread would hang with the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import msgspec

from controlroom.core.events import ObjectRef
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


class HangingGate:
    """`hang` and `answer`; the gate is a file outside the session's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def hang(self) -> None:
        self.path.touch()

    def answer(self) -> None:
        self.path.unlink(missing_ok=True)


PLUG_IN = """#!/bin/sh
while [ -e {gate} ]; do sleep 0.05; done
date -u -d '+3 seconds' '+{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
"status": {{"token": "admin", "expirationTimestamp": "%Y-%m-%dT%H:%M:%SZ"}}}}'
"""

WITH_PLUG_IN = """
import json, sys
from controlroom.host import process
from controlroom.host.__main__ import main
real = process.means_for

async def means_for(begun, bindings, folder, *rest, **more):
    path = folder.path / "kubeconfig"
    config = json.loads(path.read_text())
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.argv[2], "interactiveMode": "Never"}
    config["users"][0]["user"] = {"exec": entry}
    path.write_text(json.dumps(config))
    return await real(begun, bindings, folder, *rest, **more)

process.means_for = means_for
sys.exit(main())
"""


@contextlib.asynccontextmanager
async def host_with_plug_in(
    place: Path, *, rate: float = 30.0
) -> AsyncIterator[tuple[LiveHost, HangingGate]]:
    """A host whose kubeconfig names a credential plug-in. Its credentials last three seconds."""
    gate = HangingGate(place / "gate")
    program = place / "credential"
    program.write_text(PLUG_IN.format(gate=gate.path))
    program.chmod(0o700)
    async with _host(place, gate, rate, WITH_PLUG_IN, lambda folder: [str(program)]) as host:
        yield host, gate


@contextlib.asynccontextmanager
async def host_on_hanging_disk(
    place: Path, *, rate: float = 30.0
) -> AsyncIterator[tuple[LiveHost, HangingGate]]:
    """A host whose disk answers as long as the gate is open."""
    gate = HangingGate(place / "gate")

    def arguments(folder: SessionFolder) -> list[str]:
        return [str(folder.path), str(gate.path)]

    async with _host(place, gate, rate, HANGING, arguments) as host:
        yield host, gate


@contextlib.asynccontextmanager
async def _host(
    place: Path,
    gate: HangingGate,
    rate: float,
    script: str,
    arguments: Callable[[SessionFolder], list[str]],
) -> AsyncIterator[LiveHost]:
    """As :func:`tests.host.live.live_host`; what hangs answers again at the end."""
    folder = fresh_folder(place / "sessions")
    order = msgspec.json.encode(order_for(folder, rate=rate)).decode()
    process = _launch(folder, [script, order, *arguments(folder)])
    try:
        found = await asyncio.to_thread(await_host, process, folder)
    except BaseException:
        process.kill()
        raise
    host = LiveHost(folder, process, Path(found.socket))
    try:
        yield host
    finally:
        gate.answer()
        await host.close()


def _launch(folder: SessionFolder, arguments: list[str]) -> subprocess.Popen[bytes]:
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def server_of(folder: Path) -> str:
    """Address of the lab's API server, by its kubeconfig."""
    return str(json.loads((folder / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"])


async def deleted(server: str, target: ObjectRef) -> float:
    """Monotonic time at which the API server first shows the object as deleted."""
    path = f"/apis/{target.api_version}/namespaces/{target.namespace}/podchaos/{target.name}"
    path = path.replace("podchaos", target.kind.lower())
    async with httpx.AsyncClient(trust_env=False, base_url=server) as client:
        while True:
            answer = await client.get(path)
            if answer.status_code == 404 or answer.json()["metadata"].get("deletionTimestamp"):
                return time.monotonic()
            await asyncio.sleep(0.005)
