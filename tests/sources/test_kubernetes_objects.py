"""Pods and Events as recorded, read into what a facilitator looks at; and the clock of the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.core.values import changed
from controlroom.sources.kubernetes_clock import ServerClock
from controlroom.sources.kubernetes_objects import event_of, seen_of, whole

RECORDINGS = Path(__file__).parents[1] / "recordings" / "kubernetes"


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_listed_pod() -> None:
    pod = seen_of(raw(recorded("pods/list")["response"]["body"]["items"][0])).pod
    assert (pod.namespace, pod.app, pod.node) == ("bookstore", "inventory-service", "staging-node-1")
    assert (pod.phase, pod.ready, pod.reason, pod.restarts) == ("Running", True, "", 0)
    assert pod.created_at == datetime(2026, 11, 23, 18, 37, 7, tzinfo=UTC)
    assert pod.ready_at == datetime(2026, 11, 23, 18, 37, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "phase", "reason"),
    [
        ("pod-states/crash-loop-pod", "Running", "CrashLoopBackOff"),
        ("pod-states/image-pull-pod", "Pending", "ImagePullBackOff"),
        ("pod-states/unschedulable-pod", "Pending", ""),
    ],
)
def test_pods_in_trouble(name: str, phase: str, reason: str) -> None:
    pod = seen_of(raw(recorded(name)["response"]["body"])).pod
    assert (pod.phase, pod.ready, pod.ready_at) == (phase, False, None)
    assert pod.reason == reason


def test_a_pod_that_is_deleted_is_not_ready_from_the_first_moment_on() -> None:
    lines = [line for _, line in recorded("watch/pods-delete-and-replace")["response"]["stream"]]
    going = [line["object"] for line in lines if line["object"]["metadata"].get("deletionTimestamp")]
    first = seen_of(raw(going[0])).pod
    assert {one["type"]: one["status"] for one in going[0]["status"]["conditions"]}["Ready"] == "True"
    assert (first.ready, first.ready_at, first.reason) == (False, None, "Terminating")
    assert seen_of(raw(going[-1]), gone=True).pod.gone


@pytest.mark.parametrize(
    "name", ["events/list-of-a-podchaos", "events/list-scheduled", "events/list-replicaset"]
)
def test_recorded_events(name: str) -> None:
    items = recorded(name)["response"]["body"]["items"]
    assert items
    for item in items:
        event = event_of(raw(item))
        assert event.reason == item["reason"]
        assert event.about == f"{item['involvedObject']['kind']}/{item['involvedObject']['name']}"
        assert event.component
        assert event.last_at is not None


def test_what_comes_from_the_cluster_is_harmless() -> None:
    event = event_of(
        raw({"metadata": {"name": "x"}, "message": "\x1b[2Jgone\nquiet", "reason": "A\u202eB", "type": None})
    )
    assert (event.message, event.reason, event.type) == ("gone quiet", "AB", "Normal")


def test_a_pod_without_an_app_label_is_called_by_what_made_it() -> None:
    meta = {
        "name": "web-5b-x",
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5b", "controller": True}],
    }
    assert seen_of(raw({"metadata": meta})).pod.app == "web"
    meta["ownerReferences"] = [{"kind": "StatefulSet", "name": "db-main", "controller": True}]
    assert seen_of(raw({"metadata": meta})).pod.app == "db-main"
    assert seen_of(raw({"metadata": {"name": "bare"}})).pod.app == ""


def test_items_of_a_built_in_list_get_their_type_back() -> None:
    item = recorded("deployments/list")["response"]["body"]["items"][0]
    assert "kind" not in item
    made = json.loads(whole(raw(item), "apps/v1", "Deployment"))
    assert made == {"apiVersion": "apps/v1", "kind": "Deployment", **item}
    assert whole(raw(made), "other/v1", "Other") == raw(made)


class TestServerClock:
    """The offset is narrowed by each answer, and forgotten where clocks jump."""

    def clock(self, start: float) -> tuple[HeldClock, ServerClock]:
        session = HeldClock(start)
        return session, ServerClock(session)

    def date(self, seconds: float) -> str:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")

    async def test_answers_narrow_it(self) -> None:
        session, server = self.clock(1_700_000_000.2)
        true = 10.37
        for _ in range(40):
            sent = session.time()
            await session.advance(0.02)
            server.note(self.date(session.time() - 0.01 + true), sent)
            await session.advance(0.713)
        reading = server.reading()
        assert abs(reading.offset - true) <= reading.uncertainty <= 0.1

    def test_one_answer_is_uncertain_by_half_a_second(self) -> None:
        session, server = self.clock(1_700_000_000.0)
        server.note(self.date(session.time() + 100), session.time())
        assert server.reading().offset == pytest.approx(100.5)
        assert server.reading().uncertainty == pytest.approx(0.5)

    def test_clocks_that_cannot_be_told_apart_have_no_offset(self) -> None:
        session, server = self.clock(1_700_000_000.4)
        server.note(self.date(session.time()), session.time())
        assert server.reading().offset == 0.0
        assert server.server_now().timestamp() == session.time()

    def test_a_jump_begins_anew(self) -> None:
        session, server = self.clock(1_700_000_000.0)
        server.note(self.date(session.time() + 100), session.time())
        server.note(self.date(session.time() + 500), session.time())
        assert server.reading().offset == pytest.approx(500.5)

    @pytest.mark.parametrize("header", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
    def test_what_is_no_date_tells_nothing(self, header: str) -> None:
        session, server = self.clock(1_700_000_000.0)
        server.note(header, session.time())
        assert not server.known


def test_who_a_pod_is_stays_while_its_uid_and_labels_do() -> None:
    owner = {"kind": "ReplicaSet", "name": "web-5b", "controller": True}
    labels = {"app": "shop", "pod-template-hash": "5b"}
    meta = {"name": "web-5b-x", "namespace": "n", "uid": "u", "labels": labels, "ownerReferences": [owner]}
    first = seen_of(raw({"metadata": meta}))
    assert (first.kind, first.workload, first.pod.app) == ("ReplicaSet", "web", "shop")
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert seen_of(raw({"metadata": meta, "status": status}), before=first) == changed(
        first, pod=changed(first.pod, ready=True)
    )
    moved = seen_of(
        raw({"metadata": meta | {"labels": {"app": "mail"}, "ownerReferences": []}}), before=first
    )
    assert (moved.kind, moved.workload, moved.pod.app) == ("", "mail", "mail")
    other = seen_of(raw({"metadata": meta | {"uid": "v", "ownerReferences": []}}), before=first)
    assert (other.kind, other.workload) == ("", "shop")


def test_a_cron_jobs_pods_are_one_workload() -> None:
    owner = {"kind": "Job", "name": "backup-28471620", "controller": True}
    seen = seen_of(raw({"metadata": {"name": "backup-28471620-x", "ownerReferences": [owner]}}))
    assert (seen.kind, seen.workload) == ("Job", "backup")
