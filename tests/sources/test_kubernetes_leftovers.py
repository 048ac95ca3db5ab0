"""What sessions left: every kind is asked, what may not be seen is said, nothing secret and nothing raw is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.core.events import ObjectRef
from controlroom.core.plan import Cluster as Binding
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Timeouts
from controlroom.sources.kubernetes_leftovers import Leftovers
from controlroom.sources.ports import SourceError
from tests.sources.kube_stub import CONTEXT, Stub, says, served

CHAOS = "/apis/chaos-mesh.org/v1alpha1"
MADE = {"controlroom.dev/session": "day-1"}
NOTED = {"controlroom.dev/session-id": "day-1", "controlroom.dev/run-id": "kill#1"}
FORBIDDEN = says({"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}, 403)
AWAY = says("aggregated server is away", 503)


class Rig:
    """A server with core, Chaos Mesh, and a group whose own server is away."""

    def __init__(self, stub: Stub, folder: Path) -> None:
        self.stub = stub
        config = stub.kubeconfig(folder)
        timeouts = Timeouts(connect=1.0, answer=1.0)
        binding = Binding(context=CONTEXT, namespaces=())
        self.cluster = KubernetesCluster(binding, config, "", HeldClock(), kinds=(), timeouts=timeouts)
        self.leftovers = Leftovers(self.cluster.api)
        groups = [group("chaos-mesh.org/v1alpha1"), group("metrics.k8s.io/v1beta1")]
        stub.on("GET", "/apis", says({"kind": "APIGroupList", "groups": groups}))
        stub.on("GET", "/api/v1", says(kinds(secrets="Secret", pods="Pod")))
        stub.on("GET", CHAOS, says(kinds(podchaos="PodChaos", schedules="Schedule")))
        stub.on("GET", "/apis/metrics.k8s.io/v1beta1", AWAY)

    def there(self, **found: list[dict[str, Any]]) -> None:
        """The collections over all namespaces."""
        for plural, prefix in (
            ("secrets", "/api/v1"),
            ("pods", "/api/v1"),
            ("podchaos", CHAOS),
            ("schedules", CHAOS),
        ):
            self.stub.on("GET", f"{prefix}/{plural}", says({"items": found.get(plural, [])}))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with served() as stub:
        made = Rig(stub, tmp_path)
        yield made
        await made.cluster.close()


def group(version: str) -> dict[str, Any]:
    return {"name": version.split("/")[0], "preferredVersion": {"groupVersion": version, "version": "x"}}


def kinds(**plurals: str) -> dict[str, Any]:
    listed = [
        {"name": plural, "kind": kind, "namespaced": True, "verbs": ["list", "delete"]}
        for plural, kind in plurals.items()
    ]
    unlisted = {"name": "bindings", "kind": "Binding", "namespaced": True, "verbs": ["create"]}
    wide = {"name": "nodes", "kind": "Node", "namespaced": False, "verbs": ["list"]}
    return {"resources": [*listed, unlisted, wide]}


def chaos(name: str, kind: str = "PodChaos", **meta: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": MADE, "annotations": NOTED}
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": kind,
        "metadata": {**metadata, **meta},
        "spec": {},
    }


async def test_every_kind_is_asked_by_label_alone_over_all_namespaces(rig: Rig) -> None:
    going = {"deletionTimestamp": "2026-11-23T19:00:00Z", "finalizers": ["chaos-mesh/records"]}
    rig.there(podchaos=[chaos("one"), chaos("two", **going)])
    found = await rig.leftovers.find()
    assert [(one.object.name, one.standing, one.session, one.run) for one in found.left] == [
        ("one", "acting", "day-1", "kill#1"),
        ("two", "going", "day-1", "kill#1"),
    ]
    assert found.left[1].held
    for path in ("/api/v1/secrets", "/api/v1/pods", f"{CHAOS}/podchaos", f"{CHAOS}/schedules"):
        assert rig.stub.queries(path) == [{"labelSelector": "controlroom.dev/session"}]
    assert not rig.stub.queries("/api/v1/bindings")
    (unseen,) = found.unseen
    assert "metrics.k8s.io" in unseen


async def test_where_not_all_may_be_listed_the_namespaces_of_the_plan_are_asked(rig: Rig) -> None:
    rig.there()
    for path in ("/api/v1/secrets", f"{CHAOS}/podchaos"):
        rig.stub.replies[f"GET {path}"] = [FORBIDDEN]
    rig.stub.on("GET", f"{CHAOS}/namespaces/shop/podchaos", says({"items": [chaos("one")]}))
    rig.stub.on("GET", "/api/v1/namespaces/shop/secrets", FORBIDDEN)
    found = await rig.leftovers.find(instead=["shop"])
    assert [one.object.name for one in found.left] == ["one"]
    assert any(line.startswith("secrets: ") for line in found.unseen)
    blind = await rig.leftovers.find()
    assert blind.left == ()
    assert any(line.startswith("podchaos, secrets: the account may not list") for line in blind.unseen)


async def test_namespaces_that_are_named_are_the_only_ones(rig: Rig) -> None:
    for path in (CHAOS, "/api/v1"):
        for plural in ("podchaos", "schedules", "secrets", "pods"):
            rig.stub.on("GET", f"{path}/namespaces/shop/{plural}", says({"items": []}))
    await rig.leftovers.find(only=["shop"])
    assert not rig.stub.queries(f"{CHAOS}/podchaos")
    assert rig.stub.queries(f"{CHAOS}/namespaces/shop/podchaos")


async def test_a_changed_secret_is_told_without_what_it_holds(rig: Rig) -> None:
    notes = {**NOTED, "controlroom.dev/prior": '{"data":{"password":"aHVudGVyMg=="}}'}
    secret = {
        "metadata": {"name": "db", "namespace": "shop", "uid": "u", "labels": MADE, "annotations": notes},
        "data": {"password": "bm90aGluZw=="},
    }
    rig.there(secrets=[secret])
    (one,) = (await rig.leftovers.find()).left
    assert (one.object.kind, one.object.changed, one.standing) == ("Secret", True, "changed")
    assert one.undoes == "its data"
    assert "aHVudGVyMg" not in repr(one)


async def test_names_and_notes_carry_no_escape_sequences(rig: Rig) -> None:
    nasty = "kill\x1b]0;gone\x07#1\x1b[2J"
    rig.there(podchaos=[chaos("one", annotations={**NOTED, "controlroom.dev/run-id": nasty})])
    (one,) = (await rig.leftovers.find()).left
    assert one.run == "kill#1"


async def test_what_only_copies_a_label_goes_with_what_made_it(rig: Rig) -> None:
    owned = chaos("slice", ownerReferences=[{"uid": "uid-service"}], annotations={})
    rig.there(podchaos=[owned])
    assert (await rig.leftovers.find()).left == ()


async def test_what_schedules_have_made_is_found_though_it_bears_no_label(rig: Rig) -> None:
    schedule = chaos("daily", "Schedule")
    child = chaos("daily-x1", labels={}, annotations={}, ownerReferences=[{"uid": "uid-daily"}])
    other = chaos("theirs", labels={}, annotations={})
    rig.there(schedules=[schedule])
    rig.stub.on("GET", f"{CHAOS}/namespaces/shop/podchaos", says({"items": [child, other]}))
    rig.stub.on("GET", f"{CHAOS}/namespaces/shop/schedules", FORBIDDEN)
    found = await rig.leftovers.find()
    made = await rig.leftovers.made_by(found.left)
    assert [(one.object.name, one.session) for one in made] == [("daily-x1", "day-1")]


REF = ObjectRef(
    api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="shop", name="one", uid="uid-one"
)
ONE = f"{CHAOS}/namespaces/shop/podchaos/one"


async def test_finalizers_are_removed_from_the_version_that_was_read(rig: Rig) -> None:
    going = chaos("one", resourceVersion="7", deletionTimestamp="2026-11-23T19:00:00Z")
    rig.stub.on("GET", ONE, says(going))
    rig.stub.on(
        "PATCH", ONE, says({"kind": "Status", "reason": "Conflict", "message": "old"}, 409), says(going)
    )
    assert await rig.cluster.release(REF)
    bodies = [body for method, _, _, body, _ in rig.stub.asked if method == "PATCH"]
    assert bodies == [b'{"metadata": {"finalizers": null, "resourceVersion": "7"}}'] * 2


@pytest.mark.parametrize(
    ("there", "released"),
    [
        (chaos("one", resourceVersion="7", uid="another", deletionTimestamp="2026-11-23T19:00:00Z"), False),
        (None, False),
        (chaos("one", resourceVersion="7"), "it is not being deleted"),
    ],
    ids=["another of its name", "gone", "nobody asked it to go"],
)
async def test_what_is_not_going_is_left_as_it_is(rig: Rig, there: Any, released: bool | str) -> None:
    if there is not None:
        rig.stub.on("GET", ONE, says(there))
    if isinstance(released, str):
        with pytest.raises(SourceError, match=released):
            await rig.cluster.release(REF)
    else:
        assert await rig.cluster.release(REF) is released
    assert not [method for method, *_ in rig.stub.asked if method == "PATCH"]
