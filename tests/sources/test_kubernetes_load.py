"""What the pods of a load say, against a stub of the API: found by who made them, read once, kept bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.core.events import ObjectRef
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.kubernetes_load import MOST_BYTES, PodLogs
from controlroom.sources.load_log import LoadLog
from controlroom.sources.ports import SourceError
from tests.sources.kube_stub import CONTEXT, Reply, Stub, listed, says, served

CORE = "/api/v1/namespaces/bookstore"
JOB = ObjectRef(
    api_version="batch/v1", kind="Job", namespace="bookstore", name="orders", uid="uid-of-the-job"
)


def pod(name: str, owner: str, phase: str = "Running", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": labels,
            "ownerReferences": [{"uid": owner, "kind": "Job", "name": "x"}],
        },
        "spec": {"containers": [{"name": "k6"}, {"name": "sidecar"}]},
        "status": {"phase": phase},
    }


def pods(*found: dict[str, Any]) -> Reply:
    return says({**listed(5), "items": list(found)})


class Rig:
    def __init__(self, stub: Stub, folder: Path) -> None:
        self.stub = stub
        self.path = folder / "load.log"
        clock = HeldClock(1_795_460_400.0)
        self.api = Api(stub.kubeconfig(folder), CONTEXT, clock, Timeouts(connect=1.0, answer=2.0))
        self.logs = PodLogs({"": self.api}, LoadLog(self.path))

    def says(self, name: str, *texts: str) -> None:
        self.stub.on("GET", f"{CORE}/pods/{name}/log", *(says(text) for text in texts))

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
async def rig(tmp_path: Path):
    async with served() as stub:
        found = Rig(stub, tmp_path)
        yield found
        await found.api.close()


FIRST = "2026-11-23T19:00:01.100000000Z one\n2026-11-23T19:00:01.5Z two\n"
SECOND = "2026-11-23T19:00:01.100000000Z one\n2026-11-23T19:00:01.5Z two\n2026-11-23T19:00:02Z three\n"


async def test_each_line_is_kept_once(rig: Rig) -> None:
    rig.stub.on(
        "GET", f"{CORE}/pods", pods(pod("orders-a", JOB.uid), pod("another", "uid-of-another-job", "Running"))
    )
    rig.says("orders-a", FIRST, SECOND)
    assert [await rig.logs.read([JOB]), await rig.logs.read([JOB])] == [1, 1]
    assert rig.lines() == ["one", "two", "three"]
    first, second = rig.stub.queries(f"{CORE}/pods/orders-a/log")
    assert first["container"] == "k6" and "sinceTime" not in first and first["limitBytes"] == str(MOST_BYTES)
    assert second["sinceTime"] == "2026-11-23T19:00:01Z"
    assert rig.stub.queries(f"{CORE}/pods")[0] == {"labelSelector": "job-name=orders"}
    assert rig.path.stat().st_mode & 0o777 == 0o600


async def test_several_pods_are_told_apart_and_those_that_ended_do_not_run(rig: Rig) -> None:
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("a", JOB.uid), pod("b", JOB.uid, "Succeeded")))
    rig.says("a", "2026-11-23T19:00:01Z \x1b[31mhello\n")
    rig.says("b", "2026-11-23T19:00:02Z done\n")
    assert await rig.logs.read([JOB]) == 1
    assert await rig.logs.read([JOB]) == 1
    assert rig.lines() == ["a: hello", "b: done"] or rig.lines()[1] == "b: done"
    assert "\x1b" not in rig.path.read_text()
    assert len(rig.stub.queries(f"{CORE}/pods/b/log")) == 1, "what has ended says nothing more"


async def test_a_line_that_the_limit_cut_off_comes_whole_later(rig: Rig) -> None:
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("a", JOB.uid)))
    long = "2026-11-23T19:00:01Z first\n"
    cut = long + "2026-11-23T19:00:02Z " + "x" * (MOST_BYTES - len(long) - 21)
    rig.says("a", cut, "2026-11-23T19:00:02Z second\n")
    await rig.logs.read([JOB])
    await rig.logs.read([JOB])
    assert rig.lines() == ["first", "second"]


async def test_a_test_run_is_found_by_its_operators_label(rig: Rig) -> None:
    run = ObjectRef(api_version="k6.io/v1alpha1", kind="TestRun", namespace="bookstore", name="o", uid="u")
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("o-1-x", "uid-of-a-job"), pod("o-2-x", "uid-of-a-job")))
    rig.says("o-1-x", "")
    rig.says("o-2-x", "")
    assert await rig.logs.read([run]) == 2
    assert rig.stub.queries(f"{CORE}/pods")[0] == {"labelSelector": "k6_cr=o"}


async def test_any_other_kind_by_who_made_whom(rig: Rig) -> None:
    own = ObjectRef(api_version="apps/v1", kind="Deployment", namespace="bookstore", name="d", uid="ud")
    sets = {"items": [{"metadata": {"name": "d-1", "uid": "us", "ownerReferences": [{"uid": "ud"}]}}]}
    rig.stub.on("GET", "/apis/apps/v1/namespaces/bookstore/replicasets", says(sets))
    rig.stub.on("GET", "/apis/batch/v1/namespaces/bookstore/jobs", says({"items": []}))
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("d-1-x", "us"), pod("y", "other")))
    rig.says("d-1-x", "")
    assert await rig.logs.read([own]) == 1


async def test_a_log_that_may_not_be_read_is_said(rig: Rig) -> None:
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("a", JOB.uid)))
    said = {"kind": "Status", "message": 'pods "a" is forbidden', "reason": "Forbidden", "code": 403}
    rig.stub.on("GET", f"{CORE}/pods/a/log", says(said, 403))
    with pytest.raises(SourceError) as told:
        await rig.logs.read([JOB])
    assert told.value.status == 403 and told.value.hint


async def test_a_pod_that_is_not_ready_to_speak_is_no_trouble(rig: Rig) -> None:
    rig.stub.on("GET", f"{CORE}/pods", pods(pod("a", JOB.uid, "Pending")))

    async def creating(_: web.Request) -> web.StreamResponse:
        said = {"kind": "Status", "message": "container is waiting to start", "code": 400}
        return web.json_response(said, status=400)

    rig.stub.on("GET", f"{CORE}/pods/a/log", creating)
    assert await rig.logs.read([JOB]) == 1
    assert rig.lines() == []
