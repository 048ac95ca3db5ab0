"""Builds the outside world of a session from its bindings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controlroom.clock import Clock
from controlroom.conductor.conductor import Means
from controlroom.conductor.left_behind import FindLeft
from controlroom.conductor.parts import noted
from controlroom.core.events import ObjectRef, PodObserved
from controlroom.core.fold import fold
from controlroom.core.plan import Bindings
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.host.beginning import Beginning
from controlroom.journal.folder import SessionFolder
from controlroom.journal.living import living
from controlroom.plan.load import read_plan
from controlroom.plan.resolve import resolve, resolve_environment, resolve_token
from controlroom.sources.clusters import Clusters
from controlroom.sources.lab import LabControl
from controlroom.sources.manifests import label_value
from controlroom.sources.outward import Dashboards
from controlroom.sources.ports import LoadDriver, LoadOutput

if TYPE_CHECKING:
    from controlroom.sources.kubernetes import KubernetesCluster

OVERLAP = 60.0
"""Seconds before the last event of a record from which Kubernetes Events are read again: they come late."""


async def means_for(
    begun: Beginning,
    bindings: Bindings,
    folder: SessionFolder,
    clock: Clock,
    control: LabControl | None,
    *,
    insecure: bool = False,
) -> Means:
    """The adapters for real servers or the lab's: they are the same. `insecure`: no certificate is verified."""
    from controlroom.host.looking import inspecting
    from controlroom.sources.alertmanager import AlertmanagerSource
    from controlroom.sources.chat import AppriseChat
    from controlroom.sources.login import Login
    from controlroom.sources.prometheus import PrometheusSource

    found = resolve(bindings, os.environ)
    base = begun.directory
    metrics = PrometheusSource(
        found.prometheus,
        begun.plan.metrics,
        clock,
        login=Login(found.prometheus_login, base=base, insecure=insecure),
    )
    alerts = AlertmanagerSource(
        found.alertmanager, clock, login=Login(found.alertmanager_login, base=base, insecure=insecure)
    )
    clusters = {
        name: _cluster(begun, found, clock, name, insecure=insecure) for name in ("", *found.clusters)
    }
    cluster, further = clusters[""], {name: one for name, one in clusters.items() if name}
    return Means(
        metrics=metrics,
        alerts=alerts,
        cluster=Clusters(cluster, further) if further else cluster,
        load=_load(begun, folder, control),
        load_output=_load_output(begun, folder, clusters) if control is None else None,
        read_plan=lambda text: read_plan(text, begun.path),
        world=control,
        inspect=inspecting(begun, found, clusters, clock, lab=control is not None, insecure=insecure),
        find_left=_left_by_others(clusters, found, begun, folder) if control is None else None,
        chat=AppriseChat(found.chat) if found.chat else None,
        dashboards=_grafana(found.grafana, begun, folder) if found.grafana else None,
    )


def _cluster(
    begun: Beginning, found: Bindings, clock: Clock, name: str, *, insecure: bool
) -> KubernetesCluster:
    """The plan's own cluster, or a further one by its name. `found`: names of the environment looked up."""
    from controlroom.sources.kubernetes import KubernetesCluster

    binding = found.cluster_of(name)
    kubeconfig = binding.kubeconfig or found.kubeconfig
    return KubernetesCluster(
        binding,
        begun.directory / kubeconfig if kubeconfig else None,
        begun.session,
        clock,
        since=_since(begun, clock),
        pods=[changed(pod, cluster="") for pod in _pods(begun) if pod.cluster == name],
        runs={run: changed(own, cluster="") for run, own in _runs(begun).items() if own.cluster == name},
        insecure=insecure,
    )


def unverified(begun: Beginning, bindings: Bindings, *, insecure: bool) -> tuple[str, ...]:
    """Which servers' certificates are not verified, and by whose word: it stays on the screen.

    Raises MissingNames. Reads kubeconfigs, asks nobody.
    """
    from controlroom.sources.clusters import source_of
    from controlroom.sources.kubernetes_config import unverified as by_kubeconfig

    if insecure:
        return ("every server: --insecure-skip-tls-verify",)
    found = resolve(bindings, os.environ)
    told = []
    for name in ("", *found.clusters):
        binding = found.cluster_of(name)
        kubeconfig = binding.kubeconfig or found.kubeconfig
        path = begun.directory / kubeconfig if kubeconfig else None
        if by_kubeconfig(path, binding.context):
            told.append(f"{source_of(name)}: insecure-skip-tls-verify of the kubeconfig")
    return tuple(told)


