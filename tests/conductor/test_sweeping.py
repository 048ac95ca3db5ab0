"""Forcing what is stuck, sweeping what was left, and saying at the start what others left: all through the gate."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from controlroom.conductor import left_behind
from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.halting import Halting
from controlroom.conductor.left_behind import LeftBehind
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.sweeping import Sweeping
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Leftover, ObjectRef, Target
from controlroom.core.intents import Accepted, Refused
from controlroom.core.values import changed
from controlroom.sources.kubernetes_leftovers import Found
from controlroom.sources.ports import ObjectSeen, SourceError
from tests.conductor.fakes import Bench

ME = Actor(role="facilitator", name="maria")
NOW = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
OWN = ObjectRef(
    api_version="chaos-mesh.org/v1alpha1", kind="NetworkChaos", namespace="bookstore", name="own", uid="u1"
)
SCHEDULE = changed(OWN, kind="Schedule", name="daily", uid="u2")
RUN = "network-latency#1"
INJECTED = Target(id="bookstore/inventory-1", state="injected", injected_at=NOW)


class Rig:
    def __init__(self) -> None:
        self.bench = Bench()
        gate = Gate(self.bench.cluster)
        recorder = self.bench.recorder
        self.faults = Faults(recorder, self.bench.cluster, gate, Previewer(recorder, self.bench.cluster))
        self.halting = Halting(recorder, self.bench.cluster, gate, self.faults)

    def stuck(self, target: ObjectRef = OWN) -> None:
        record = self.bench.recorder.record
        experiment = RUN.partition("#")[0]
        record(e.FaultRequested(experiment=experiment, run=RUN, object=target, manifest="", one_shot=False))
        held = (changed(INJECTED, state="recovering"),)
        injection = e.Injection(first=NOW, last=NOW, n=1, uncertainty=1.0)
        record(e.FaultObserved(run=RUN, state="stuck", targets=held, injection=injection, message="away"))


async def test_a_stuck_run_is_forced_by_the_word_on_disk_first_and_ends_as_not_recovered() -> None:
    rig = Rig()
    rig.stuck()
    wrong = await rig.halting.release(i.Release(run=RUN, word="yes"), ME)
    assert isinstance(wrong, Refused)
    assert "may stay in bookstore/inventory-1" in wrong.hint
    assert rig.bench.cluster.released == []
    answer = await rig.halting.release(i.Release(run=RUN, word="release"), ME)
    assert isinstance(answer, Accepted)
    await asyncio.sleep(0)
    assert rig.bench.cluster.released == [OWN]
    asked = rig.bench.last(e.ReleaseRequested)
    assert (asked.seq, asked.actor) == (answer.seq, ME)
    rig.faults.saw(ObjectSeen(object=OWN, run=RUN, raw=b"", gone=True, at=NOW))
    run = rig.bench.state.runs[RUN]
    assert (run.state, run.how) == ("ended", "recovered 0/1 · not recovered 1")


async def test_a_halt_says_of_what_was_forced_that_it_is_stuck() -> None:
    rig = Rig()
    rig.stuck()
    await rig.halting.halt(i.HaltAll(), ME)
    await rig.halting.release(i.Release(run=RUN, word="release"), ME)
    rig.faults.saw(ObjectSeen(object=OWN, run=RUN, raw=b"", gone=True, at=NOW))
    async with asyncio.timeout(10):
        await rig.halting.settled()
    (proof,) = rig.bench.state.halts[-1].proofs
    assert proof.outcome == "stuck"
    await rig.faults.close()


async def test_only_what_is_stuck_and_was_made_by_us_is_forced_and_only_on_disk() -> None:
    rig = Rig()
    rig.stuck(changed(OWN, changed=True))
    assert isinstance(await rig.halting.release(i.Release(run=RUN, word="release"), ME), Refused)
    assert isinstance(await rig.halting.release(i.Release(run="other#1", word="release"), ME), Refused)
    rig = Rig()
    rig.stuck()
    rig.bench.writer.refusing = True
    refused = await rig.halting.release(i.Release(run=RUN, word="release"), ME)
    assert isinstance(refused, Refused)
    assert "not on disk" in refused.reason
    assert rig.bench.cluster.released == []


async def test_a_refused_force_is_told_and_may_be_asked_again() -> None:
    rig = Rig()
    rig.stuck()
    rig.bench.cluster.release_errors = [
        SourceError("kubernetes", "the webhook is away", hint="bring it back")
    ]
    await rig.halting.release(i.Release(run=RUN, word="release"), ME)
    await asyncio.sleep(0)
    assert rig.bench.last(e.StopFailed).body.error == "the webhook is away. bring it back"  # type: ignore[union-attr]
    assert isinstance(await rig.halting.release(i.Release(run=RUN, word="release"), ME), Accepted)


async def test_the_gate_wants_the_very_object_on_record_and_on_disk() -> None:
    bench = Bench()
    gate = Gate(bench.cluster)
    swept = bench.recorder.record(e.SweepRequested(object=OWN, session="old"))
    forced = bench.recorder.record(e.ReleaseRequested(objects=(OWN,)))
    for attempt in (
        gate.sweep(SCHEDULE, swept, True),
        gate.sweep(OWN, forced, True),
        gate.sweep(OWN, swept, False),
        gate.release(SCHEDULE, forced, True),
        gate.release(OWN, swept, True),
        gate.release(OWN, forced, False),
        gate.delete(OWN, swept),
        gate.delete(OWN, forced),
    ):
        with pytest.raises(GateClosed):
            await attempt
    assert (bench.cluster.deleted, bench.cluster.released) == ([], [])


def left(target: ObjectRef, session: str = "old", **more: object) -> Leftover:
    return Leftover(object=target, session=session, standing="acting", **more)  # type: ignore[arg-type]


class Sweep:
    """A sweep of what `found` holds, on a cluster that lets everything go at once."""

    def __init__(self, *found: Leftover, made: tuple[Leftover, ...] = ()) -> None:
        self.bench = Bench()
        self.found = found
        self.made = made
        self.told: list[str] = []
        self.sweeping = Sweeping(
            self.bench.recorder,
            self.bench.cluster,
            Gate(self.bench.cluster),
            self.find,
            self.children,
            ME,
            self.told.append,
            lambda: NOW,
        )

    async def find(self) -> Found:
        gone = [str(one) for one in self.bench.cluster.deleted]
        return Found(left=tuple(one for one in self.found if str(one.object) not in gone))

    async def children(self, makers: object) -> tuple[Leftover, ...]:
        return self.made

    async def remove(self, *sessions: str) -> None:
        began = e.SweepBegan(program="0", context="c", server="s", sessions=sessions)
        await self.sweeping.remove(began)


async def test_makers_go_first_then_what_they_made_and_others_sessions_stay() -> None:
    child = left(changed(OWN, name="child", uid="u3"))
    other = left(changed(OWN, name="other", uid="u4"), session="theirs")
    live = left(changed(OWN, name="live", uid="u5"), live=True)
    sweep = Sweep(left(OWN), left(SCHEDULE), other, live, made=(child,))
    await sweep.remove("old")
    assert sweep.bench.cluster.deleted[0] == SCHEDULE
    assert {one.name for one in sweep.bench.cluster.deleted} == {"daily", "own", "child"}
    assert (sweep.sweeping.gone, sweep.sweeping.left) == (3, {})
    await sweep.sweeping.close()
    assert sweep.bench.last(e.SweepEnded).body.gone == 3  # type: ignore[union-attr]


async def test_nothing_is_removed_while_the_record_cannot_be_kept() -> None:
    sweep = Sweep(left(OWN))
    sweep.bench.writer.refusing = True
    with pytest.raises(GateClosed, match="nothing was removed"):
        await sweep.remove("old")
    assert sweep.bench.cluster.deleted == []


async def test_what_may_not_be_deleted_is_told_once_and_not_waited_for() -> None:
    sweep = Sweep(left(OWN))
    sweep.bench.cluster.delete_errors = [SourceError("kubernetes", "may not delete", status=403)]
    sweep.bench.cluster.found = (
        b'{"apiVersion":"chaos-mesh.org/v1alpha1","kind":"NetworkChaos","metadata":{"name":"own","uid":"u1"}}'
    )
    async with asyncio.timeout(10):
        await sweep.remove("old")
    assert [one.object for one in sweep.sweeping.left.values()] == [OWN]
    assert sweep.told.count("may not delete") == 1


async def test_the_start_says_what_others_left_once_the_cluster_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(left_behind, "AGAIN", (0.0,))
    bench = Bench()
    answers: list[Found | SourceError] = [SourceError("kubernetes", "away"), Found(left=(left(OWN),))]

    async def find() -> Found:
        answer = answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    await LeftBehind(bench.recorder, find).run()
    assert [one.object for one in bench.state.leftovers] == [OWN]
    assert "other sessions left 1 object: old; controlroom sweep lists them" in bench.state.feed[-1].text
    await LeftBehind(bench.recorder, None).run()
    assert bench.kinds().count("leftovers.found") == 1
