"""A sweep of one cluster or several from a command: the connections, what it may touch, and the sweep's own record."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from controlroom.sources.clusters import Clusters
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_leftovers import Found, Leftovers
from controlroom.sources.leftovers_everywhere import Everywhere, Place
from controlroom.sources.manifests import label_value
from controlroom.sources.ports import Cluster, SourceError

Where = Mapping[str, Mapping[str, str]]
"""`context` and `server` of each cluster, by its name in the plan."""
SWEEPS = "sweeps"
"""Folder of the sweeps' records, in that of the sessions."""


@dataclass(frozen=True)
class Wanted:
    """What the command line and the plan ask for."""

    clusters: Mapping[str, Binding]
    """By their names in the plan, the plan's own as ""; each with its own kubeconfig, its namespaces those that are
    asked where not all may be."""
    only: tuple[str, ...]
    """Namespaces that alone are swept; empty: all."""
    session: str
    live_too: bool
    sessions: Path
    insecure: bool = False
    """The server's certificate is not verified."""


class Swept:
    """The clusters, open from entering to leaving."""

    def __init__(self, runner: asyncio.Runner, wanted: Wanted) -> None:
        self._runner = runner
        self._wanted = wanted
        self._sources = {
            name: KubernetesCluster(
                Binding(context=own.context, namespaces=()),
                Path(own.kubeconfig) if own.kubeconfig else None,
                "",
                WallClock(),
                kinds=(),
                insecure=wanted.insecure,
            )
            for name, own in wanted.clusters.items()
        }
        own, further = self._sources[""], {name: one for name, one in self._sources.items() if name}
        self.cluster: Cluster = Clusters(own, further) if further else own
        self._everywhere = Everywhere(
            {
                name: Place(Leftovers(source.api), wanted.clusters[name].namespaces)
                for name, source in self._sources.items()
            }
        )

    def __enter__(self) -> Swept:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.cluster.close())

    def server_now(self) -> datetime:
        """Time of the plan's own server, as well as it is known."""
        return self._sources[""].server_now()

    async def find(self) -> Found:
        """What there is of the sessions that are wanted; which of them go on here is noted."""
        found = await self._everywhere.find(self._wanted.only)
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
        return await self._everywhere.made_by(makers)

    async def where(self) -> Where:
        """Context and server of each cluster. Raises SourceError of a single one."""
        return {name: await self._where_is(name) for name in self._sources}

    async def _where_is(self, name: str) -> dict[str, str]:
        source = self._sources[name]
        try:
            return {"context": await source.context(), "server": await source.server()}
        except SourceError:
            if len(self._sources) == 1:
                raise
            # Why it cannot be reached is told with what could not be looked at.
            return {"context": self._wanted.clusters[name].context, "server": "unknown"}


def sweeping(cluster: Swept, recorder: Recorder, tell: Callable[[str], None]) -> Sweeping:
    """A sweep of those clusters, in the name of whoever runs the command."""
    return Sweeping(
        recorder,
        cluster.cluster,
        Gate(cluster.cluster),
        cluster.to_sweep,
        cluster.made_by,
        Actor(role="facilitator", name=user()),
        tell,
        cluster.server_now,
    )


def began(where: Where, wanted: Wanted, mine: Sequence[Leftover]) -> SweepBegan:
    """What the sweep's record begins with."""
    return SweepBegan(
        program=controlroom.__version__,
        context=named(where, "context"),
        server=named(where, "server"),
        namespaces=wanted.only,
        sessions=tuple(dict.fromkeys(one.session for one in mine)),
    )


def named(where: Where, what: str) -> str:
    """The contexts or servers of all clusters in one line; a further cluster's begins with its name."""
    return ", ".join(f"{name}: {own[what]}" if name else own[what] for name, own in where.items())


def fresh_record(folder: Path, name: str) -> Path:
    """An empty record that its owner alone may read. Raises OSError where there can be none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


@contextlib.contextmanager
def record(sessions: Path, runner: asyncio.Runner) -> Iterator[tuple[Recorder, Path]]:
    """A record of its own for the sweep. Raises OSError where there can be none."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    path = fresh_record(sessions / SWEEPS, name)
    writer = JournalWriter(path)

    async def recorder() -> Recorder:
        return Recorder(WallClock(), writer)

    try:
        yield runner.run(recorder()), path
    finally:
        writer.close()


def user() -> str:
    """The account's name; empty where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
