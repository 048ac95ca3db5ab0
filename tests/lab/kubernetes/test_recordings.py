"""The lab against every recorded exchange that can be asked again: same status, same shape, same words."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from controlroom.lab.kubernetes import Cluster, Refusal, Trouble
from controlroom.lab.kubernetes.resources import NAMESPACES
from tests.lab.kubernetes.conftest import Client

RECORDINGS = Path(__file__).parents[2] / "recordings" / "kubernetes"
CHAOS = "/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore"

LEFT_OUT = {
    "chaos/create-webhook-timeout-500": "names the recording's own webhook; see test_trouble",
    "chaos/create-webhook-unreachable-500": "names the recording's own webhook; see test_trouble",
    "chaos/create-webhook-warning": "Chaos Mesh's webhooks send no warnings",
    "chaos/create-wrong-version-400": "the stray Warning header of that answer has no cause of its own",
    "apply/apply-conflict-forced-200": "the recording's fake controller allowed what Chaos Mesh refuses",
    "errors/eviction-429": "there are no disruption budgets in the lab",
    "errors/annotations-too-large-422": "its body is shortened in the recording",
    "errors/too-large-413": "its body is shortened in the recording",
    "delete/no-finalizer": "there are no PhysicalMachines in the lab",
    "pods/list-continue-garbage": "Go's words for broken base64 are not imitated",
    "pods/list-table-restarts": "needs a pod that has restarted; see test_tables",
    "patch/spec-change-unchecked-200": "the recording's fake controller allowed what Chaos Mesh refuses",
    "events/list-events-k8s-io": "the group events.k8s.io is not served",
    "discovery/openapi-v3-chaos-mesh-podchaos-paths": "cut to some paths",
}
FOLDERS_LEFT_OUT = ("pod-states", "delete-hanging")

SELECTOR = {"namespaces": ["bookstore"], "labelSelectors": {"app": "nobody"}}
SPECS: dict[str, dict[str, Any]] = {
    "podchaos": {"mode": "one", "selector": SELECTOR, "action": "pod-failure", "duration": "10m"},
    "networkchaos": {
        "mode": "one",
        "selector": SELECTOR,
        "action": "delay",
        "delay": {"latency": "10ms"},
        "direction": "to",
    },
}
KINDS = {"podchaos": "PodChaos", "networkchaos": "NetworkChaos"}


def names() -> list[str]:
    found = []
    for path in sorted(RECORDINGS.rglob("*.json")):
        name = str(path.relative_to(RECORDINGS).with_suffix(""))
        recording = json.loads(path.read_text())
        response = recording.get("response")
        asked = response is not None and "stream" not in response
        if asked and name not in LEFT_OUT and not name.startswith(FOLDERS_LEFT_OUT):
            found.append(name)
    return found


class Stage:
    """Sets up what a recorded request needs, in the recording's own names."""

    def __init__(self, cluster: Cluster, recording: dict[str, Any], name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.request = recording["request"]
        self.response = recording["response"]
        self.swaps: dict[str, str] = {}

    def prepare(self) -> None:
        self._swap_pods()
        special: dict[str, Callable[[], None]] = {
            "errors/namespace-delete": self._namespace,
            "errors/namespace-terminating-403": self._terminating,
            "delete/configmap": self._config_map,
            "events/list-limit": self._events,
            "events/list-table": lambda: self._chaos("podchaos", "nobody"),
        }
        if self.name in special:
            special[self.name]()
        elif "flow-control" in self.name:
            self.cluster.trouble = Trouble(refusals=(Refusal(429),))
        match = re.match(rf"{CHAOS}/(podchaos|networkchaos)(?:/([^/?]+))?", self.request["path"])
        if match is None:
            return
        created = self.response["status"] in (201, 404) or self.name == "apply/apply-without-manager-422"
        if match[2] and not created:
            self._chaos(match[1], match[2])
        elif self.name in ("chaos/create-already-exists-409", "chaos/list", "chaos/list-table"):
            self._chaos(match[1], "kill-one-inventory")
        elif self.name == "delete/delete-collection":
            self._chaos(match[1], "collected")

    def _swap_pods(self) -> None:
        for app in ("inventory-service", "order-service"):
            found = re.search(rf"{app}-[0-9a-z]+-[0-9a-z]{{5}}", self.request["path"])
            if found and self.response["status"] != 404:
                self.swaps[found[0]] = self.cluster.pods("bookstore", app)[0].name

    def _chaos(self, plural: str, name: str) -> None:
        body = self.response.get("body")
        spec = dict(SPECS[plural])
        labels: dict[str, str] = {}
        if self.name == "chaos/get" and isinstance(body, dict):
            spec = body["spec"]
            spec["selector"] = {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
        if self.name.startswith("apply/"):
            spec["duration"] = "25s"
        meta: dict[str, Any] = {"name": name, "namespace": "bookstore", "labels": labels}
        if "resume" in self.name:
            meta["annotations"] = {"experiment.chaos-mesh.org/pause": "true"}
        if not labels:
            del meta["labels"]
        made = {
            "apiVersion": "chaos-mesh.org/v1alpha1",
            "kind": KINDS[plural],
            "metadata": meta,
            "spec": spec,
        }
        self.cluster.create(made)
        self.cluster.step(self.cluster.now + 2)

    def _namespace(self) -> None:
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rec-gone"}})

    def _terminating(self) -> None:
        self._namespace()
        held = self.cluster.store.get(NAMESPACES, "", "rec-gone")
        assert held is not None
        self.cluster.store.begin_deletion(NAMESPACES, held, self.cluster.now, None)

    def _events(self) -> None:
        for reason in ("One", "Two", "Three", "Four", "Five"):
            self.cluster.record_event("bookstore", "order-service", "on-call", reason, "said so")

    def _config_map(self) -> None:
        meta = {"name": "watch-label", "namespace": "bookstore"}
        self.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})

    def swapped(self, text: str) -> str:
        for recorded, here in self.swaps.items():
            text = text.replace(recorded, here)
        return text


