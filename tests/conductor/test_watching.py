"""What of the pods is recorded one by one, and what as counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from controlroom.conductor.recorder import Recorder
from controlroom.conductor.watching import Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core.events import ObjectRef, PodCount, PodObserved, PodsCounted
from controlroom.core.values import changed
from controlroom.sources.ports import ClusterEvent, ObjectSeen, PodSeen, PodsListed, SourceError
from tests.conductor.fakes import Bench, MemoryWriter

CHAOS = ObjectRef(
    api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="x", uid="u"
)


def pod(
    name: str, app: str = "mail", *, ready: bool = True, restarts: int = 0, phase: str = "Running"
) -> PodSeen:
    seen = PodObserved(
        namespace="bookstore",
        name=name,
        uid=f"uid-{name}",
        app=app,
        phase=phase,
        ready=ready,
        restarts=restarts,
    )
    return PodSeen(pod=seen, labels={"app": app}, kind="ReplicaSet", workload=app)


def gone(seen: PodSeen) -> PodSeen:
    return changed(seen, pod=changed(seen.pod, gone=True, ready=False))


def hitting(*pods: str) -> ObjectSeen:
    records = ",".join(
        f'{{"id":"bookstore/{name}","selectorKey":".","phase":"Injected","injectedCount":1}}' for name in pods
    )
    status = f'{{"experiment":{{"desiredPhase":"Run","containerRecords":[{records}]}}}}'
    raw = f'{{"apiVersion":"{CHAOS.api_version}","kind":"PodChaos","metadata":{{"name":"x","namespace":"bookstore"}},"spec":{{}},"status":{status}}}'  # noqa: E501
    return ObjectSeen(
        object=CHAOS, run="kill#1", raw=raw.encode(), gone=False, at=Bench().recorder.events[0].at
    )


class Desk:
    """The watching of a session on the seed's plan, and what it told of pods."""

    def __init__(self, bench: Bench | None = None, recorder: Recorder | None = None) -> None:
        self.bench = bench or Bench()
        self.recorder = recorder or self.bench.recorder
        self.told: list[str] = []
        self.saw: list[ClusterEvent] = []
        self.watching = Watching(
            self.recorder,
            self.bench.cluster,
            Watchman(self.recorder),
            self.saw.append,
            lambda seen: self.told.append(seen.name),
        )
        self._seen = len(self.recorder.events)

    def say(self, *events: ClusterEvent) -> list[PodCount]:
        """The cluster tells this in one go; the counts that follow."""
        for event in events:
            self.watching._take(event)
        self.watching.count()
        return [count for body in self.bodies(PodsCounted) for count in body.counts]

    def bodies(self, kind: type) -> Iterator:
        """What was recorded of that kind since it was asked last."""
        new = self.recorder.events[self._seen :]
        self._seen = len(self.recorder.events) if kind is PodsCounted else self._seen
        return iter([event.body for event in new if isinstance(event.body, kind)])

    @property
    def state(self):
        return self.recorder.state

    @property
    def lines(self) -> list[str]:
        return [line.text for line in self.state.feed if line.kind == "pod"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def counts(pods: int, ready: int, restarts: int = 0, *, singly: bool = False) -> PodCount:
    return PodCount(
        namespace="bookstore",
        workload="mail",
        kind="ReplicaSet",
        pods=pods,
        ready=ready,
        restarts=restarts,
        singly=singly,
    )


async def test_targets_are_recorded_one_by_one_and_all_others_as_counts(desk: Desk) -> None:
    found = desk.say(
        pod("inv-1", "inventory-service"), pod("mail-1"), pod("mail-2", ready=False, restarts=3), PodsListed()
    )
    assert found == [counts(2, 1, 3)]
    assert list(desk.state.pods) == ["bookstore/inv-1"]
    assert desk.told == ["inv-1"]
    assert desk.state.workloads == {"bookstore/ReplicaSet/mail": counts(2, 1, 3)}


async def test_what_makes_a_targets_pod_is_what_counts_whatever_a_label_says(desk: Desk) -> None:
    odd = changed(pod("inv-2", "inventory-service"), labels={})
    desk.say(odd, pod("inv-1", "inventory-service"), PodsListed())
    assert set(desk.state.pods) == {"bookstore/inv-1", "bookstore/inv-2"}
    assert desk.state.workloads == {}


async def test_nothing_is_counted_before_all_have_been_seen(desk: Desk) -> None:
    assert desk.say(pod("mail-1")) == []
    assert desk.say(pod("mail-2"), PodsListed()) == [counts(2, 2)]


async def test_a_count_is_told_only_where_it_changed(desk: Desk) -> None:
    desk.say(pod("mail-1"), pod("mail-2"), pod("shop-1", "shop"), PodsListed())
    assert desk.say(changed(pod("mail-1"), labels={"app": "mail", "track": "canary"})) == []
    assert desk.say(pod("mail-1", ready=False), pod("mail-1")) == []
    assert desk.say(pod("mail-1", ready=False)) == [counts(2, 1)]
    assert desk.say(gone(pod("mail-1"))) == [counts(1, 1)]
    assert desk.say(gone(pod("mail-2"))) == [counts(0, 0)]
    assert list(desk.state.workloads) == ["bookstore/ReplicaSet/shop"]
    assert desk.say(PodsListed()) == []


async def test_a_pod_that_has_done_its_work_is_not_counted_as_not_ready(desk: Desk) -> None:
    assert desk.say(pod("mail-1"), pod("mail-2", ready=False, phase="Succeeded"), PodsListed()) == [
        counts(1, 1)
    ]


async def test_the_feed_tells_lost_readiness_and_its_return_alone(desk: Desk) -> None:
    desk.recorder.record(e.PhaseStarted(phase=desk.bench.plan.phases[1].id))
    desk.say(pod("mail-1"), pod("mail-2"), pod("mail-3", restarts=1), PodsListed())
    for seen in (
        pod("mail-1", ready=False),
        pod("mail-1", ready=False, restarts=1),
        pod("mail-2", ready=False),
        pod("mail-3", ready=False),
        pod("mail-3"),
        pod("mail-2"),
        pod("mail-1"),
        pod("mail-1", restarts=2),
    ):
        desk.say(seen)
    assert desk.lines == [
        "mail 2 of 3 ready",
        "mail 0 of 3 ready",
        "mail 1 of 3 ready",
        "mail all 3 ready",
    ]


async def test_what_a_fault_really_hit_is_told_one_by_one_before_the_fault_is_read(desk: Desk) -> None:
    desk.recorder.record(e.PhaseStarted(phase=desk.bench.plan.phases[1].id))
    at = desk.recorder.events[-1].at
    old = [changed(pod(f"mail-{n}"), pod=changed(pod(f"mail-{n}").pod, created_at=at - timedelta(hours=1))) for n in (1, 2)]  # fmt: skip  # noqa: E501
    desk.say(*old, PodsListed())
    found = desk.say(hitting("mail-1"))
    assert found == [counts(0, 0, singly=True)]
    assert set(desk.state.pods) == {"bookstore/mail-1", "bookstore/mail-2"}
    assert sorted(desk.told) == ["mail-1", "mail-2"]
    assert len(desk.saw) == 1
    assert desk.state.workloads == {}
    assert desk.lines == [], "they were there all the time"
    desk.say(gone(old[0]), pod("mail-3"))
    assert set(desk.state.pods) == {"bookstore/mail-2", "bookstore/mail-3"}


async def test_an_amended_plan_reaches_further() -> None:
    text = "{apiVersion: chaos-mesh.org/v1alpha1, kind: PodChaos, metadata: {name: x}, spec: {selector: {labelSelectors: {app: mail}}}}"  # noqa: E501
    desk = Desk(Bench({"mail.yaml": text}))
    desk.say(pod("mail-1"), pod("shop-1", "shop"), PodsListed())
    assert desk.state.pods == {}
    plan = desk.bench.plan
    late = changed(plan.experiments[0], id="mail", manifest="mail.yaml")
    amended = changed(plan, experiments=(*plan.experiments, late))
    desk.recorder.record(e.PlanAmended(plan=amended, plan_text="", reason="one more"))
    assert desk.say() == [counts(0, 0, singly=True)]
    assert list(desk.state.pods) == ["bookstore/mail-1"]
    assert list(desk.state.workloads) == ["bookstore/ReplicaSet/shop"]


async def test_the_next_host_counts_anew_and_keeps_what_was_told_one_by_one(desk: Desk) -> None:
    desk.say(pod("mail-1"), pod("shop-1", "shop"), pod("late-1", "late"), PodsListed())
    desk.say(hitting("late-1"))
    old = desk.recorder
    recorder = Recorder(desk.bench.clock, MemoryWriter())
    found = recorder.take_up(old.events, old.lines)
    await recorder.resumed(e.SessionResumed(gap=found.seconds))
    following = Desk(desk.bench, recorder)
    assert following.say(pod("late-1", "late"), pod("late-2", "late"), pod("mail-1")) == []
    (shop,) = following.say(PodsListed())
    assert (shop.workload, shop.pods) == ("shop", 0)
    assert set(following.state.pods) == {"bookstore/late-1", "bookstore/late-2"}
    assert list(following.state.workloads) == ["bookstore/ReplicaSet/mail"]


async def test_that_all_is_known_is_no_answer_of_a_cluster_that_is_away(desk: Desk) -> None:
    running = asyncio.create_task(desk.watching.run())
    away = SourceError("kubernetes", "away")
    for event in (away, PodsListed(), away, pod("mail-1")):
        desk.bench.cluster.events.put_nowait(event)
    async with asyncio.timeout(5.0):
        while "kubernetes" not in desk.state.sources or not desk.state.sources["kubernetes"].ok:
            await desk.recorder.changed()
    assert len(desk.state.outages) == 1
    running.cancel()


async def test_a_thousand_changes_make_one_event_a_second(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    woken = asyncio.Event()

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        woken.clear()
        await woken.wait()

    monkeypatch.setattr("controlroom.conductor.watching.asyncio.sleep", wait)
    running = asyncio.create_task(desk.watching.run())
    queue = desk.bench.cluster.events
    for seen in (pod(f"mail-{number}") for number in range(100)):
        queue.put_nowait(seen)
    queue.put_nowait(PodsListed())
    async with asyncio.timeout(5.0):
        while not waits:
            await desk.recorder.changed()
        for number in range(1000):
            queue.put_nowait(pod(f"mail-{number % 100}", ready=number % 3 > 0))
        while queue.qsize():
            await asyncio.gather(asyncio.wait({running}, timeout=0.0))
        assert len(list(desk.bodies(PodsCounted))) == 1
        woken.set()
        while len(waits) < 2:
            await desk.recorder.changed()
    assert waits == [1.0, 1.0]
    assert len(list(desk.bodies(PodsCounted))) == 1
    running.cancel()
