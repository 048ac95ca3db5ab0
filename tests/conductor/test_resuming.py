"""The next host's conductor: what is there against what the record says, and what was not done before the kill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from controlroom.conductor.aborting import Aborting
from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.halting import Halting
from controlroom.conductor.injecting import Injecting
from controlroom.conductor.loading import Loading
from controlroom.conductor.object_load import ObjectLoad
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.resuming import Resuming
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Body, ObjectRef
from controlroom.core.fold import fold
from controlroom.core.intents import Accepted
from controlroom.core.values import changed
from controlroom.sources.ports import ObjectSeen, SourceError
from tests.conductor.fakes import Bench, MemoryWriter

ME = Actor(role="facilitator")
STRAY = ObjectRef(
    api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="stray", uid="u"
)
OWN = ObjectRef(
    api_version="chaos-mesh.org/v1alpha1", kind="NetworkChaos", namespace="bookstore", name="own", uid="uid-1"
)
RAW = b"""{"apiVersion":"chaos-mesh.org/v1alpha1","kind":"NetworkChaos","metadata":{"name":"own",
"namespace":"bookstore","uid":"uid-1"},"spec":{},"status":{}}"""


class Next:
    """What a host wrote before it was killed, and the parts of the next one."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.recorder.record(e.PhaseStarted(phase=self.bench.plan.phases[1].id))
        self.run = f"{self.bench.plan.experiments[0].id}#1"

    def wrote(self, *bodies: Body) -> None:
        for body in bodies:
            self.bench.recorder.record(body)

    def requested(self, *, accepted: bool = True) -> None:
        experiment = self.run.split("#")[0]
        target = changed(OWN, uid="")
        self.wrote(
            e.FaultRequested(experiment=experiment, run=self.run, object=target, manifest="", one_shot=False)
        )
        if accepted:
            at = self.bench.recorder.events[-1].at
            self.wrote(e.FaultAccepted(run=self.run, uid="uid-1", created_at=at))

    async def begin(self, gap: float = 30.0) -> None:
        """The next host takes the record up, `gap` seconds later."""
        await self.bench.clock.advance(gap)
        old = self.bench.recorder
        self.recorder = recorder = Recorder(self.bench.clock, MemoryWriter())
        found = recorder.take_up(old.events, old.lines)
        await recorder.resumed(e.SessionResumed(gap=found.seconds))
        cluster = self.bench.cluster
        self.watchman = Watchman(recorder)
        self.gate = Gate(cluster)
        self.faults = Faults(recorder, cluster, self.gate, Previewer(recorder, cluster))
        self.halting = Halting(recorder, cluster, self.gate, self.faults)
        self.resuming = Resuming(recorder, cluster, self.gate, self.faults, self.halting, self.watchman)

    async def settle(self) -> None:
        async with asyncio.timeout(10.0):
            await self.resuming.run()
            await self.resuming.clear()

    @property
    def state(self):
        return self.recorder.state

    def told(self, kind: type[Body]) -> list[Body]:
        return [own.body for own in self.recorder.events if isinstance(own.body, kind)]

    def seen(self, *, gone: bool = False) -> None:
        self.faults.saw(
            ObjectSeen(
                object=OWN, run=self.run, raw=b"" if gone else RAW, gone=gone, at=self.recorder.events[-1].at
            )
        )

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(10.0):
            while not what():  # noqa: ASYNC110 - what the cluster was asked to do tells no event
                await asyncio.sleep(0.005)


@pytest.fixture
def next_one() -> Next:
    return Next()


async def test_numbers_chain_and_clock_go_on(next_one: Next) -> None:
    await next_one.bench.clock.advance(20.0)
    next_one.wrote(e.NoteWritten(note="n", type="note", text="the last word"))
    await next_one.begin(gap=30.0)
    recorder = next_one.recorder
    marked = recorder.events[-1]
    assert marked.seq == len(recorder.events) == len(next_one.bench.recorder.events) + 1
    assert marked.prev == e.digest(next_one.bench.recorder.lines[-1])
    assert marked.t == 50.0
    assert (next_one.state.gaps[0].start, next_one.state.gaps[0].end) == (20.0, 50.0)
    assert next_one.state == fold(recorder.events)
    await next_one.bench.clock.advance(5.0)
    assert recorder.now() == 55.0


async def test_what_is_running_and_there_is_followed_on(next_one: Next) -> None:
    next_one.requested()
    await next_one.begin()
    next_one.bench.cluster.found = RAW
    next_one.bench.cluster.strangers = (OWN,)
    await next_one.settle()
    assert next_one.told(e.FaultFound) == [
        e.FaultFound(object=next_one.state.runs[next_one.run].object, run=next_one.run, known=True)
    ]
    assert next_one.bench.cluster.deleted == []
    assert next_one.state.runs[next_one.run].running


async def test_what_is_gone_ended_while_nobody_looked(next_one: Next) -> None:
    next_one.requested()
    await next_one.begin()
    await next_one.settle()
    run = next_one.state.runs[next_one.run]
    assert run.state == "ended"
    assert run.how == "ended while no host looked: whether it was injected is not known"