def body_of(stage: Stage) -> bytes | None:
    body = stage.request.get("body")
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode()
    if stage.name == "delete/background":
        del body["preconditions"]
    if stage.name.startswith("patch/put-"):
        # The recorded object is another one: only its resourceVersion, or that it has none, is the point.
        meta = {"name": "fail-inventory", "namespace": "bookstore"}
        if "stale" in stage.name:
            meta["resourceVersion"] = "1"
        body = {**body, "metadata": meta, "spec": SPECS["podchaos"]}
        body.pop("status", None)
    return json.dumps(body).encode()


BEARERS = {"viewer": "viewer", "expired": "expired", "unknown-credential": "nobody", "anonymous": "anonymous"}


@pytest.mark.parametrize("name", names())
async def test_the_lab_answers_as_recorded(name: str, cluster: Cluster, client: Client) -> None:
    recording = json.loads((RECORDINGS / f"{name}.json").read_text())
    stage = Stage(cluster, recording, name)
    stage.prepare()
    if name.startswith("apply/") and stage.response["status"] != 201 and "without-manager" not in name:
        await own_by_apply(client)
    headers = dict(stage.request.get("headers", {}))
    if recording.get("as") in BEARERS:
        headers["Authorization"] = f"Bearer {BEARERS[recording['as']]}"
    path = stage.swapped(stage.request["path"])
    if name.startswith("pods/list-limit-page-") and "continue" in path:
        path = await page_path(client, 5 if name.endswith("3") else 2)
    if name == "watch/list-continue-expired-410":
        path = await page_path(client, 2)
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}})
        cluster.store.forget()
    answer = await client.request(
        stage.request["method"], URL(path, encoded=True), headers=headers, data=body_of(stage)
    )
    text = await answer.text()
    assert answer.status == stage.response["status"], text[:400]
    assert_headers(stage, answer.headers)
    assert_body(stage, text)


