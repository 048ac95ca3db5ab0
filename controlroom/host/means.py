"""Builds the outside world of a session from its bindings."""

from __future__ import annotations

import os
from pathlib import Path

from controlroom.clock import Clock
from controlroom.conductor.conductor import Means
from controlroom.core.plan import Bindings
from controlroom.journal.folder import SessionFolder
from controlroom.plan.load import LoadedPlan, read_plan
from controlroom.plan.resolve import resolve, resolve_environment
from controlroom.sources.lab import LabControl
from controlroom.sources.ports import LoadDriver


async def means_for(
    loaded: LoadedPlan,
    path: Path,
    bindings: Bindings,
    folder: SessionFolder,
    clock: Clock,
    control: LabControl | None,
) -> Means:
    """The adapters for real servers or the lab's: they are the same."""
    from controlroom.sources.alertmanager import AlertmanagerSource
    from controlroom.sources.kubernetes import KubernetesCluster
    from controlroom.sources.prometheus import PrometheusSource

    found = resolve(bindings, os.environ)
    plan = loaded.plan
    metrics = PrometheusSource(found.prometheus, plan.metrics, clock)
    kubeconfig = Path(found.kubeconfig) if found.kubeconfig else None
    cluster = KubernetesCluster(found.cluster, kubeconfig, folder.name, clock, since=clock.time())
    return Means(
        metrics=metrics,
        alerts=AlertmanagerSource(found.alertmanager, clock),
        cluster=cluster,
        load=_load(loaded, path, folder, control),
        read_plan=lambda text: read_plan(text, path),
        world=control,
    )


def _load(loaded: LoadedPlan, path: Path, folder: SessionFolder, control: LabControl | None) -> LoadDriver:
    from controlroom.sources.load import CommandLoad, LabLoad, NoLoad

    if control is not None:
        return LabLoad(control)
    load = loaded.plan.load
    if load is None:
        return NoLoad()
    return CommandLoad(
        load, resolve_environment(load.environment, os.environ), folder.path / "load.log", base=path.parent
    )


async def close_means(means: Means) -> None:
    """Closes every adapter."""
    await means.metrics.close()
    await means.alerts.close()
    await means.cluster.close()
