"""Experiments: written down first, then done; unsure counts as running; halt is never too late."""

import asyncio

import pytest

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.halting import Halting
from controlroom.conductor.previewing import Previewer
from controlroom.core import intents as i
from controlroom.core.events import (
    Actor,
    FaultRequested,
    HaltFinished,
    HaltRequested,
    ObjectRef,
    PhaseStarted,
    StopRequested,
    Unlocked,
)
from controlroom.core.intents import Accepted, Refused
from controlroom.sources.ports import ObjectSeen, SourceError
from tests.conductor.fakes import Bench, chaos_object

ME = Actor(role="facilitator")
LATENCY = "network-latency"


class Rig:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.recorder.record(PhaseStarted(phase=bench.plan.phases[1].id))
        self.gate = Gate(bench.cluster)
        self.faults = Faults(
            bench.recorder, bench.cluster, self.gate, Previewer(bench.recorder, bench.cluster)
        )
        self.halting = Halting(bench.recorder, bench.cluster, self.gate, self.faults)
        self.experiment = next(own.id for own in bench.plan.experiments if "latency" in own.id)

    async def start(self, experiment: str = "") -> Accepted | Refused:
        return await self.faults.start(i.Start(experiment=experiment or self.experiment), ME)

    @property
    def run(self):
        return self.bench.state.latest_run(self.experiment)

    def inject(self) -> None:
        """The cluster says: one target, injected."""
        prepared = self.bench.cluster.created[-1]
        status = (
            '{"conditions":[{"type":"Selected","status":"True"},{"type":"AllInjected","status":"True"}],'
            '"experiment":{"desiredPhase":"Run","containerRecords":[{"id":"bookstore/inventory-1",'
            '"selectorKey":".","phase":"Injected","injectedCount":1,"recoveredCount":0,"events":['
            '{"operation":"Apply","type":"Succeeded","timestamp":"2023-11-14T22:13:25Z"}]}]}}'
        )
        raw = chaos_object(prepared, self.run.created_at, status)
        self.faults.saw(self.seen(raw, gone=False))

    def seen(self, raw: bytes, *, gone: bool) -> ObjectSeen:
        prepared = self.bench.cluster.created[-1]
        return ObjectSeen(
            object=prepared.object, run=prepared.run, raw=raw, gone=gone, at=self.run.created_at
        )

    def vanish(self) -> None:
        self.faults.saw(self.seen(b"", gone=True))

    async def turns(self) -> None:
        for _ in range(40):
            await asyncio.sleep(0)


@pytest.fixture
async def rig(bench: Bench) -> Rig:
    return Rig(bench)


async def test_a_start_is_on_disk_before_it_is_on_the_wire(bench: Bench, rig: Rig) -> None:
    seen_when_sent: list[str] = []

    async def look() -> None:
        seen_when_sent.extend(bench.kinds())

    bench.cluster.before_answer = look
    assert isinstance(await rig.start(), Accepted)
    assert seen_when_sent[-1] == "fault.requested"
    assert bench.kinds()[-2:] == ["fault.requested", "fault.accepted"] or "fault.accepted" in bench.kinds()
    sent = bench.cluster.created[0]
    assert sent.duration is not None
    assert sent.object.name in sent.manifest


async def test_nothing_starts_while_the_record_cannot_be_kept(bench: Bench, rig: Rig) -> None:
    bench.writer.refusing = True
    answer = await rig.start()
    assert isinstance(answer, Refused)
    assert "not on disk" in answer.reason
    assert bench.cluster.created == []
    assert not rig.run.running


async def test_a_refusing_server_is_not_a_running_fault(bench: Bench, rig: Rig) -> None:
    bench.cluster.create_error = SourceError(
        "kubernetes", "forbidden: create podchaos", hint="ask for the role", status=403
    )
    answer = await rig.start()
    assert answer == Refused(reason="forbidden: create podchaos", hint="ask for the role")
    assert rig.run.state == "refused"
    assert bench.state.all_clear


async def test_no_answer_counts_as_running_and_is_stopped_like_one(bench: Bench, rig: Rig) -> None:
    bench.cluster.create_error = SourceError("kubernetes", "no answer in 10 s", unsure=True)
    answer = await rig.start()
    assert isinstance(answer, Accepted)
    assert rig.run.state == "unsure"
    assert not bench.state.all_clear
    bench.cluster.there = False
    await rig.faults.stop(i.Stop(run=rig.run.id), ME)
    await rig.turns()
    assert bench.cluster.deleted == [rig.run.object]
    assert bench.state.all_clear
    await rig.faults.close()


async def test_the_same_experiment_does_not_run_twice_at_once(bench: Bench, rig: Rig) -> None:
    await rig.start()
    rig.inject()
    answer = await rig.start()
    assert isinstance(answer, Refused)
    assert len(bench.cluster.created) == 1


async def test_a_second_run_is_a_second_injection_with_a_fresh_name(bench: Bench, rig: Rig) -> None:
    await rig.start()
    rig.inject()
    rig.vanish()
    await rig.start()
    names = [prepared.object.name for prepared in bench.cluster.created]
    assert len(set(names)) == 2
    assert rig.run.id == f"{rig.experiment}#2"


