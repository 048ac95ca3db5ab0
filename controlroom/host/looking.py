"""Opens the eyes of an inspection: on the plan's own systems, or on a lab that is started for it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from controlroom.clock import Clock, WallClock
from controlroom.conductor.inspecting import Eyes, Inspector, Site
from controlroom.conductor.looking import Inspect
from controlroom.core.findings import Inspected
from controlroom.core.plan import Bindings, Plan
from controlroom.host.beginning import Beginning
from controlroom.host.lab_process import LabProcess, in_the_lab
from controlroom.host.order import LabOrder
from controlroom.plan.load import LoadedPlan
from controlroom.plan.resolve import resolve, resolve_environment
from controlroom.sources.alertmanager_looks import AlertmanagerLooks
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_looks import ClusterLooks
from controlroom.sources.lab import LabControl
from controlroom.sources.login import Login
from controlroom.sources.prometheus_looks import PrometheusLooks

SESSION = "check"
"""Name of the session that objects are dry-run for; nothing is stored under it."""
WARM_UP = 90.0
"""Seconds of the lab's time that a new lab lives under load before it is looked at: queries look back a minute."""
FAST = 60.0
"""Seconds of the lab's time in a real one meanwhile."""


@contextlib.asynccontextmanager
async def looking(
    loaded: LoadedPlan, path: Path, *, lab: bool, insecure: bool = False
) -> AsyncIterator[tuple[Site, Eyes]]:
    """The site of a plan and the eyes on it. Raises MissingNames, LabFailed, SourceError (of the lab), OSError."""
    async with contextlib.AsyncExitStack() as stack:
        if lab:
            clock, bindings = await _lab(stack, loaded, path)
        else:
            clock, bindings = WallClock(), loaded.plan.bindings
        bindings = resolve(bindings, os.environ)
        load = loaded.plan.load
        variables = resolve_environment(load.environment, os.environ) if load and not lab else {}
        site = Site(
            plan=loaded.plan,
            files=loaded.files,
            bindings=bindings,
            base=path.parent,
            environ={**os.environ, **variables},
            lab=lab,
            loaded=lab,
        )
        clusters = {}
        for name in ("", *bindings.clusters):
            binding = bindings.cluster_of(name)
            kubeconfig = binding.kubeconfig or bindings.kubeconfig
            there = Path(kubeconfig) if kubeconfig else None
            clusters[name] = KubernetesCluster(binding, there, SESSION, clock, insecure=insecure)
            stack.push_async_callback(clusters[name].close)
        yield site, _eyes(stack, bindings, clock, clusters, SESSION, base=Path(), insecure=insecure)


def inspecting(
    begun: Beginning,
    bindings: Bindings,
    clusters: Mapping[str, KubernetesCluster],
    clock: Clock,
    *,
    lab: bool,
    insecure: bool = False,
) -> Inspect:
    """The inspection of a session, by its own connections to the clusters, the plan's own as "". `bindings`
    with their names looked up."""
    load = begun.plan.load
    variables = resolve_environment(load.environment, os.environ) if load and not lab else {}

    async def inspect(plan: Plan, loaded: bool) -> Inspected:
        site = Site(
            plan=plan,
            files=begun.loaded.files,
            bindings=bindings,
            base=begun.path.parent,
            environ={**os.environ, **variables},
            lab=lab,
            loaded=loaded,
        )
        async with contextlib.AsyncExitStack() as stack:
            eyes = _eyes(
                stack, bindings, clock, clusters, begun.session, base=begun.directory, insecure=insecure
            )
            return await Inspector(site, eyes, begun.session).run()

    return inspect


async def _lab(stack: contextlib.AsyncExitStack, loaded: LoadedPlan, path: Path) -> tuple[Clock, Bindings]:
    """Starts a lab, which ends with the stack."""
    plan = loaded.plan
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="controlroom-check-")))
    rules = path.parent / plan.rules if plan.rules else None
    cluster = plan.bindings.cluster
    process = LabProcess(
        folder, LabOrder(rate=FAST, responder=False), rules, cluster.context, cluster.namespaces[0]
    )
    stack.push_async_callback(process.stop)
    addresses = await process.start()
    control = LabControl(addresses.control)
    stack.push_async_callback(control.close)
    clock = await control.start()
    await control.set_load(True)
    await clock.sleep(WARM_UP)
    await control.set_rate(1.0)
    return clock, in_the_lab(plan.bindings, addresses)


def _eyes(
    stack: contextlib.AsyncExitStack,
    bindings: Bindings,
    clock: Clock,
    clusters: Mapping[str, KubernetesCluster],
    session: str,
    *,
    base: Path,
    insecure: bool,
) -> Eyes:
    """The eyes; what is opened for them is closed with the stack."""
    logins = [
        Login(written, base=base, insecure=insecure)
        for written in (bindings.prometheus_login, bindings.alertmanager_login)
    ]
    metrics = PrometheusLooks(bindings.prometheus, clock, login=logins[0])
    alerts = AlertmanagerLooks(bindings.alertmanager, clock, login=logins[1])
    for source in (metrics, alerts):
        stack.push_async_callback(source.close)
    looks = {name: ClusterLooks(cluster, session) for name, cluster in clusters.items()}
    return Eyes(cluster=looks.pop(""), metrics=metrics, alerts=alerts, further=looks)
