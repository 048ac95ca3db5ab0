"""An inspection of the seed's plan on the lab: everything well, then one thing wrong at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from controlroom.core.values import changed
from controlroom.lab.defects import Defect
from controlroom.lab.kubernetes import Trouble
from controlroom.lab.kubernetes.trouble import Refusal
from tests.inspecting.site import Inspection, by_id, inspection, states

EXPERIMENTS = ("pod-kill", "network-latency", "memory-stress")
KINDS = ("PodChaos", "NetworkChaos", "StressChaos")


async def test_a_lab_in_which_all_is_well(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        found = await own.look()
    assert states(found) == {}
    # The lab's receivers have no integration: nobody would be told, and that is said.
    routes = [finding for finding in found.findings if finding.id.startswith("alert-route.")]
    assert [(finding.state, "no integration" in finding.reason) for finding in routes] == [
        ("warning", True)
    ] * 3
    assert "page" in routes[0].reason
    assert "ticket" in routes[2].reason
    ids = by_id(found)
    assert ids["targets.pod-kill"].reason.startswith("2 of 3: bookstore/inventory-service-")
    assert ids["targets.network-latency"].reason.endswith(", towards 1")
    assert ids["chaos-daemon.network-latency"].reason.startswith("Ready on staging-node-1")
    assert "needs none" in ids["chaos-daemon.pod-kill"].reason
    assert ids["guards.network-latency"].reason == "approved by the plan: blast-radius"
    assert {f"metric.{metric.id}" for metric in own.site.plan.metrics} <= ids.keys()
    assert {"criterion.data-loss.accepted", "criterion.data-loss.stored"} <= ids.keys()
    assert "Review relevant runbooks" in found.by_hand
    assert found.unbound == ("Grafana", "chat")


async def test_nothing_is_changed_in_the_cluster(tmp_path: Path) -> None:
    """All it sends is a question: reviews and dry runs are its only posts."""
    async with inspection(tmp_path) as own:
        before = own.lab.staging.cluster.store.revision
        await own.look()
        assert own.lab.staging.cluster.store.revision == before


def cluster(trouble: Trouble) -> Callable[[Inspection], Awaitable[None]]:
    async def set_it(own: Inspection) -> None:
        own.lab.staging.cluster.trouble = trouble

    return set_it


ASKED_OF_CLUSTER = {
    "cluster.clock",
    "chaos-mesh",
    "namespace.bookstore",
    "reading.bookstore",
    "foreign-chaos",
    *(f"kind.{kind}" for kind in KINDS),
    *(f"{what}.{name}" for what in ("rights", "dry-run", "targets", "chaos-daemon") for name in EXPERIMENTS),
}
ASKED_OF_OBJECTS = {
    "chaos-mesh",
    "namespace.bookstore",
    "foreign-chaos",
    *(f"{what}.{name}" for what in ("dry-run", "targets", "chaos-daemon") for name in EXPERIMENTS),
}
CLUSTER_GONE = {"cluster": "failed", **dict.fromkeys(ASKED_OF_CLUSTER, "could not tell")}


@pytest.mark.parametrize(
    ("trouble", "expected", "said"),
    [
        (Trouble(api_down=True), CLUSTER_GONE, "the connection broke"),
        (Trouble(slow_seconds=5.0), CLUSTER_GONE, "does not answer"),
        (
            Trouble(refusals=(Refusal(500),)),
            dict.fromkeys(ASKED_OF_OBJECTS, "could not tell"),
            "Internal error",
        ),
        (
            Trouble(refusals=(Refusal(403, "list", "networkchaos"),)),
            {"foreign-chaos": "could not tell"},
            "networkchaos",
        ),
        (
            Trouble(webhook_denied="no chaos on Fridays"),
            dict.fromkeys((f"dry-run.{name}" for name in EXPERIMENTS), "failed"),
            "no chaos on Fridays",
        ),
        (
            Trouble(webhook_timeout=True),
            dict.fromkeys((f"dry-run.{name}" for name in EXPERIMENTS), "could not tell"),
            "",
        ),
        (
            Trouble(controller_gone=True),
            dict.fromkeys((f"dry-run.{name}" for name in EXPERIMENTS), "could not tell"),
            "webhook",
        ),
    ],
    ids=[
        "down",
        "slow",
        "500",
        "403 on one kind",
        "webhook denies",
        "webhook silent",
        "controller gone",
    ],
)
async def test_a_cluster_in_trouble(
    trouble: Trouble, expected: dict[str, str], said: str, tmp_path: Path
) -> None:
    async with inspection(tmp_path) as own:
        own.lab.staging.cluster.trouble = trouble
        own.hasty = "cluster" if trouble.slow_seconds else ""
        found = await own.look()
    assert states(found) == expected
    for finding in found.findings:
        if finding.state in ("failed", "could not tell"):
            assert finding.next, finding
            assert "again by itself" not in finding.next and "it is tried again" not in finding.next
    first = next(finding for finding in found.findings if finding.id in expected)
    assert said in first.reason


async def test_a_credential_that_is_not_taken(tmp_path: Path) -> None:
    """The version alone would be told to anybody who asks, at some servers."""
    async with inspection(tmp_path) as own:
        own.user(token="of yesterday")
        found = await own.look()
    assert states(found) == CLUSTER_GONE
    assert "credential" in by_id(found)["cluster"].reason


async def test_somebody_who_may_only_look(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.user(token="viewer")
        found = await own.look()
    wrong = states(found)
    ids = by_id(found)
    assert ids["cluster"].reason.startswith("v1.36.2 answers bookstore-viewer, context staging")
    for name, plural in zip(EXPERIMENTS, ("podchaos", "networkchaos", "stresschaos"), strict=True):
        assert wrong.pop(f"rights.{name}") == "failed"
        assert f"may not create {plural} in bookstore" in ids[f"rights.{name}"].reason
        assert f"kubectl auth can-i create {plural} -n bookstore" in ids[f"rights.{name}"].next
        assert wrong.pop(f"dry-run.{name}") == "failed"
    assert ids["reading.bookstore"].state == "ok"
    # Whether the daemons are Ready, only somebody who may look at their pods can tell.
    assert set(wrong.values()) == {"could not tell"}
    assert wrong.keys() == {
        "chaos-mesh",
        "namespace.bookstore",
        "foreign-chaos",
        "chaos-daemon.network-latency",
        "chaos-daemon.memory-stress",
    }


async def test_a_dead_prometheus_takes_only_its_own_with_it(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        await own.trouble("prometheus", kind="hang")
        own.hasty = "metrics"
        async with asyncio.timeout(8):
            found = await own.look()
    wrong = states(found)
    assert wrong.pop("prometheus") == "failed"
    assert set(wrong.values()) == {"could not tell"}
    assert all(
        id.startswith(("metric.", "criterion.", "alert-rule.", "alert-quiet.", "alerts.")) for id in wrong
    )
    assert all(f"metric.{metric.id}" in wrong for metric in own.site.plan.metrics)


async def test_a_dead_alertmanager_takes_only_its_own_with_it(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        await own.trouble("alertmanager", kind="500")
        found = await own.look()
    expected = {"alertmanager": "failed", **{f"alert-route.{name}": "could not tell" for name in EXPERIMENTS}}
    assert states(found, "none") == expected


async def test_metrics_that_are_nan_are_a_warning(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        await own.trouble("prometheus", kind="nan")
        found = by_id(await own.look())
    assert found["prometheus"].state == "failed"


async def test_a_load_that_does_not_run_yet(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.lab.staging.set_load(False)
        own.lab.staging.advance(180.0)
        own.site = changed(own.site, loaded=False)
        found = await own.look()
    quiet = states(found)
    assert set(quiet.values()) == {"warning"}
    assert "metric.order_p95" in quiet
    assert by_id(found)["metric.order_p95"].next.startswith("usual while no load runs")


async def test_a_server_that_takes_no_more_samples(tmp_path: Path) -> None:
    """An instant query would still answer: Prometheus takes samples up to five minutes old."""
    async with inspection(tmp_path) as own:
        own.lab.staging.prometheus.scrape = lambda targets, now: None  # type: ignore[method-assign,assignment]
        own.lab.staging.advance(120.0)
        found = by_id(await own.look())
    lag = found["metric.consumer_lag"]
    assert (lag.state, "s old" in lag.reason) == ("failed", True)


DEFECTS = {
    Defect.LATE_ALERT: {"alert-rule.pod-kill": "warning"},
    Defect.ALERT_MASKED: {"alert-quiet.network-latency": "warning"},
}


@pytest.mark.parametrize("defect", DEFECTS)
async def test_a_planted_defect_of_the_alerts_is_seen_beforehand(defect: Defect, tmp_path: Path) -> None:
    async with inspection(tmp_path, defect=defect) as own:
        found = await own.look()
    assert states(found) == DEFECTS[defect]
