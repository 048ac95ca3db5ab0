"""Which pods an experiment may hit, by its manifest alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.core.events import PodObserved
from controlroom.sources.ports import PodSeen
from controlroom.sources.reach import reach_of

SHIPPED = Path(__file__).parents[2] / "experiments"
PLANS = ("shop", "mail")


def pod(name: str = "a-1-x", *, namespace: str = "shop", workload: str = "a", **labels: str) -> PodSeen:
    seen = PodObserved(namespace=namespace, name=name, uid=name, app=workload)
    return PodSeen(pod=seen, labels=labels, kind="ReplicaSet", workload=workload)


def chaos(selector: str, kind: str = "PodChaos") -> str:
    return f"{{apiVersion: chaos-mesh.org/v1alpha1, kind: {kind}, metadata: {{name: x}}, spec: {selector}}}"


def reached(manifest: str, seen: PodSeen) -> bool:
    return any(own.may_hit(seen) for own in reach_of(manifest, PLANS))


CASES = {
    "labels": (
        chaos("{selector: {labelSelectors: {app: a, tier: web}}}"),
        [pod(app="a", tier="web")],
        [pod(app="a"), pod(app="a", tier="db"), pod(namespace="mail", app="a", tier="web")],
    ),
    "namespaces": (
        chaos("{selector: {namespaces: [mail]}}"),
        [pod(namespace="mail")],
        [pod()],
    ),
    "named": (
        chaos("{selector: {pods: {mail: [one]}, labelSelectors: {app: a}}}"),
        [pod("one", namespace="mail")],
        [pod("one"), pod("two", namespace="mail", app="a")],
    ),
    "in": (
        chaos("{selector: {expressionSelectors: [{key: app, operator: In, values: [a, b]}]}}"),
        [pod(app="b")],
        [pod(app="c"), pod()],
    ),
    "not in": (
        chaos("{selector: {expressionSelectors: [{key: app, operator: NotIn, values: [a]}]}}"),
        [pod(app="b"), pod()],
        [pod(app="a")],
    ),
    "exists": (
        chaos("{selector: {expressionSelectors: [{key: app, operator: Exists}]}}"),
        [pod(app="b")],
        [pod()],
    ),
    "does not exist": (
        chaos("{selector: {expressionSelectors: [{key: app, operator: DoesNotExist}]}}"),
        [pod()],
        [pod(app="b")],
    ),
    "open conditions": (
        chaos("{selector: {nodes: [n1], annotationSelectors: {a: b}, podPhaseSelectors: [Pending]}}"),
        [pod()],
        [pod(namespace="mail")],
    ),
    "far end": (
        chaos("{selector: {labelSelectors: {app: a}}, target: {selector: {labelSelectors: {app: db}}}}"),
        [pod(app="a"), pod(app="db")],
        [pod(app="c")],
    ),
    "schedule": (
        chaos("{type: PodChaos, podChaos: {selector: {labelSelectors: {app: a}}}}", "Schedule"),
        [pod(app="a")],
        [pod(app="b")],
    ),
    "workflow": (
        chaos("{templates: [{podChaos: {selector: {labelSelectors: {app: a}}}}]}", "Workflow"),
        [pod(app="a")],
        [pod(app="b")],
    ),
    "policy": (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny},"
        " spec: {podSelector: {matchLabels: {app: a}}, ingress: [{from: [{podSelector: {}}]}]}}",
        [pod(app="a")],
        [pod(app="b"), pod(namespace="mail", app="a")],
    ),
    "scaled": (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: mail}, spec: {replicas: 0}}",
        [pod(namespace="mail", workload="a")],
        [pod(workload="a"), pod(namespace="mail", workload="b")],
    ),
    "service": (
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: a}}}",
        [pod(app="a")],
        [pod(app="b")],
    ),
    "scaler": (
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h},"
        " spec: {scaleTargetRef: {kind: Deployment, name: a}}}",
        [pod(workload="a")],
        [pod(workload="b")],
    ),
    "litmus": (
        "{apiVersion: litmuschaos.io/v1alpha1, kind: ChaosEngine, metadata: {name: e},"
        " spec: {appinfo: {appns: mail, applabel: app=a, appkind: deployment}}}",
        [pod(namespace="mail", app="a")],
        [pod(app="a"), pod(namespace="mail", app="b")],
    ),
    "several": (
        chaos("{selector: {labelSelectors: {app: a}}}")
        + "\n---\n"
        + chaos("{selector: {labelSelectors: {app: b}}}"),
        [pod(app="a"), pod(app="b")],
        [pod(app="c")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_in_reach_and_what_is_not(case: str) -> None:
    manifest, within, beyond = CASES[case]
    assert [reached(manifest, own) for own in within] == [True] * len(within)
    assert [reached(manifest, own) for own in beyond] == [False] * len(beyond)


@pytest.mark.parametrize(
    "manifest",
    ["{", "- no object", chaos("{selector: [a]}"), chaos("{selector: {labelSelectors: {app: [a]}}}")],
)
def test_what_cannot_be_read_reaches_everything(manifest: str) -> None:
    assert reached(manifest, pod())
    assert reached(manifest, pod(namespace="mail"))


def test_a_further_cluster_is_another_one() -> None:
    (own,) = reach_of(chaos("{selector: {}}"), PLANS, "east")
    assert not own.may_hit(pod())


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*-*-inventory*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_experiments_reach_the_inventory_service(path: Path) -> None:
    reach = reach_of(path.read_text(), ["bookstore"])
    within = [pod(namespace="bookstore", app=app) for app in ("inventory-service", "order-service")]
    assert [any(own.may_hit(one) for own in reach) for one in within] == [True, False]
