"""A lab in this process, under load for a while, and an inspection of the seed's plan on it."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from controlroom.conductor.inspecting import Eyes, Inspector, Site
from controlroom.core.findings import Finding, Inspected
from controlroom.core.plan import Bindings, Plan
from controlroom.core.plan import Cluster as Binding
from controlroom.core.values import changed
from controlroom.lab.lab import Lab
from controlroom.lab.settings import Addresses, LabSettings
from controlroom.plan.load import load_plan
from controlroom.shipped import shipped
from controlroom.sources.alertmanager_looks import AlertmanagerLooks
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Timeouts
from controlroom.sources.kubernetes_looks import ClusterLooks
from controlroom.sources.prometheus_looks import PrometheusLooks

SEED = shipped("experiments") / "inventory-service-failure.yaml"
RULES = (SEED.parent / "alerts-bookstore.yaml").read_text()
WARM = 90.0
PATIENT, HASTY = 8.0, 0.5
"""Real seconds that a source gets: one that answers, and one of which a test knows that it does not."""


@dataclass
class Inspection:
    """A lab and what was found on it."""

    lab: Lab
    addresses: Addresses
    site: Site
    hasty: str = ""
    """The source that does not answer: `cluster`, `metrics` or `alerts`."""

    def _patience(self, source: str) -> float:
        return HASTY if source == self.hasty else PATIENT

    async def trouble(self, server: str, **what: object) -> None:
        """Sets the trouble of one of the lab's servers."""
        async with httpx.AsyncClient() as client:
            answer = await client.put(f"{self.addresses.control}/trouble/{server}", json=what)
            assert answer.status_code == 200, answer.text

    def plan(self, change: Callable[[Plan], Plan]) -> None:
        self.site = changed(self.site, plan=change(self.site.plan))

    def manifest(self, name: str, change: Callable[[str], str]) -> None:
        path = self.site.plan.experiment(name).manifest
        text = change(self.site.files[path])
        assert text != self.site.files[path]
        self.site = changed(self.site, files={**self.site.files, path: text})

    def user(self, token: str) -> None:
        """Another credential."""
        path = Path(self.addresses.kubeconfig)
        config = json.loads(path.read_text())
        config["users"][0]["user"] = {"token": token}
        path.write_text(json.dumps(config))

    async def look(self, tell: Callable[[str, bool], None] | None = None) -> Inspected:
        async with AsyncExitStack() as stack:
            bindings = self.site.bindings
            clock = self.lab.clock
            cluster = KubernetesCluster(
                bindings.cluster,
                Path(bindings.kubeconfig or ""),
                "check",
                clock,
                timeouts=Timeouts(answer=self._patience("cluster")),
            )
            metrics = PrometheusLooks(bindings.prometheus, clock, timeout=self._patience("metrics"))
            alerts = AlertmanagerLooks(bindings.alertmanager, clock, timeout=self._patience("alerts"))
            for source in (cluster, metrics, alerts):
                stack.push_async_callback(source.close)
            eyes = Eyes(cluster=ClusterLooks(cluster, "check"), metrics=metrics, alerts=alerts)
            return await Inspector(self.site, eyes, "check", tell).run()


@asynccontextmanager
async def inspection(folder: Path, more_rules: str = "", **settings: object) -> AsyncIterator[Inspection]:
    """The seed's plan on a lab that has lived under load for a while; then virtual time stands still."""
    kubeconfig = folder / "kubeconfig"
    lab = Lab(LabSettings(rate=0.0, rules=RULES + more_rules, kubeconfig=kubeconfig, **settings))  # type: ignore[arg-type]
    lab.staging.set_load(True)
    lab.staging.advance(WARM)
    addresses = await lab.start()
    loaded = load_plan(SEED)
    site = Site(
        plan=loaded.plan,
        files=loaded.files,
        bindings=Bindings(
            cluster=Binding(context=addresses.context, namespaces=(addresses.namespace,)),
            prometheus=addresses.prometheus,
            alertmanager=addresses.alertmanager,
            kubeconfig=addresses.kubeconfig,
        ),
        base=SEED.parent,
        environ=dict(os.environ),
        lab=True,
        loaded=True,
    )
    try:
        yield Inspection(lab, addresses, site)
    finally:
        await lab.stop()


def by_id(inspected: Inspected) -> Mapping[str, Finding]:
    found = {finding.id: finding for finding in inspected.findings}
    assert len(found) == len(inspected.findings), "two findings of one id"
    return found


def states(inspected: Inspected, *but: str) -> dict[str, str]:
    """States of the findings that are not ok, without those whose id begins so."""
    return {
        finding.id: finding.state
        for finding in inspected.findings
        if finding.state != "ok" and not finding.id.startswith(but or ("alert-route.",))
    }