async def test_what_was_seen_and_then_goes_ends_as_any_other(next_one: Next) -> None:
    next_one.requested()
    await next_one.begin()
    next_one.bench.cluster.found = RAW
    await next_one.settle()
    next_one.seen()
    next_one.seen(gone=True)
    assert next_one.state.runs[next_one.run].how == "ended before injection"


async def test_what_nothing_explains_is_on_record_and_then_deleted(next_one: Next) -> None:
    await next_one.begin()
    cluster = next_one.bench.cluster
    cluster.strangers = (STRAY,)
    cluster.delete_errors = [SourceError("kubernetes", "not now")]
    await next_one.settle()
    assert next_one.told(e.FaultFound) == [e.FaultFound(object=STRAY)]
    assert cluster.deleted == [STRAY, STRAY]
    assert next_one.resuming.left == ()


async def test_an_object_of_an_ended_run_or_with_another_uid_is_not_explained(next_one: Next) -> None:
    next_one.requested()
    await next_one.begin()
    cluster = next_one.bench.cluster
    other = changed(OWN, uid="another")
    cluster.strangers = (other,)
    await next_one.settle()
    assert cluster.deleted == [other]
    assert e.FaultFound(object=other, run=next_one.run) in next_one.told(e.FaultFound)


async def test_what_ends_while_the_list_is_under_way_was_explained(
    next_one: Next, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_one.requested()
    await next_one.begin()
    cluster = next_one.bench.cluster
    cluster.found = RAW

    async def labelled(session: str) -> tuple[ObjectRef, ...]:
        next_one.seen(gone=True)
        return (OWN,)

    monkeypatch.setattr(cluster, "labelled", labelled)
    await next_one.settle()
    assert not next_one.state.runs[next_one.run].running
    assert [body.known for body in next_one.told(e.FaultFound)] == [True]
    assert cluster.deleted == []


async def test_what_is_not_gone_yet_is_named(next_one: Next) -> None:
    await next_one.begin()
    cluster = next_one.bench.cluster
    cluster.strangers = (STRAY,)
    cluster.found = RAW
    working = asyncio.create_task(next_one.resuming.run())
    await next_one.until(lambda: bool(cluster.deleted))
    assert next_one.resuming.left == (STRAY,)
    cluster.found = None
    async with asyncio.timeout(10.0):
        await next_one.resuming.clear()
        await working
    assert next_one.resuming.left == ()


async def test_a_cluster_that_is_away_is_asked_again(next_one: Next, monkeypatch: pytest.MonkeyPatch) -> None:
    await next_one.begin()
    cluster = next_one.bench.cluster
    answers = [SourceError("kubernetes", "no route", hint="wait", retry_after=0.01)]
    plain = cluster.labelled

    async def labelled(session: str):
        if answers:
            raise answers.pop()
        return await plain(session)

    monkeypatch.setattr(cluster, "labelled", labelled)
    await next_one.settle()
    assert [body.error for body in next_one.told(e.SourceFailed)] == ["no route"]


async def test_a_start_without_an_answer_is_asked_for_by_its_name(next_one: Next) -> None:
    next_one.requested(accepted=False)
    await next_one.begin()
    next_one.bench.cluster.strangers = (OWN,)
    next_one.bench.cluster.found = RAW
    await next_one.settle()
    assert next_one.state.runs[next_one.run].state == "unsure"
    next_one.seen(gone=True)  # told by a watch that knows it from the record: whoever asks by name decides
    assert next_one.state.runs[next_one.run].state == "unsure"
    await next_one.until(lambda: next_one.state.runs[next_one.run].state != "unsure")
    assert next_one.state.runs[next_one.run].running
    assert next_one.bench.cluster.deleted == []


async def test_a_start_that_never_arrived_comes_after_all_and_is_ended(next_one: Next) -> None:
    next_one.requested(accepted=False)
    await next_one.begin()
    await next_one.settle()
    await next_one.until(lambda: next_one.state.runs[next_one.run].state == "refused")
    next_one.seen()
    await next_one.until(lambda: bool(next_one.bench.cluster.deleted))
    next_one.seen()
    assert [body.why for body in next_one.told(e.StopRequested)] == ["end"]


async def test_what_was_being_stopped_is_deleted_again(next_one: Next) -> None:
    next_one.requested()
    next_one.wrote(e.StopRequested(run=next_one.run, why="clean-up"))
    await next_one.begin()
    next_one.bench.cluster.found = RAW
    await next_one.settle()
    await next_one.until(lambda: bool(next_one.bench.cluster.deleted))
    assert next_one.told(e.StopRequested)[-1] == e.StopRequested(run=next_one.run, why="clean-up")


async def test_a_halt_is_proven_from_its_key_on(next_one: Next) -> None:
    next_one.requested()
    next_one.wrote(e.HaltRequested(reason="enough", runs=(next_one.run,)))
    await next_one.begin(gap=30.0)
    next_one.bench.cluster.there = False
    await next_one.settle()
    await next_one.until(lambda: next_one.state.halts[-1].finished is not None)
    assert next_one.state.locked
    assert next_one.state.halts[-1].seconds == 30.0
    assert len(next_one.state.halts) == 1


async def test_the_gate_takes_what_was_found_and_not_what_is_known(next_one: Next) -> None:
    await next_one.begin()
    known = next_one.recorder.record(e.FaultFound(object=OWN, run=next_one.run, known=True))
    with pytest.raises(GateClosed):
        await next_one.gate.delete(OWN, known)


async def test_an_automatic_experiment_that_was_missed_is_left_to_people(next_one: Next) -> None:
    plan = next_one.bench.plan
    phase, step = next((phase, step) for phase, step in plan.steps if step.experiment)
    assert step.experiment is not None
    auto = tuple(changed(own, auto=True) for own in plan.experiments)
    next_one.wrote(
        e.PlanAmended(plan=changed(plan, experiments=auto), plan_text="", reason=""),
        e.PhaseStarted(phase=phase.id),
    )
    await next_one.begin(gap=step.at + 100.0)
    started: list[i.Start] = []

    async def start(intent: i.Start, actor: Actor) -> Accepted:
        started.append(intent)
        return Accepted(seq=0)

    working = asyncio.create_task(Injecting(next_one.recorder, start).run())
    await asyncio.sleep(0)
    next_one.recorder.record(e.StepDue(step=step.id))
    await next_one.until(lambda: step.experiment in next_one.state.refused)
    assert "missed while no host was there" in next_one.state.refused[step.experiment]
    assert started == []
    working.cancel()


class FakeLoad:
    def __init__(self, running: bool) -> None:
        self.running = running
        self.done: list[str] = []

    async def start(self) -> None:
        self.running = True
        self.done.append("start")

    async def stop(self) -> None:
        self.running = False
        self.done.append("stop")

    async def take_up(self) -> bool:
        return self.running

    async def ended(self) -> str:
        await asyncio.Event().wait()
        return ""


@pytest.mark.parametrize(
    ("on_record", "runs", "does", "ends_running"),
    [
        (True, True, [], True),
        (True, False, [], False),
        (False, True, ["stop", "start"], True),
        (False, False, ["start"], True),
    ],
)
async def test_the_load_is_what_the_record_says(
    next_one: Next, on_record: bool, runs: bool, does: list[str], ends_running: bool
) -> None:
    """Its step was due; whether the host that died had started it is told by the record or by the load itself."""
    phase, step = next(
        (phase, step) for phase, step in next_one.bench.plan.steps if step.kind == "load-start"
    )
    next_one.wrote(e.PhaseStarted(phase=phase.id), e.StepDue(step=step.id))
    if on_record:
        next_one.wrote(e.LoadStarted())
    await next_one.begin()
    driver = FakeLoad(runs)
    objects = ObjectLoad(
        next_one.recorder, next_one.bench.cluster, next_one.gate, next_one.watchman, output=None
    )
    working = asyncio.create_task(Loading(next_one.recorder, driver, objects).run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert driver.done == does
    assert next_one.state.load_running == ends_running
    if on_record and not runs:
        assert next_one.state.load_error == "it had ended before the session was taken up again"
    working.cancel()


async def test_a_countdown_begins_anew(next_one: Next) -> None:
    rule = changed(next_one.bench.plan.abort[0], lasting=0.0, countdown=60.0)
    metric = next_one.bench.plan.metric_index(rule.metric)
    plan = changed(next_one.bench.plan, abort=(rule,))
    next_one.requested()
    bad = 1e9 if rule.above is not None else -1e9
    columns = tuple((bad,) if index == metric else None for index in range(len(plan.metrics)))
    next_one.wrote(
        e.PlanAmended(plan=plan, plan_text="", reason=""),
        e.Samples(start=1_700_000_000, step=round(plan.sampling.step), columns=columns),
        e.AbortBreached(rule=rule.id, value=bad, countdown=60.0),
    )
    await next_one.begin(gap=200.0)
    halted: list[str] = []

    async def halt(reason: str) -> None:
        halted.append(reason)

    before = next_one.state.aborts[rule.id].t
    working = asyncio.create_task(Aborting(next_one.recorder, halt).run())
    await next_one.until(lambda: next_one.state.aborts[rule.id].t > before)
    assert next_one.state.aborts[rule.id].status == "counting"
    assert halted == []
    working.cancel()


async def test_a_rule_that_had_fired_halts_now(next_one: Next) -> None:
    rule = next_one.bench.plan.abort[0]
    next_one.requested()
    next_one.wrote(e.AbortBreached(rule=rule.id, value=1.0, countdown=1.0), e.AbortFired(rule=rule.id))
    await next_one.begin()
    halted = asyncio.Event()

    async def halt(reason: str) -> None:
        assert reason == f"abort rule: {rule.text}"
        halted.set()

    working = asyncio.create_task(Aborting(next_one.recorder, halt).run())
    async with asyncio.timeout(10.0):
        await halted.wait()
    working.cancel()