async def own_by_apply(client: Client) -> None:
    """Lets the manager controlroom own what the recording's first apply owned."""
    body = json.loads((RECORDINGS / "apply/apply-update-200.json").read_text())["request"]["body"]
    answer = await client.patch(
        f"{CHAOS}/podchaos/fail-inventory?fieldManager=controlroom&force=true",
        data=body,
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert answer.status in (200, 201), await answer.text()


async def page_path(client: Client, page: int) -> str:
    """The path of a further page of two pods."""
    path = "/api/v1/namespaces/bookstore/pods?limit=2"
    for _ in range(page - 1):
        answer = await client.get(path)
        meta = (await answer.json())["metadata"]
        path = f"/api/v1/namespaces/bookstore/pods?limit=2&continue={meta['continue']}"
    return path


def assert_headers(stage: Stage, headers: Any) -> None:
    recorded = stage.response["headers"]
    for name in ("content-type", "retry-after", "cache-control", "warning", "vary"):
        if name in recorded and not (name == "cache-control" and "openapi" in stage.name):
            assert headers.get(name, "").replace("; charset=utf-8", "") == recorded[name].replace(
                "; charset=utf-8", ""
            ), name


def assert_body(stage: Stage, text: str) -> None:
    recorded = stage.response.get("body")
    if not isinstance(recorded, dict):
        if isinstance(recorded, str) and stage.response["status"] >= 400:
            assert text == recorded
        return
    body = json.loads(text)
    if body.get("kind") == "Status":
        assert plain_status(body, stage) == plain_status(recorded, stage)
    elif "rows" in recorded:
        assert table_shape(body) == table_shape(recorded)
    elif stage.name.startswith("discovery/"):
        assert_discovery(stage, body, recorded)
    elif stage.name.startswith("auth/"):
        assert_review(body, recorded)
    else:
        assert_object(stage, body, recorded)


VARYING = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"record \(\d+\)", "record (RV)"),
    (r"current: \d+", "current: RV"),
)


def plain_status(body: dict[str, Any], stage: Stage) -> dict[str, Any]:
    """A Status without what differs by its nature: uids, revisions, the order of causes and of messages."""
    text = stage.swapped(json.dumps(body))
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    made = json.loads(text)
    causes = made.get("details", {}).get("causes")
    if causes and len(causes) > 1:
        made["details"]["causes"] = sorted(causes, key=json.dumps)
        made["message"] = sorted(re.split(r"(?:, (?=spec\.)|[\[\]])", made["message"]))
    if made.get("metadata", {}).get("continue"):
        made["metadata"]["continue"] = "C"
    return made


def table_shape(table: dict[str, Any]) -> tuple[object, ...]:
    columns = [
        (each["name"], each["type"], each["format"], each["priority"]) for each in table["columnDefinitions"]
    ]
    rows = [
        ([type(cell).__name__ for cell in row["cells"]], (row["object"] or {}).get("kind"))
        for row in table["rows"]
    ]
    return table["kind"], table["apiVersion"], columns, rows[:1]


def assert_discovery(stage: Stage, body: dict[str, Any], recorded: dict[str, Any]) -> None:
    """The lab has fewer groups; what it has is described as recorded."""
    assert body.keys() == recorded.keys()
    if stage.name == "discovery/version":
        assert body == recorded
    for key, name in (("resources", "name"), ("groups", "name")):
        known = {each[name]: each for each in recorded.get(key, ())}
        for each in body.get(key, ()):
            if each[name] in known:
                expected = known[each[name]]
                expected.pop("storageVersionHash", None)
                assert {k: v for k, v in each.items() if k in expected} == expected
    for group in body.get("items", ()):
        known = {each["metadata"].get("name"): each for each in recorded["items"]}
        if group["metadata"].get("name") not in known:
            continue
        there = {
            each["resource"]: each
            for each in known[group["metadata"].get("name")]["versions"][0]["resources"]
        }
        for each in group["versions"][0]["resources"]:
            if each["resource"] in there:
                expected = there[each["resource"]]
                assert each["responseKind"] == expected["responseKind"]
                assert each["scope"] == expected["scope"]
                assert each["verbs"] == expected["verbs"]


