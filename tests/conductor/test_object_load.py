"""A load that is a manifest: on record before it is made, followed, deleted until gone, whatever happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.loading import Loading
from controlroom.conductor.object_load import NotWhole, ObjectLoad
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, ObjectRef
from controlroom.core.intents import Accepted, Refused
from controlroom.core.plan import Load
from controlroom.core.values import changed
from controlroom.sources.manifests import SESSION_NOTE
from controlroom.sources.ports import Created, ObjectSeen, Permission, Prepared, SourceError
from tests.conductor.fakes import Bench

ME = Actor(role="facilitator", name="Ada")
PATIENCE = 20.0
JOB = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: orders-script}
data: {orders.js: "export default () => {}"}
---
apiVersion: batch/v1
kind: Job
metadata: {name: orders, namespace: bookstore, labels: {team: shop}}
spec: {template: {spec: {containers: [{name: k6, image: grafana/k6}], restartPolicy: Never}}}
"""


class Output:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def read(self, objects: Sequence[ObjectRef]) -> int:
        return self._site.pods


class Site:
    """A cluster that keeps what is created, and a load on it."""

    def __init__(self) -> None:
        self.bench = Bench({"load.yaml": JOB})
        self.bench.cluster.read = self.read  # type: ignore[method-assign]
        self.bench.cluster.create = self.create  # type: ignore[method-assign]
        self.bench.cluster.delete = self.delete  # type: ignore[method-assign]
        self.stored: dict[str, dict[str, object]] = {}
        self.sent: list[str] = []
        self.refuse: dict[str, SourceError] = {}
        """By kind, what a creation is answered with."""
        self.lose: set[str] = set()
        """Kinds whose creation is done, and not answered."""
        self.held = False
        """What is deleted does not go."""
        self.away: SourceError | None = None
        self.pods = 0
        plan = changed(self.bench.plan, load=Load(manifest="load.yaml"))
        self.bench.recorder.record(e.PlanAmended(plan=plan, plan_text="", reason="a load of objects"))
        watchman = Watchman(self.bench.recorder)
        gate = Gate(self.bench.cluster)
        self.load = ObjectLoad(self.bench.recorder, self.bench.cluster, gate, watchman, Output(self))
        self.loading = Loading(self.bench.recorder, None, self.load)
        faults = Faults(
            self.bench.recorder, self.bench.cluster, gate, Previewer(self.bench.recorder, self.bench.cluster)
        )
        self.halting = Halting(self.bench.recorder, self.bench.cluster, gate, faults)

    # The cluster

    async def create(self, prepared: Prepared) -> Created:
        asked = self.bench.last(e.LoadRequested).body
        assert isinstance(asked, e.LoadRequested) and prepared.object in asked.objects
        self.sent.append(f"create {prepared.kind}")
        if prepared.kind in self.refuse:
            raise self.refuse[prepared.kind]
        made = json.loads(prepared.body)
        made["metadata"]["uid"] = f"uid-{prepared.kind}-{len(self.sent)}"
        self.stored[str(prepared.object)] = made
        if prepared.kind in self.lose:
            raise SourceError("kubernetes", "no answer", unsure=True)
        return Created(uid=made["metadata"]["uid"], created_at=self.bench.state.opened_at)

    async def read(self, target: ObjectRef) -> bytes | None:
        if self.away is not None:
            raise self.away
        found = self.stored.get(str(target))
        return json.dumps(found).encode() if found else None

    async def delete(self, target: ObjectRef) -> bool:
        assert "load.stop-requested" in self.bench.kinds()
        self.sent.append(f"delete {target.kind} {target.uid}")
        if not self.held:
            self.stored.pop(str(target), None)
        return True

    # What its objects say

    def say(self, kind: str, status: dict[str, object], *, gone: bool = False) -> None:
        name, raw = next((name, raw) for name, raw in self.stored.items() if name.startswith(kind))
        meta = raw["metadata"]
        assert isinstance(meta, dict)
        seen = ObjectRef(
            api_version=str(raw["apiVersion"]),
            kind=kind,
            namespace="bookstore",
            name=meta["name"],
            uid=meta["uid"],
        )
        assert str(seen) == name
        body = b"" if gone else json.dumps({**raw, "status": status}).encode()
        at = self.bench.state.opened_at
        assert at is not None
        self.load.saw(ObjectSeen(object=seen, run="load/1", raw=body, gone=gone, at=at))

    async def start(self) -> Accepted | Refused:
        return await self.loading.start(i.StartLoad(), ME)

    async def stop(self) -> Accepted | Refused:
        return await self.loading.stop(i.StopLoad(), ME)

    async def until(self, true: object) -> None:
        assert callable(true)
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.bench.recorder.changed()


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr("controlroom.conductor.object_load.AGAIN", (0.01,))
    found = Site()
    yield found
    found.held, found.away = False, None
    await found.loading.close()


