"""A sweep of a cluster from a command: the connection, what it may touch, and the sweep's own record."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import controlroom
from controlroom.clock import WallClock
from controlroom.conductor.gate import Gate
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.sweeping import Sweeping
from controlroom.core.events import Actor, Leftover, SweepBegan
from controlroom.core.plan import Cluster as Binding
from controlroom.core.values import changed
from controlroom.journal.living import living
from controlroom.journal.writer import JournalWriter
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_leftovers import Found, Leftovers
from controlroom.sources.manifests import label_value

SWEEPS = "sweeps"
"""Folder of the sweeps' records, in that of the sessions."""


@dataclass(frozen=True)
class Wanted:
    """What the command line and the plan ask for."""

    context: str
    kubeconfig: Path | None
    only: tuple[str, ...]
    """Namespaces that alone are swept; empty: all."""
    instead: tuple[str, ...]
    """Namespaces that are asked where not all may be."""
    session: str
    live_too: bool
    sessions: Path
    insecure: bool = False
    """The server's certificate is not verified."""


class SweptCluster:
    """The cluster, open from entering to leaving."""

    def __init__(self, runner: asyncio.Runner, wanted: Wanted) -> None:
        self._runner = runner
        self._wanted = wanted
        self.source: KubernetesCluster = KubernetesCluster(
            Binding(context=wanted.context, namespaces=()),
            wanted.kubeconfig,
            "",
            WallClock(),
            kinds=(),
            insecure=wanted.insecure,
        )
        self._leftovers = Leftovers(self.source.api)

    def __enter__(self) -> SweptCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.source.close())

    async def find(self) -> Found:
        """What there is of the sessions that are wanted; which of them go on here is noted."""
        found = await self._leftovers.find(self._wanted.only, self._wanted.instead)
        named = {self._wanted.session, label_value(self._wanted.session)} if self._wanted.session else None
        going_on = await asyncio.to_thread(living, self._wanted.sessions)
        here = going_on | {label_value(name) for name in going_on}
        return changed(
            found,
            left=tuple(
                changed(one, live=one.session in here)
                for one in found.left
                if named is None or one.session in named
            ),
        )

    async def to_sweep(self) -> Found:
        """The same, as far as it may be removed."""
        found = await self.find()
        if self._wanted.live_too:
            return changed(found, left=tuple(changed(one, live=False) for one in found.left))
        return found

    async def made_by(self, makers: Sequence[Leftover]) -> Sequence[Leftover]:
        return await self._leftovers.made_by(makers)

    async def where(self) -> dict[str, str]:
        return {"context": await self.source.context(), "server": await self.source.server()}


def sweeping(cluster: SweptCluster, recorder: Recorder, tell: Callable[[str], None]) -> Sweeping:
    """A sweep of that cluster, in the name of whoever runs the command."""
    return Sweeping(
        recorder,
        cluster.source,
        Gate(cluster.source),
        cluster.to_sweep,
        cluster.made_by,
        Actor(role="facilitator", name=_user()),
        tell,
        cluster.source.server_now,
    )


def began(where: dict[str, str], wanted: Wanted, mine: Sequence[Leftover]) -> SweepBegan:
    """What the sweep's record begins with."""
    return SweepBegan(
        program=controlroom.__version__,
        context=where["context"],
        server=where["server"],
        namespaces=wanted.only,
        sessions=tuple(dict.fromkeys(one.session for one in mine)),
    )


@contextlib.contextmanager
def record(sessions: Path, runner: asyncio.Runner) -> Iterator[tuple[Recorder, Path]]:
    """A record of its own for the sweep. Raises OSError where there can be none."""
    folder = sessions / SWEEPS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}.jsonl"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    writer = JournalWriter(path)

    async def recorder() -> Recorder:
        return Recorder(WallClock(), writer)

    try:
        yield runner.run(recorder()), path
    finally:
        writer.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
