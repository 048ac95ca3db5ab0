"""A fault in each of two clusters: each object goes to its own, and one that is away takes nothing from the other."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from controlroom.clock import HeldClock
from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.resuming import Resuming
from controlroom.conductor.watching import Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, ObjectRef, PodObserved, SessionOpened
from controlroom.core.intents import Accepted
from controlroom.core.plan import Cluster
from controlroom.core.values import changed
from controlroom.sources.clusters import Clusters, Partly, there
from controlroom.sources.ports import PodSeen, SourceError
from tests.conductor.fakes import Bench, FakeCluster

ME = Actor(role="facilitator")
AWAY = SourceError("kubernetes", "the API server cannot be reached", hint="it is tried again")
EAST = Cluster(context="east-staging", namespaces=("bookstore",))
STRANGER = ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="b", name="left")


class EastCluster(FakeCluster):
    def __init__(self, clock: HeldClock) -> None:
        super().__init__(clock)
        self.asked = asyncio.Event()
        """A deletion came."""

    async def delete(self, target: ObjectRef) -> bool:
        self.asked.set()
        return await super().delete(target)

    async def context(self, cluster: str = "") -> str:
        return "east-staging"


class Two(Bench):
    """The seed's day with a second cluster, where its latency acts."""

    def __init__(self) -> None:
        super().__init__()
        self.east = EastCluster(self.clock)
        self.clusters = Clusters(self.cluster, {"east": self.east})
        opened = self.recorder.events[0].body
        assert isinstance(opened, SessionOpened)
        experiments = tuple(
            changed(own, cluster="east" if own.id == "network-latency" else "")
            for own in self.plan.experiments
        )
        bindings = changed(opened.bindings, clusters={"east": EAST})
        self.recorder.record(
            changed(opened, plan=changed(opened.plan, experiments=experiments), bindings=bindings, lab=False)
        )
        self.gate = Gate(self.clusters)
        previewer = Previewer(self.recorder, self.clusters)
        self.faults = Faults(self.recorder, self.clusters, self.gate, previewer)
        self.halting = Halting(self.recorder, self.clusters, self.gate, self.faults)

    async def started(self, experiment: str) -> str:
        typed = {word: word for word in ("everything", "out of phase", "unbounded", "alerts firing")}
        answer = await self.faults.start(i.Start(experiment=experiment, typed=typed, reason="a test"), ME)
        assert isinstance(answer, Accepted), answer
        return f"{experiment}#1"


def answers(two: Two, source: str) -> bool | None:
    return two.state.sources[source].ok


@pytest.fixture
async def two() -> Two:
    return Two()


async def test_each_experiment_goes_to_its_own_cluster_and_is_guarded_by_it(two: Two) -> None:
    await two.started("pod-kill")
    name = await two.started("network-latency")
    run = two.state.runs[name]
    assert [one.experiment for one in two.cluster.created] == ["pod-kill"]
    assert [one.experiment for one in two.east.created] == ["network-latency"]
    assert run.object is not None and run.object.cluster == "east"
    assert str(run.object).startswith("east:NetworkChaos/")
    await two.faults.preview(i.Preview(experiment="network-latency"), ME)
    guards = {one.guard: one for one in two.state.checks["network-latency"].guards}
    assert guards["context"].outcome == "ok" and "east-staging" in guards["context"].message
    assert two.state.checks["network-latency"].targets[0].startswith("east:bookstore/")


async def test_a_halt_ends_both(two: Two) -> None:
    await two.started("pod-kill")
    await two.started("network-latency")
    two.cluster.there = two.east.there = False
    await two.halting.halt(i.HaltAll(), ME)
    async with asyncio.timeout(10.0):
        await two.halting.settled()
    assert [one.cluster for one in two.cluster.deleted + two.east.deleted] == ["", "east"]
    assert not two.state.running


