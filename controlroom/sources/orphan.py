"""A process that another one of ours started and left behind: found again, waited for, ended.

A process number alone names nobody for long, so the moment of its start and the machine's boot go with it; and
what is waited for and signalled is the process itself (pidfd), not its number.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import msgspec

from controlroom.core.values import Value


class Identity(Value):
    """One process of one boot of a machine."""

    pid: int
    boot: str
    """The kernel's own name of this boot."""
    started: int
    """Clock ticks from the boot to its start."""


def identify(pid: int) -> Identity | None:
    """The process that bears this number now; None: none does, or it has ended."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The second field is the program's name in parentheses, and may hold anything.
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else Identity(pid=pid, boot=boot, started=int(fields[19]))


class Orphan:
    """A process that lives, and is no child of ours."""

    def __init__(self, file: int, pid: int) -> None:
        self._file = file
        self.pid = pid

    @classmethod
    def find(cls, identity: Identity) -> Orphan | None:
        """The very process; None: it has ended."""
        try:
            file = os.pidfd_open(identity.pid)
        except OSError:
            return None
        if identify(identity.pid) != identity:
            os.close(file)
            return None
        return cls(file, identity.pid)

    async def wait(self) -> None:
        """Returns once it has ended."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        # Of its own, so that two may wait.
        file = os.dup(self._file)
        loop.add_reader(file, _set, ended)
        try:
            await ended
        finally:
            loop.remove_reader(file)
            os.close(file)

    def send(self, number: signal.Signals) -> None:
        """To it alone; nothing to do where it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._file, number)

    def send_to_group(self, number: signal.Signals) -> None:
        """To the whole process group that it leads."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def close(self) -> None:
        os.close(self._file)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def read_identity(path: Path) -> Identity | None:
    """What a file says of a process that was left behind; None: there is none, or it says nothing."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Identity)
    except (OSError, msgspec.DecodeError):
        return None