def assert_review(body: dict[str, Any], recorded: dict[str, Any]) -> None:
    assert body.keys() == recorded.keys()
    if body["kind"] == "SelfSubjectAccessReview":
        recorded["metadata"].pop("managedFields", None)
        assert body == recorded
    elif "items" not in body:
        assert body["status"].keys() == recorded["status"].keys()


#: Fields of the recording that the lab does not keep.
UNKEPT = {"managedFields", "annotations", "labels", "generateName"}


def assert_object(stage: Stage, body: dict[str, Any], recorded: dict[str, Any]) -> None:
    """The same keys at the top and in the metadata, the same spec for chaos objects."""
    assert body.keys() == recorded.keys()
    assert (body.get("kind"), body.get("apiVersion")) == (recorded.get("kind"), recorded.get("apiVersion"))
    assert body["metadata"].keys() - UNKEPT == recorded["metadata"].keys() - UNKEPT
    if "items" in recorded:
        assert body["metadata"].keys() == recorded["metadata"].keys()
        if recorded["items"] and body["items"]:
            assert ("kind" in body["items"][0]) is ("kind" in recorded["items"][0])
        return
    if recorded["kind"].endswith("Chaos"):
        assert body["metadata"].get("finalizers") == recorded["metadata"].get("finalizers")
        assert body["metadata"].get("annotations") == recorded["metadata"].get("annotations")
        if stage.request["method"] in ("POST", "PATCH") and stage.name.startswith(("apply", "chaos")):
            assert body["spec"] == recorded["spec"]
        if stage.name.startswith("apply"):
            assert owners(body) == owners(recorded)


def owners(document: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Who owns what; the controller's own entries are not kept in the lab."""
    return [
        (each["manager"], each["operation"], each["fieldsV1"])
        for each in document["metadata"].get("managedFields", ())
        if each["manager"] != "python-requests"
    ]


@pytest.mark.parametrize(("bearer", "allowed"), [("admin", True), ("viewer", False)])
async def test_the_access_review_that_kubectl_sends_as_protobuf(
    client: Client, bearer: str, allowed: bool
) -> None:
    recording = json.loads((RECORDINGS.parent / "kubectl" / "auth-can-i.json").read_text())
    exchange = recording["exchanges"][-1]
    headers = {"Content-Type": "application/vnd.kubernetes.protobuf", "Authorization": f"Bearer {bearer}"}
    body = base64.b64decode(exchange["body"]["protobuf_base64"])
    answer = await client.post(exchange["path"], data=body, headers=headers)
    review = await answer.json()
    assert (answer.status, review["status"]["allowed"]) == (201, allowed)
    assert review["spec"]["resourceAttributes"] == {
        "namespace": "bookstore",
        "verb": "create",
        "group": "chaos-mesh.org",
        "resource": "podchaos",
    }


async def test_half_a_protobuf_message_is_a_bad_request(client: Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    headers = {"Content-Type": "application/vnd.kubernetes.protobuf"}
    answer = await client.post(path, data=b"k8s\x00\x12\x7f", headers=headers)
    assert (answer.status, (await answer.json())["reason"]) == (400, "BadRequest")


async def test_discovery_refuses_v2beta1(client: Client) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    answer = await client.get("/apis", headers={"Accept": accept})
    assert (answer.status, (await answer.json())["reason"]) == (406, "NotAcceptable")


async def test_aggregated_discovery_is_not_sent_twice(client: Client) -> None:
    headers = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
    first = await client.get("/apis", headers=headers)
    again = await client.get("/apis", headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status) == (200, 304)