async def test_it_is_on_record_before_it_is_made_and_keeps_its_names(site: Site) -> None:
    assert isinstance(await site.start(), Accepted)
    assert site.sent == ["create ConfigMap", "create Job"]
    assert site.bench.kinds()[-2:] == ["load.requested", "load.started"]
    job = site.stored["Job/bookstore/orders"]
    meta = job["metadata"]
    assert isinstance(meta, dict)
    assert meta["labels"] == {
        "team": "shop",
        "controlroom.dev/session": "test",
        "controlroom.dev/run": "load.1.2",
    }
    assert meta["annotations"][SESSION_NOTE] == "test"
    assert site.stored["ConfigMap/bookstore/orders-script"]["data"]
    state = site.bench.state
    assert state.load_running
    assert [own.uid for own in state.load_objects] == ["uid-ConfigMap-1", "uid-Job-2"]


async def test_nothing_is_made_while_the_disk_refuses(site: Site) -> None:
    site.bench.writer.refusing = True
    answer = await site.start()
    assert isinstance(answer, Refused) and "not on disk" in answer.reason
    assert site.sent == [] and not site.bench.state.load_running


@pytest.mark.parametrize("guard", ["rights", "dry run", "namespace", "context", "lock"])
async def test_a_guard_stands_before_it(site: Site, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    cluster = site.bench.cluster

    async def denied(prepared: Prepared) -> Sequence[Permission]:
        return [
            Permission(verb=v, resource="jobs", namespace="bookstore", allowed=v == "create")
            for v in ("create", "delete")
        ]

    async def refused(prepared: Prepared) -> None:
        raise SourceError("kubernetes", "unknown field spec.templat", status=400)

    async def elsewhere(name: str = "") -> str:
        return "production"

    if guard == "rights":
        monkeypatch.setattr(cluster, "permissions", denied)
    elif guard == "dry run":
        monkeypatch.setattr(cluster, "dry_run", refused)
    elif guard == "context":
        monkeypatch.setattr(cluster, "context", elsewhere)
    elif guard == "lock":
        site.bench.recorder.record(e.HaltRequested())
    else:
        opened = site.bench.state.opened
        assert opened is not None
        opened.files["load.yaml"] = JOB.replace("namespace: bookstore", "namespace: payments")
    answer = await site.start()
    words = {
        "rights": "may not delete jobs",
        "dry run": "spec.templat",
        "namespace": "payments is not one of the plan's",
        "context": "the context is production",
        "lock": "unlock",
    }
    assert isinstance(answer, Refused) and words[guard] in answer.reason
    assert site.sent == [] and "load.requested" not in site.bench.kinds()
    assert site.bench.state.load_error == answer.reason


async def test_a_half_that_was_refused_takes_the_other_with_it(site: Site) -> None:
    site.refuse["Job"] = SourceError("kubernetes", "the quota is used up", status=403)
    answer = await site.start()
    assert isinstance(answer, Refused) and answer.reason == "the quota is used up"
    await site.until(lambda: not site.bench.state.load_objects)
    assert site.stored == {}
    assert not site.bench.state.load_running and site.bench.state.load_error == "the quota is used up"


async def test_no_answer_counts_as_running_and_is_asked_for_by_name(site: Site) -> None:
    site.lose.add("Job")
    assert isinstance(await site.start(), Accepted)
    assert site.bench.state.load_running
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*site.load._asking)
    assert site.bench.state.load_running
    await site.stop()
    await site.load.gone()
    assert site.stored == {} and not site.bench.state.load_running


async def test_a_request_that_never_arrived_is_taken_back(site: Site) -> None:
    site.refuse["Job"] = SourceError("kubernetes", "no answer", unsure=True)
    await site.start()
    await site.until(lambda: not site.bench.state.load_objects)
    assert site.stored == {}
    assert site.bench.state.load_error == "the request never arrived whole: start it again"


