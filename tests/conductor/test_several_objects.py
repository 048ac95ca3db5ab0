"""A manifest of several documents is one run: started, followed and ended together."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.previewing import Previewer
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted, Refused
from controlroom.sources.ports import ObjectSeen, SourceError
from tests.conductor.fakes import SEED, Bench, chaos_object

ME = Actor(role="facilitator")
FILE = "network-latency-inventory.yaml"
TWO = "\n---\n".join([(SEED.parent / FILE).read_text()] * 2)
INJECTED = (
    '{{"conditions":[{{"type":"Selected","status":"True"}}],"experiment":{{"desiredPhase":"Run","containerRecords":'
    '[{{"id":"bookstore/pod-{pod}","selectorKey":".","phase":"Injected","injectedCount":1,"recoveredCount":0,'
    '"events":[{{"operation":"Apply","type":"Succeeded","timestamp":"2023-11-14T22:13:{second}Z"}}]}}]}}}}'
)


class Rig:
    def __init__(self) -> None:
        self.bench = Bench({FILE: TWO})
        self.bench.recorder.record(e.PhaseStarted(phase=self.bench.plan.phases[1].id))
        cluster = self.bench.cluster
        self.faults = Faults(
            self.bench.recorder, cluster, Gate(cluster), Previewer(self.bench.recorder, cluster)
        )
        self.experiment = "network-latency"

    async def start(self) -> Accepted | Refused:
        return await self.faults.start(i.Start(experiment=self.experiment), ME)

    @property
    def run(self):
        return self.bench.state.latest_run(self.experiment)

    def see(self, part: int, status: str = "{}", *, gone: bool = False) -> None:
        prepared = self.bench.cluster.created[part]
        raw = b"" if gone else chaos_object(prepared, self.run.created_at, status)
        at = self.run.created_at
        self.faults.saw(ObjectSeen(object=prepared.object, run=prepared.run, raw=raw, gone=gone, at=at))

    async def turns(self) -> None:
        for _ in range(40):
            await asyncio.sleep(0)


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_all_are_on_record_before_the_first_is_sent(rig: Rig) -> None:
    assert isinstance(await rig.start(), Accepted)
    requested = rig.bench.last(e.FaultRequested).body
    assert [part.object for part in rig.bench.cluster.created] == [requested.object, *requested.others]
    assert len({target.name for target in rig.run.objects}) == 2
    assert requested.manifest.count("kind: NetworkChaos") == 2
    assert rig.bench.kinds().count("fault.requested") == 1


async def test_it_is_active_when_all_are_and_over_when_all_are(rig: Rig) -> None:
    await rig.start()
    rig.see(0, INJECTED.format(pod=1, second=25))
    assert rig.run.state == "requested", "the second has not been taken up"
    rig.see(1, INJECTED.format(pod=2, second=29))
    assert rig.run.state == "active"
    assert [target.id for target in rig.run.targets] == ["bookstore/pod-1", "bookstore/pod-2"]
    injection = rig.run.injection
    assert (injection.n, injection.last - injection.first) == (2, timedelta(seconds=4))
    rig.see(0, gone=True)
    assert rig.run.running
    assert rig.run.state == "active"
    rig.see(1, gone=True)
    assert (rig.run.state, rig.run.how) == ("ended", "recovered 1/1")
    assert rig.bench.state.all_clear


async def test_a_stop_deletes_all(rig: Rig) -> None:
    await rig.start()
    await rig.faults.stop(i.Stop(run=rig.run.id), ME)
    await rig.turns()
    assert {target.name for target in rig.bench.cluster.deleted} == {one.name for one in rig.run.objects}


async def test_half_of_it_is_no_experiment(rig: Rig) -> None:
    async def refuse_the_second() -> None:
        if len(rig.bench.cluster.created) == 2:
            rig.bench.cluster.create_error = SourceError("kubernetes", "denied", status=403)

    rig.bench.cluster.before_answer = refuse_the_second
    rig.bench.cluster.there = False
    answer = await rig.start()
    assert isinstance(answer, Refused)
    assert "denied; what was made is taken back" in answer.reason
    await rig.turns()
    assert {target.name for target in rig.bench.cluster.deleted} == {one.name for one in rig.run.objects}
    assert rig.run.state == "ended"
    assert rig.bench.state.all_clear