async def test_a_halt_ends_the_one_while_the_other_is_away(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    await two.started("pod-kill")
    late = await two.started("network-latency")
    two.cluster.there = False
    two.cluster.strangers = (STRANGER,)
    two.east.delete_errors = [AWAY] * 1000

    async def away(session: str) -> tuple[ObjectRef, ...]:
        raise AWAY

    monkeypatch.setattr(two.east, "labelled", away)
    await two.halting.halt(i.HaltAll(), ME)
    async with asyncio.timeout(10.0):
        while [run.id for run in two.state.running] != [late] or STRANGER not in two.cluster.deleted:
            await two.recorder.changed()
    failed = two.last(e.StopFailed).body
    assert isinstance(failed, e.StopFailed) and failed.error.startswith("east: ")
    assert answers(two, "kubernetes (east)") is False
    assert "kubernetes" not in two.state.sources
    await two.halting.close()
    await two.faults.close()


async def test_each_is_followed_by_itself(two: Two) -> None:
    watching = Watching(
        two.recorder, two.clusters, Watchman(two.recorder), two.faults.saw, two.faults.saw_pod
    )
    task = asyncio.create_task(watching.run())
    pod = PodObserved(namespace="bookstore", name="inventory-1", uid="u1", app="inventory")
    seen = PodSeen(pod=pod, labels={"app": "inventory-service"})
    two.east.events.put_nowait(AWAY)
    two.cluster.events.put_nowait(seen)
    async with asyncio.timeout(5.0):
        while "bookstore/inventory-1" not in two.state.pods or "kubernetes (east)" not in two.state.sources:
            await two.recorder.changed()
    assert answers(two, "kubernetes (east)") is False
    assert answers(two, "kubernetes") is True
    two.east.events.put_nowait(changed(seen, pod=changed(pod, uid="u2")))
    async with asyncio.timeout(5.0):
        while "east:bookstore/inventory-1" not in two.state.pods:
            await two.recorder.changed()
    uids = {name: known.uid for name, known in two.state.pods.items()}
    assert uids == {"bookstore/inventory-1": "u1", "east:bookstore/inventory-1": "u2"}
    assert answers(two, "kubernetes (east)") is True
    task.cancel()


async def test_what_one_has_is_told_though_the_other_is_away(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.east.strangers = (STRANGER,)
    assert [one.cluster for one in await two.clusters.labelled("s")] == ["east"]

    async def away(session: str) -> tuple[ObjectRef, ...]:
        raise SourceError("kubernetes", "away")

    monkeypatch.setattr(two.cluster, "labelled", away)
    with pytest.raises(Partly) as caught:
        await two.clusters.labelled("s")
    assert [str(one) for one in caught.value.found] == ["east:PodChaos/b/left"]
    found, why = await there(two.clusters, "s")
    assert len(found) == 1 and why is not None and why.source == "kubernetes"


async def test_a_cluster_that_nobody_bound_is_an_error_with_its_name(two: Two) -> None:
    with pytest.raises(SourceError, match="no cluster is called west"):
        await two.clusters.delete(changed(STRANGER, cluster="west"))


async def test_strays_of_one_are_removed_on_resuming_though_the_other_is_away(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.started("pod-kill")
    await two.started("network-latency")
    two.east.strangers = (STRANGER,)
    two.east.found = b"{}"
    calls = 0

    async def away(target: ObjectRef) -> bytes | None:
        nonlocal calls
        calls += 1
        raise AWAY

    monkeypatch.setattr(two.cluster, "read", away)
    resuming = Resuming(two.recorder, two.clusters, two.gate, two.faults, two.halting, Watchman(two.recorder))
    task = asyncio.create_task(resuming._settle())
    async with asyncio.timeout(5.0):
        await two.east.asked.wait()
        two.east.found = None
        with pytest.raises(SourceError, match="cannot be reached"):
            await task
    assert [one.name for one in two.east.deleted] == ["left"]
    await two.faults.close()


def test_records_of_one_cluster_are_as_they_were() -> None:
    """A name of a further cluster is nowhere unless there is one."""
    assert b"cluster" not in msgspec.json.encode(STRANGER)