async def test_targets_that_moved_on_after_the_preview_are_refused(bench: Bench, rig: Rig) -> None:
    await rig.faults.preview(i.Preview(experiment=rig.experiment), ME)
    checked = bench.state.checks[rig.experiment].seq
    bench.cluster.targets = ("bookstore/inventory-3",)
    answer = await rig.faults.start(i.Start(experiment=rig.experiment, checked=checked), ME)
    assert isinstance(answer, Refused)
    assert "changed" in answer.reason
    assert bench.cluster.created == []


async def test_a_stop_is_tried_until_the_cluster_takes_it(
    bench: Bench, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlroom.conductor.faults.AGAIN", (0.0,))
    await rig.start()
    rig.inject()
    bench.cluster.delete_errors = [SourceError("kubernetes", "500", status=500) for _ in range(3)]
    await rig.faults.stop(i.Stop(run=rig.run.id), ME)
    await rig.turns()
    assert len(bench.cluster.deleted) == 4
    assert bench.kinds().count("fault.stop-failed") == 3
    rig.vanish()
    assert rig.run.state == "ended"


async def test_halt_deletes_everything_locks_and_proves(bench: Bench, rig: Rig) -> None:
    await rig.start()
    rig.inject()
    stranger = ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="b", name="left")
    bench.cluster.strangers = (stranger,)
    answer = await rig.halting.halt(i.HaltAll(), ME)
    assert isinstance(answer, Accepted)
    again = await rig.halting.halt(i.HaltAll(), ME)
    assert again.note == "halting already"
    await rig.turns()
    assert set(map(str, bench.cluster.deleted)) == {str(rig.run.object), str(stranger)}
    assert bench.kinds().count("halt.requested") == 1
    assert isinstance(await rig.halting.unlock(i.Unlock(word="unlock"), ME), Refused)
    rig.vanish()
    await rig.halting.settled()
    finished = bench.last(HaltFinished).body
    assert [(proof.target, proof.outcome) for proof in finished.proofs] == [
        ("bookstore/inventory-1", "recovered" if rig.run.targets[0].state == "recovered" else "gone")
    ]
    assert bench.state.locked
    refused = await rig.start()
    assert isinstance(refused, Refused)
    assert "lock" in refused.reason
    assert isinstance(await rig.halting.unlock(i.Unlock(word="please"), ME), Refused)
    assert isinstance(await rig.halting.unlock(i.Unlock(word="unlock"), ME), Accepted)
    assert isinstance(bench.recorder.events[-1].body, Unlocked)


async def test_a_halt_does_not_wait_for_a_stop_that_pauses(
    bench: Bench, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlroom.conductor.faults.AGAIN", (3600.0,))
    await rig.start()
    rig.inject()
    bench.cluster.delete_errors = [SourceError("kubernetes", "429", status=429, retry_after=3600.0)]
    await rig.faults.stop(i.Stop(run=rig.run.id), ME)
    await rig.turns()
    assert rig.run.not_stopped
    await rig.halting.halt(i.HaltAll(), ME)
    await rig.turns()
    assert len(bench.cluster.deleted) == 2
    rig.vanish()
    await rig.halting.settled()
    assert bench.last(HaltFinished).body.proofs
    await rig.faults.close()


async def test_halt_during_a_start_in_flight_takes_back_what_comes_into_being(bench: Bench, rig: Rig) -> None:
    async def halt_meanwhile() -> None:
        await rig.halting.halt(i.HaltAll(), ME)
        await rig.turns()

    bench.cluster.before_answer = halt_meanwhile
    await rig.start()
    await rig.turns()
    assert rig.run.object is not None
    assert (
        bench.cluster.deleted.count(bench.cluster.created[0].object)
        + bench.cluster.deleted.count(rig.run.object)
        >= 2
    )
    await rig.halting.close()
    await rig.faults.close()


async def test_halt_goes_out_while_the_disk_hangs(bench: Bench, rig: Rig) -> None:
    await rig.start()
    rig.inject()
    bench.writer.hanging = True
    async with asyncio.timeout(1.0):
        answer = await rig.halting.halt(i.HaltAll(), ME)
    await rig.turns()
    assert answer.note == "not yet on disk"
    assert rig.run.object in bench.cluster.deleted
    await rig.halting.close()


async def test_the_gate_lets_nothing_through_that_is_not_on_record(bench: Bench, rig: Rig) -> None:
    await rig.start()
    prepared = bench.cluster.created[0]
    note = bench.recorder.events[0]
    requested = bench.last(FaultRequested)
    with pytest.raises(GateClosed, match="on record"):
        await rig.gate.create(prepared, note, True, bench.state)
    with pytest.raises(GateClosed, match="not on disk"):
        await rig.gate.create(prepared, requested, False, bench.state)
    with pytest.raises(GateClosed, match="on record"):
        await rig.gate.delete(prepared.object, note)
    bench.recorder.record(HaltRequested())
    with pytest.raises(GateClosed, match="unlock"):
        await rig.gate.create(prepared, requested, True, bench.state)
    stop = bench.recorder.record(StopRequested(run=prepared.run, why="stop"))
    assert await rig.gate.delete(prepared.object, stop)
    assert len(bench.cluster.created) == 1


def test_nobody_but_the_gate_calls_a_mutation() -> None:
    """The two mutations of the Cluster port are called in gate.py alone."""
    import ast
    from pathlib import Path

    import controlroom

    root = Path(controlroom.__file__).parent
    callers = set()
    for folder in ("conductor", "host", "room", "cli", "journal"):
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in ("create", "delete")
                    and "cluster" in ast.unparse(node.func.value).lower()
                ):
                    callers.add(path.name)
    assert callers == {"gate.py"}