def _left_by_others(
    clusters: Mapping[str, KubernetesCluster], bound: Bindings, begun: Beginning, folder: SessionFolder
) -> FindLeft:
    """What sessions other than this one left, and which of them go on on this machine."""
    from controlroom.sources.kubernetes_leftovers import Found, Leftovers
    from controlroom.sources.leftovers_everywhere import Everywhere, Place

    everywhere = Everywhere(
        {
            name: Place(Leftovers(cluster.api), bound.cluster_of(name).namespaces)
            for name, cluster in clusters.items()
        }
    )

    async def find() -> Found:
        found = await everywhere.find()
        here = await asyncio.to_thread(living, folder.path.parent)
        here |= {label_value(name) for name in here}
        own = {begun.session, label_value(begun.session)}
        left = (changed(one, live=one.session in here) for one in found.left if one.session not in own)
        return changed(found, left=tuple(left))

    return find


def _since(begun: Beginning, clock: Clock) -> float:
    """Moment from which Kubernetes Events are news, Unix seconds: of a session that is taken up, since its last
    event; what is on record already is not told twice."""
    if begun.past is None:
        return clock.time()
    return begun.past.events[-1].at.timestamp() - OVERLAP


def _pods(begun: Beginning) -> Iterator[PodObserved]:
    """The pods that were there when the host before us died."""
    pods: dict[str, PodObserved] = {}
    for event in begun.past.events if begun.past else ():
        if isinstance(event.body, PodObserved):
            pods[event.body.key] = event.body
    return (pod for pod in pods.values() if not pod.gone)


def _runs(begun: Beginning) -> dict[str, ObjectRef]:
    """The objects that may have been there when the host before us died, by the run that is noted on them."""
    state = fold(begun.past.events) if begun.past else State()
    return {noted(run.id, index): target for run in state.running for index, target in enumerate(run.objects)}


def _grafana(url: str, begun: Beginning, folder: SessionFolder) -> Dashboards:
    from controlroom.sources.grafana import Grafana

    wanted = begun.plan.grafana
    return Grafana(
        url,
        resolve_token(wanted.token, os.environ),
        folder.pictures,
        begun.session,
        dashboard=wanted.dashboard,
        zone=begun.plan.zone,
    )


def _load(begun: Beginning, folder: SessionFolder, control: LabControl | None) -> LoadDriver | None:
    """None: the load is a manifest, and its objects are made in the cluster."""
    from controlroom.sources.load import CommandLoad, LabLoad, NoLoad

    if control is not None:
        return LabLoad(control)
    load = begun.plan.load
    if load is None:
        return NoLoad()
    if load.manifest:
        return None
    variables = resolve_environment(load.environment, os.environ)
    return CommandLoad(load, variables, folder.path / "load.log", base=begun.path.parent)


def _load_output(
    begun: Beginning, folder: SessionFolder, clusters: Mapping[str, KubernetesCluster]
) -> LoadOutput | None:
    """What the pods of a manifest's load say; a host that takes a session up goes on where the file ends."""
    from controlroom.sources.kubernetes_load import PodLogs
    from controlroom.sources.load_log import LoadLog

    if begun.plan.load is None or not begun.plan.load.manifest:
        return None
    path = folder.path / "load.log"
    since = None
    if begun.past is not None and path.exists():
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    apis = {name: cluster.api for name, cluster in clusters.items()}
    return PodLogs(apis, LoadLog(path), since)


async def close_means(means: Means) -> None:
    """Closes every adapter."""
    await means.metrics.close()
    await means.alerts.close()
    await means.cluster.close()
    for outward in (means.chat, means.dashboards):
        if outward is not None:
            await outward.close()
