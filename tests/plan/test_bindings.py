"""Several clusters, and how servers let one in: what a plan may say, and what is looked up when a day starts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from controlroom.core.plan import Cluster
from controlroom.plan.errors import PlanErrors
from controlroom.plan.resolve import MissingNames, resolve
from tests.plan.test_outward import planned

BINDINGS = "bindings:\n"
LOGINS = """bindings:
  prometheus-login:
    headers: {X-Scope-OrgID: team-a, X-Key: "${KEY}"}
    token-file: /var/run/token
    ca: ca.pem
  alertmanager-login: {username: "u", password: "${PASSWORD}"}
"""
CLUSTERS = """bindings:
  clusters:
    east: {context: "${EAST}", namespaces: [bookstore], kubeconfig: east.yaml}
    west: {context: west, namespaces: [bookstore, shop]}
"""
FIRST = "  - id: pod-kill\n"


def test_logins_are_looked_up_and_the_plan_keeps_their_names(tmp_path: Path) -> None:
    plan = planned(tmp_path, (BINDINGS, LOGINS))
    with pytest.raises(MissingNames) as missing:
        resolve(plan.bindings, {})
    assert "KEY" in str(missing.value) and "PASSWORD" in str(missing.value)
    environ = {"KEY": "planted-secret-1", "PASSWORD": "planted-secret-2"}
    found = resolve(plan.bindings, environ)
    assert found.prometheus_login.headers == {"X-Scope-OrgID": "team-a", "X-Key": "planted-secret-1"}
    assert found.prometheus_login.token_file == "/var/run/token"
    assert (found.alertmanager_login.username, found.alertmanager_login.password) == ("u", "planted-secret-2")
    assert "planted" not in msgspec.json.encode(plan).decode()


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("{token: secret-4711}", "this is a secret"),
        ("{headers: {Authorization: secret-4711}}", "this is a secret"),
        ("{headers: {'X Key': '${KEY}'}}", "no name of a header"),
        ("{username: u, password: secret-4711}", "this is a secret"),
        ("{username: u}", "`username` and `password` go together"),
        ("{token: '${A}', token-file: /t}", "there is one way in"),
        ("{key: own.key}", "a key is of no use"),
        ("{tokens: x}", "tokens"),
    ],
)
def test_a_login_that_would_tell_a_secret_or_makes_no_sense_is_refused(
    tmp_path: Path, login: str, said: str
) -> None:
    with pytest.raises(PlanErrors) as raised:
        planned(tmp_path, (BINDINGS, f"bindings:\n  prometheus-login: {login}\n"))
    assert said in str(raised.value)
    assert "secret-4711" not in str(raised.value)


def test_each_experiment_may_name_its_cluster(tmp_path: Path) -> None:
    plan = planned(tmp_path, (BINDINGS, CLUSTERS), (FIRST, f"{FIRST}    cluster: east\n"))
    found = resolve(plan.bindings, {"EAST": "east-staging"})
    assert plan.experiments[0].cluster == "east"
    assert plan.experiments[1].cluster == ""
    assert found.cluster_of("east") == Cluster(
        context="east-staging", namespaces=("bookstore",), kubeconfig="east.yaml"
    )
    assert found.cluster_of("west").namespaces == ("bookstore", "shop")
    assert found.cluster_of("") == found.cluster


def test_a_cluster_that_is_not_bound_and_a_namespace_that_it_does_not_have_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(PlanErrors, match="there is no cluster `eats`"):
        planned(tmp_path, (BINDINGS, CLUSTERS), (FIRST, f"{FIRST}    cluster: eats\n"))
    other = CLUSTERS.replace(
        'east: {context: "${EAST}", namespaces: [bookstore]', "east: {context: e, namespaces: [x]"
    )
    with pytest.raises(PlanErrors, match=r"namespace `.*` is not among the plan's: x"):
        planned(tmp_path / "other", (BINDINGS, other), (FIRST, f"{FIRST}    cluster: east\n"))
