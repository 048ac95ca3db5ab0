"""Starts a host that outlives the terminal, and waits until it can be attached to."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec

from controlroom.host.order import Order
from controlroom.journal.folder import HostFile, SessionFolder

READY = 45.0
"""Most real seconds until a host listens; its lab alone may take thirty."""
LOOK = 0.02


class HostFailed(Exception):
    """The host ended before it could be attached to; the message is its last word."""


def launch(order: Order) -> subprocess.Popen[bytes]:
    """Starts the host in a session of its own: no hang-up of this terminal reaches it."""
    folder = SessionFolder(Path(order.folder))
    with folder.log.open("ab") as log:
        folder.log.chmod(0o600)
        return subprocess.Popen(
            [sys.executable, "-m", "controlroom.host", msgspec.json.encode(order).decode()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path.cwd(),
        )


def await_host(process: subprocess.Popen[bytes], folder: SessionFolder) -> HostFile:
    """Blocks until the host listens; raises :class:`HostFailed`."""
    until = time.monotonic() + READY
    while time.monotonic() < until:
        # The file of a host that died may still be there.
        if (found := folder.host()) is not None and found.pid == process.pid:
            return found
        if process.poll() is not None:
            break
        time.sleep(LOOK)
    else:
        process.terminate()
    lines = folder.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no word of it"]
    raise HostFailed(f"the host did not start: {lines[-1]} (all of it in {folder.log})")
