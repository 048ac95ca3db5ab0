"""A halt drill from a command: the connection, a session name of its own, and the drill's own record."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path

import controlroom
from controlroom.clock import WallClock
from controlroom.conductor.drill import NAME, Drill, NoTarget, drill_of
from controlroom.conductor.inspecting import Site
from controlroom.conductor.recorder import Recorder
from controlroom.core.checks import Judgement, failed
from controlroom.core.events import Actor, SessionOpened
from controlroom.core.findings import Finding
from controlroom.core.values import changed
from controlroom.host.sweeping import fresh_record, user
from controlroom.journal.writer import JournalWriter
from controlroom.plan.load import LoadedPlan
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.ports import SourceError

DRILLS = "drills"
"""Folder of the drills' records, in that of the sessions."""


async def drilled(loaded: LoadedPlan, site: Site, sessions: Path, *, insecure: bool) -> Finding:
    """Drills on the site, and says what came of it. It never raises for what a cluster or a disk does."""
    began = asyncio.get_running_loop().time()
    try:
        judged = await _judged(loaded, site, sessions, insecure)
    except NoTarget as none:
        judged = Judgement(state="could not tell", reason=str(none), next="halt a rehearsal instead")
    except SourceError as error:
        judged = Judgement(state="could not tell", reason=error.message, next=error.hint or "check again")
    except OSError as error:
        judged = failed(f"the record of the drill could not be written: {error}", "name another --sessions")
    return Finding(
        id=NAME,
        group="Halt",
        what="halt drill",
        state=judged.state,
        reason=judged.reason,
        next=judged.next,
        seconds=round(asyncio.get_running_loop().time() - began, 2),
    )


async def _judged(loaded: LoadedPlan, site: Site, sessions: Path, insecure: bool) -> Judgement:
    plan, manifest, named = drill_of(site.plan, dict(site.files))
    binding = site.bindings.cluster_of(named)
    # Of the environment's names only those of the cluster are looked up: no secret gets into the record.
    own = changed(binding, kubeconfig=None)
    bindings = changed(loaded.plan.bindings, cluster=own, clusters={}, kubeconfig=None)
    session = f"drill-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    path = await asyncio.to_thread(fresh_record, sessions / DRILLS, session)
    kubeconfig = binding.kubeconfig or site.bindings.kubeconfig
    clock = WallClock()
    cluster = KubernetesCluster(
        binding, Path(kubeconfig) if kubeconfig else None, session, clock, insecure=insecure
    )
    opened = SessionOpened(
        session=session,
        program=controlroom.__version__,
        plan=changed(plan, bindings=bindings),
        plan_text=loaded.text,
        plan_hash=loaded.hash,
        files={NAME: manifest},
        bindings=bindings,
        lab=site.lab,
    )
    writer = JournalWriter(path)
    try:
        drill = Drill(Recorder(clock, writer), cluster, Actor(role="facilitator", name=user()))
        return await drill.run(opened)
    finally:
        await cluster.close()
        await asyncio.to_thread(writer.close)
