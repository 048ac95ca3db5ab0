"""A plan on two clusters: each is asked about its own experiments, and one that is away is its own trouble."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path

from controlroom.conductor.inspecting import Eyes, Inspector
from controlroom.core.findings import standing_against
from controlroom.core.values import changed
from controlroom.sources.alertmanager_looks import AlertmanagerLooks
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Timeouts
from controlroom.sources.kubernetes_looks import ClusterLooks
from controlroom.sources.prometheus_looks import PrometheusLooks
from tests.inspecting.site import by_id, inspection


async def test_each_cluster_is_asked_about_its_own(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own, AsyncExitStack() as stack:
        bindings = own.site.bindings
        nobody, there = tmp_path / "nobody", Path(bindings.kubeconfig or "")
        config = json.loads(there.read_text())
        config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
        nobody.write_text(json.dumps(config))
        looks = {}
        for name, path in (("", there), ("east", nobody)):
            cluster = KubernetesCluster(
                bindings.cluster, path, "check", own.lab.clock, timeouts=Timeouts(connect=1.0)
            )
            stack.push_async_callback(cluster.close)
            looks[name] = ClusterLooks(cluster, "check")
        metrics = PrometheusLooks(bindings.prometheus, own.lab.clock)
        alerts = AlertmanagerLooks(bindings.alertmanager, own.lab.clock)
        stack.push_async_callback(metrics.close)
        stack.push_async_callback(alerts.close)
        experiments = tuple(
            changed(one, cluster="east" if one.id == "network-latency" else "")
            for one in own.site.plan.experiments
        )
        site = changed(
            own.site,
            plan=changed(own.site.plan, experiments=experiments),
            bindings=changed(bindings, clusters={"east": bindings.cluster}),
        )
        eyes = Eyes(cluster=looks[""], metrics=metrics, alerts=alerts, further={"east": looks["east"]})
        inspected = await Inspector(site, eyes, "check").run()
        found = by_id(inspected)
        assert found["cluster"].state == "ok"
        assert found["cluster@east"].state == "failed" and found["cluster@east"].what.startswith("east: ")
        assert found["dry-run.pod-kill"].state == "ok"
        assert found["dry-run.network-latency"].state == "could not tell"
        assert "kind.NetworkChaos" not in found and "kind.NetworkChaos@east" in found
        assert found["kind.NetworkChaos@east"].cluster == "east" and found["kind.PodChaos"].cluster == ""
        assert found["dry-run.network-latency"].cluster is None
        assert standing_against(inspected.findings, "pod-kill") == ()