async def test_somebody_elses_object_of_that_name_is_left_alone(site: Site) -> None:
    site.lose.add("Job")
    await site.start()
    meta = site.stored["Job/bookstore/orders"]["metadata"]
    assert isinstance(meta, dict)
    meta["annotations"] = {SESSION_NOTE: "another day"}
    await site.loading.close()
    assert list(site.stored) == ["Job/bookstore/orders"]


async def test_it_is_followed_and_its_end_is_seen(site: Site) -> None:
    await site.start()
    site.say("Job", {"active": 2})
    assert site.bench.state.load_says == "Job 2 active, 0 succeeded, 0 failed"
    ended = [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]
    site.say("Job", {"failed": 1, "conditions": ended})
    state = site.bench.state
    assert not state.load_running
    assert state.load_error == "the load failed: BackoffLimitExceeded: too often"
    assert len(state.load_objects) == 2, "what has ended is still there, for whoever looks into it"
    await site.start()
    assert site.bench.state.load_running and site.sent.count("create Job") == 2
    assert [one.split()[0] for one in site.sent] == ["create"] * 2 + ["delete"] * 2 + ["create"] * 2


async def test_an_object_that_others_deleted_is_said(site: Site) -> None:
    await site.start()
    site.say("Job", {}, gone=True)
    assert site.bench.state.load_error == "Job/bookstore/orders is gone: it was deleted by somebody else"


async def test_it_is_stopped_only_when_its_pods_are_gone(site: Site) -> None:
    await site.start()
    site.pods = 2
    answer = await site.stop()
    assert isinstance(answer, Accepted) and "pods are gone" in answer.note
    await site.until(lambda: site.bench.state.load_says.endswith("2 pods running"))
    assert site.bench.state.load_running and site.bench.state.load_stop is not None
    assert isinstance(await site.stop(), Refused)
    site.pods = 0
    await site.load.gone()
    assert not site.bench.state.load_running and site.bench.state.load_objects == ()
    assert {"delete ConfigMap uid-ConfigMap-1", "delete Job uid-Job-2"} <= set(site.sent)


async def test_a_halt_leaves_it(site: Site) -> None:
    await site.start()
    site.bench.cluster.strangers = tuple(site.bench.state.load_objects)
    await site.halting.halt(i.HaltAll(), ME)
    await site.halting.settled()
    assert site.bench.state.load_running and len(site.stored) == 2


async def test_the_way_out_stops_it_and_names_what_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlroom.conductor.object_load.CLOSE", 0.2)
    await site.start()
    site.held = True
    await site.loading.close()
    state = site.bench.state
    assert [str(own) for own in state.load_objects] == [
        "ConfigMap/bookstore/orders-script",
        "Job/bookstore/orders",
    ]
    assert "is not gone" in state.sources["load"].error
    assert "sweep" in state.sources["load"].hint


async def test_a_cluster_that_is_away_is_asked_until_it_is_back(site: Site) -> None:
    await site.start()
    site.away = SourceError("kubernetes", "the cluster does not answer", hint="it is asked again")
    await site.stop()
    await site.until(lambda: "load" in site.bench.state.sources)
    assert site.bench.state.load_running
    site.away = None
    await site.load.gone()
    assert not site.bench.state.load_running and site.bench.state.sources["load"].ok


@pytest.mark.parametrize("there", [True, False])
async def test_a_host_that_comes_after_follows_it_on_or_says_that_it_went(site: Site, there: bool) -> None:
    await site.start()
    if not there:
        site.stored.pop("Job/bookstore/orders")
    await site.load.take_up()
    assert site.bench.state.load_running == there
    if not there:
        assert "Job/bookstore/orders went before" in site.bench.state.load_error


async def test_a_start_that_its_host_did_not_live_to_tell_is_taken_back(site: Site) -> None:
    await site.load.start(ME)
    assert not site.bench.state.load_running and site.bench.state.load_objects
    await site.load.take_up()
    await site.load.gone()
    assert site.stored == {} and site.bench.state.load_objects == ()


def test_what_was_made_goes_with_the_error() -> None:
    left = ObjectRef(api_version="v1", kind="ConfigMap", namespace="n", name="x")
    assert NotWhole("no", "", [left]).left == (left,)
