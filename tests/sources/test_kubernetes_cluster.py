"""The cluster adapter against a stub: what it asks, in which order it tells, and what it takes for an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.core.events import KubeEvent, ObjectRef
from controlroom.core.plan import Cluster as Binding
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Timeouts
from controlroom.sources.manifests import prepare
from controlroom.sources.ports import ClusterEvent, ObjectSeen, PodSeen, PodsListed, Prepared, SourceError
from tests.sources.kube_stub import (
    CONTEXT,
    TOO_OLD,
    Reply,
    Stub,
    event,
    hang,
    item,
    listed,
    says,
    served,
    streams,
)

CORE = "/api/v1/namespaces/bookstore"
CHAOS = "/apis/chaos-mesh.org/v1alpha1"
PODCHAOS = f"{CHAOS}/namespaces/bookstore/podchaos"
SESSION = "day-1"
QUIET = says(listed(5))
OPEN = streams(then="hang")
RECORDINGS = Path(__file__).parents[1] / "recordings"


class Rig:
    def __init__(self, stub: Stub, folder: Path) -> None:
        self.stub = stub
        self.pauses: list[float] = []
        self.cluster = KubernetesCluster(
            Binding(context=CONTEXT, namespaces=("bookstore",)),
            stub.kubeconfig(folder),
            SESSION,
            HeldClock(1_795_460_400.0),  # 2026-11-23T19:00:00Z
            kinds=("PodChaos",),
            timeouts=Timeouts(connect=1.0, answer=1.0, watch=1, grace=1.0),
            sleep=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def collections(self, **watches: Reply) -> None:
        """Every followed collection lists nothing and stays quiet, but for the watches named."""
        for name, path in {
            "pods": f"{CORE}/pods",
            "events": f"{CORE}/events",
            "podchaos": PODCHAOS,
        }.items():
            self.stub.on("GET", path, QUIET)
            self.stub.on("WATCH", path, watches.get(name, OPEN), OPEN)

    async def take(self, count: int) -> list[ClusterEvent]:
        found: list[ClusterEvent] = []
        async with aclosing(self.cluster.watch()) as told:
            async for each in told:
                if isinstance(each, PodsListed):
                    continue
                found.append(each)
                if len(found) == count:
                    break
        return found


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with served() as stub:
        made = Rig(stub, tmp_path)
        yield made
        await made.cluster.close()


def chaos(
    name: str, version: int, run: str = "kill#1", session: str = SESSION, **meta: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {
            "name": name,
            "namespace": "bookstore",
            "uid": f"uid-{name}",
            "resourceVersion": str(version),
            "creationTimestamp": "2026-11-23T19:00:00Z",
            "labels": {"controlroom.dev/session": session},
            "annotations": {"controlroom.dev/run-id": run, "controlroom.dev/session-id": session},
            **meta,
        },
        "spec": {"action": "pod-kill"},
    }


def happened(name: str, at: str, version: int = 6) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "bookstore", "resourceVersion": str(version)},
        "involvedObject": {"kind": "Pod", "name": "a"},
        "reason": name,
        "message": "said",
        "lastTimestamp": at,
        "type": "Normal",
    }


def prepared() -> Prepared:
    text = """
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: kill}
spec: {action: pod-kill, mode: one, selector: {labelSelectors: {app: inventory-service}}}
"""
    return prepare("kill", text, session=SESSION, run="kill#1", duration=None, namespaces=["bookstore"])


async def test_what_there_is_comes_first_and_the_pods_before_the_faults(rig: Rig) -> None:
    async def late(request: web.Request) -> web.StreamResponse:
        for _ in range(100):
            await asyncio.sleep(0)
        assert not rig.stub.queries(PODCHAOS)
        return await says(listed(5, item("a", 1), item("b", 2)))(request)

    rig.stub.on("GET", f"{CORE}/pods", late)
    rig.stub.on("GET", PODCHAOS, says(listed(5, chaos("x", 3))))
    rig.collections()
    found = await rig.take(3)
    assert [type(each) for each in found] == [PodSeen, PodSeen, ObjectSeen]
    seen = found[2]
    assert isinstance(seen, ObjectSeen)
    assert (seen.run, str(seen.object), seen.object.uid) == ("kill#1", "PodChaos/bookstore/x", "uid-x")
    assert json.loads(seen.raw)["spec"] == {"action": "pod-kill"}
    asked = rig.stub.queries(PODCHAOS)
    assert {query["labelSelector"] for query in asked} == {"controlroom.dev/session=day-1"}
    assert "labelSelector" not in rig.stub.queries(f"{CORE}/pods")[0]


async def test_a_pod_is_told_only_where_something_that_is_looked_at_changed(rig: Rig) -> None:
    same = item("a", 7, annotations={"noise": "1"})
    rig.collections(
        pods=streams(
            event("ADDED", item("a", 6)),
            event("MODIFIED", same),
            event("MODIFIED", item("a", 8, ready=False)),
            event("DELETED", item("a", 9, ready=False)),
            then="hang",
        )
    )
    found = await rig.take(3)
    assert [(own.pod.ready, own.pod.gone) for own in found if isinstance(own, PodSeen)] == [
        (True, False),
        (False, False),
        (False, True),
    ]


async def test_events_from_before_the_session_are_history(rig: Rig) -> None:
    old, new = happened("Old", "2026-11-23T18:59:00Z"), happened("New", "2026-11-23T18:59:58Z")
    rig.stub.on("GET", f"{CORE}/events", says(listed(5, old, new)))
    rig.collections(events=streams(event("ADDED", happened("Newer", "2026-11-23T19:00:07Z")), then="hang"))
    found = await rig.take(2)
    assert [each.reason for each in found if isinstance(each, KubeEvent)] == ["New", "Newer"]


async def test_an_outage_is_raised_and_the_next_watch_tells_what_went_meanwhile(rig: Rig) -> None:
    rig.stub.on("GET", PODCHAOS, says(listed(5, chaos("x", 3))), says(listed(50)))
    rig.stub.on("WATCH", PODCHAOS, streams(then="cut"), streams(TOO_OLD), OPEN)
    rig.collections()
    with pytest.raises(SourceError, match="connection broke"):
        await rig.take(2)
    (seen,) = await rig.take(1)
    assert isinstance(seen, ObjectSeen)
    assert (seen.gone, seen.raw, seen.run, str(seen.object)) == (True, b"", "kill#1", "PodChaos/bookstore/x")


async def test_what_was_read_beside_an_outage_is_not_lost(rig: Rig) -> None:
    rig.collections(pods=streams(event("ADDED", item("a", 6)), then="hang"), podchaos=streams(then="cut"))
    told: list[str] = []
    while not told:
        try:
            told += [each.pod.name for each in await rig.take(1) if isinstance(each, PodSeen)]
        except SourceError as error:
            assert "connection broke" in error.message
    assert told == ["a"]
    assert len([query for query in rig.stub.queries(f"{CORE}/pods") if "watch" not in query]) == 1


async def test_an_object_that_cannot_be_read_is_an_error_and_the_rest_goes_on(rig: Rig) -> None:
    odd = item("odd", 6)
    odd["status"] = "none"
    rig.collections(pods=streams(event("ADDED", odd), event("ADDED", item("b", 7)), then="hang"))
    with pytest.raises(SourceError, match="could not read bookstore/odd"):
        await rig.take(1)
    rig.stub.replies[f"WATCH {CORE}/pods"][:] = [streams(event("ADDED", item("b", 7)), then="hang")]
    (seen,) = await rig.take(1)
    assert isinstance(seen, PodSeen)
    assert seen.pod.name == "b"


async def test_create_asks_strictly_and_under_our_name(rig: Rig) -> None:
    made = prepared()
    rig.stub.on("POST", PODCHAOS, says(chaos(made.object.name, 9), status=201))
    created = await rig.cluster.create(made)
    assert (created.uid, created.already) == (f"uid-{made.object.name}", False)
    _, _, query, body, _ = rig.stub.asked[-1]
    assert query == {"fieldValidation": "Strict", "fieldManager": "controlroom"}
    assert json.loads(body) == json.loads(made.body)


async def test_dry_run_stores_nothing(rig: Rig) -> None:
    rig.stub.on("POST", PODCHAOS, says(chaos("x", 9), status=201))
    await rig.cluster.dry_run(prepared())
    assert rig.stub.asked[-1][2]["dryRun"] == "All"


async def test_an_unanswered_create_is_unsure_and_not_sent_twice(rig: Rig) -> None:
    rig.stub.on("POST", PODCHAOS, hang)
    with pytest.raises(SourceError) as caught:
        await rig.cluster.create(prepared())
    assert caught.value.unsure
    assert "by its own name" in caught.value.hint
    assert len(rig.stub.asked) == 1


@pytest.mark.parametrize(
    ("stored", "already"),
    [
        (chaos("x", 3), True),
        (chaos("x", 3, session="another"), False),
        (chaos("x", 3, deletionTimestamp="2026-11-23T19:00:05Z"), False),
    ],
)
async def test_a_conflict_is_done_only_where_the_object_is_ours(
    rig: Rig, stored: dict[str, Any], already: bool
) -> None:
    made = prepared()
    conflict = json.loads((RECORDINGS / "kubernetes/chaos/create-already-exists-409.json").read_text())
    rig.stub.on("POST", PODCHAOS, says(conflict["response"]["body"], status=409))
    rig.stub.on("GET", f"{PODCHAOS}/{made.object.name}", says(stored))
    if already:
        assert (await rig.cluster.create(made)).already
        return
    with pytest.raises(SourceError, match="exists already"):
        await rig.cluster.create(made)


async def test_delete_means_that_very_object_in_the_background(rig: Rig) -> None:
    target = ObjectRef(
        api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="x", uid="u"
    )
    rig.stub.on("DELETE", f"{PODCHAOS}/x", says(chaos("x", 3)), says({"kind": "Status"}, status=404))
    assert await rig.cluster.delete(target)
    assert json.loads(rig.stub.asked[-1][3]) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": "u"},
    }
    assert not await rig.cluster.delete(target)


@pytest.mark.parametrize("said", ["uid", "changed"])
async def test_only_the_conflict_about_its_uid_means_that_it_is_gone(rig: Rig, said: str) -> None:
    """Any other conflict is no news of it: taken for gone, an acting fault would be shown as recovered."""
    target = ObjectRef(
        api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="x", uid="u"
    )
    texts = {
        "uid": 'Operation cannot be fulfilled on PodChaos.chaos-mesh.org "x": the UID in the precondition (u) does '
        "not match the UID in record (v). The object might have been deleted and then recreated",
        "changed": 'Operation cannot be fulfilled on podchaos.chaos-mesh.org "x": the object has been modified',
    }
    status = {"kind": "Status", "reason": "Conflict", "code": 409, "message": texts[said]}
    rig.stub.on("DELETE", f"{PODCHAOS}/x", says(status, status=409))
    if said == "uid":
        assert not await rig.cluster.delete(target)
        return
    with pytest.raises(SourceError, match="changed by somebody else"):
        await rig.cluster.delete(target)


async def test_rights_are_asked_for_each_verb(rig: Rig) -> None:
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    denied = json.loads((RECORDINGS / "kubernetes/auth/ssar-viewer-create-podchaos-denied.json").read_text())
    rig.stub.on("POST", reviews, says(denied["response"]["body"], status=201))
    rights = await rig.cluster.permissions(prepared())
    assert {right.verb for right in rights} >= {"create", "delete", "patch", "list"}
    assert not any(right.allowed for right in rights)
    attributes = json.loads(rig.stub.asked[0][3])["spec"]["resourceAttributes"]
    assert attributes["group"] == "chaos-mesh.org"
    assert attributes["resource"] == "podchaos"
    assert attributes["namespace"] == "bookstore"


def kinds(*names: str) -> dict[str, Any]:
    found = [{"name": name.lower(), "kind": name, "namespaced": True} for name in names]
    return {"kind": "APIResourceList", "resources": [*found, {"name": "podchaos/status", "kind": "PodChaos"}]}


FORBIDDEN = says({"kind": "Status", "reason": "Forbidden", "code": 403, "message": "no"}, status=403)


async def test_foreign_chaos_is_others_and_still_acting(rig: Rig) -> None:
    over = chaos("over", 1, session="b") | {
        "status": {"experiment": {"desiredPhase": "Stop", "containerRecords": [{"id": "a/b"}]}}
    }
    bare = chaos("bare", 1)
    del bare["metadata"]["labels"]
    rig.stub.on("GET", CHAOS, says(kinds("PodChaos", "PodNetworkChaos", "AWSChaos")))
    rig.stub.on(
        "GET", PODCHAOS, says(listed(5, chaos("own", 1), chaos("theirs", 1, session="b"), over, bare))
    )
    rig.stub.on("GET", f"{CHAOS}/namespaces/bookstore/awschaos", FORBIDDEN)
    assert await rig.cluster.foreign_chaos(SESSION) == [
        "PodChaos/bookstore/bare",
        "PodChaos/bookstore/theirs (of session b: `controlroom sweep`)",
    ]
    assert not rig.stub.queries(f"{CHAOS}/namespaces/bookstore/podnetworkchaos")


async def test_what_may_not_be_listed_of_the_kinds_in_use_is_not_taken_for_nothing(rig: Rig) -> None:
    rig.stub.on("GET", CHAOS, says(kinds("PodChaos")))
    rig.stub.on("GET", PODCHAOS, FORBIDDEN)
    with pytest.raises(SourceError):
        await rig.cluster.labelled(SESSION)


async def test_without_chaos_mesh_it_is_said_what_to_install(rig: Rig) -> None:
    with pytest.raises(SourceError, match="does not know this kind of Chaos Mesh") as caught:
        await rig.cluster.foreign_chaos(SESSION)
    assert "install Chaos Mesh" in caught.value.hint


async def test_a_kind_created_in_mid_watch_is_followed_from_then_on(rig: Rig) -> None:
    rig.collections(pods=streams(event("ADDED", item("a", 6)), then="hang"))
    stress = f"{CHAOS}/namespaces/bookstore/stresschaos"
    made = prepare(
        "mem",
        "{apiVersion: chaos-mesh.org/v1alpha1, kind: StressChaos, metadata: {name: x}, spec: {mode: one}}",
        session=SESSION,
        run="mem#1",
        duration=60,
        namespaces=["bookstore"],
    )
    answer = chaos(made.object.name, 9, run="mem#1") | {"kind": "StressChaos"}
    rig.stub.on("POST", stress, says(answer, status=201))
    rig.stub.on("GET", stress, says(listed(9, answer)))
    rig.stub.on("WATCH", stress, OPEN)
    async with aclosing(rig.cluster.watch()) as told:
        assert isinstance(await anext(told), PodsListed)
        assert isinstance(await anext(told), PodSeen)
        await rig.cluster.create(made)
        seen = await anext(told)
        assert isinstance(seen, ObjectSeen)
        assert (seen.run, seen.object.kind) == ("mem#1", "StressChaos")


async def test_pods_named_in_a_selector_are_looked_up_one_by_one(rig: Rig) -> None:
    text = """
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: kill}
spec: {action: pod-kill, mode: all, selector: {pods: {bookstore: [a, gone]}, labelSelectors: {app: other}}}
"""
    made = prepare("kill", text, session=SESSION, run="kill#1", duration=None, namespaces=["bookstore"])
    rig.stub.on("GET", f"{CORE}/pods/a", says(item("a", 1)))
    preview = await rig.cluster.preview(made)
    assert (preview.candidates, preview.mode) == (("bookstore/a",), "all 1")


async def test_a_server_without_a_date_does_not_tell_its_time(rig: Rig) -> None:
    rig.stub.on("GET", "/version", says({}, headers={"Date": ""}))
    with pytest.raises(SourceError, match="no Date"):
        await rig.cluster.clock()


async def test_the_servers_time_is_compared_with_the_sessions(rig: Rig) -> None:
    rig.stub.on("GET", "/version", says({}, headers={"Date": "Mon, 23 Nov 2026 19:00:40 GMT"}))
    reading = await rig.cluster.clock()
    assert (reading.offset, reading.uncertainty) == (40.5, 0.5)


async def test_bookmarks_and_odd_lines_keep_the_place_of_a_watch_that_is_read_in_one_go(rig: Rig) -> None:
    bookmark = event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "90"}})
    rig.collections(
        pods=streams(
            event("ADDED", item("a", 6)),
            event("PATCHED", item("a", 7)),
            bookmark,
            event("ADDED", item("b", 91)),
        )
    )
    found = await rig.take(2)
    assert [each.pod.name for each in found if isinstance(each, PodSeen)] == ["a", "b"]
    rig.stub.replies[f"WATCH {CORE}/pods"][:] = [streams(event("DELETED", item("b", 92)), then="hang")]
    (seen,) = await rig.take(1)
    assert isinstance(seen, PodSeen)
    assert (seen.pod.name, seen.pod.gone) == ("b", True)
    places = [query["resourceVersion"] for query in rig.stub.queries(f"{CORE}/pods") if "watch" in query]
    assert (places[0], places[-1]) == ("5", "91")
