"""Phases and the plan's clock."""

import asyncio

import pytest

from controlroom.conductor.day import Day, PhaseKeeper
from controlroom.conductor.injecting import Injecting
from controlroom.conductor.script import SCRIPT
from controlroom.core import intents as i
from controlroom.core import timeline
from controlroom.core.events import Actor, PlanAmended, StepDue
from controlroom.core.intents import Accepted, Refused
from controlroom.core.values import changed
from tests.conductor.fakes import Bench

ME = Actor(role="facilitator", name="maria")


@pytest.fixture
def day(bench: Bench) -> Day:
    return Day(bench.recorder)


async def test_phases_open_one_after_the_other(bench: Bench, day: Day) -> None:
    for expected in ("baseline", "inject", "respond", "recover"):
        assert isinstance(await day.next_phase(i.NextPhase(), ME), Accepted)
        assert bench.plan.phase(bench.state.phase).kind == expected
    await day.next_phase(i.NextPhase(), ME)
    assert bench.state.phase is None
    assert isinstance(await day.next_phase(i.NextPhase(), ME), Refused)


async def test_an_over_run_shifts_what_follows(bench: Bench, day: Day) -> None:
    await day.next_phase(i.NextPhase(), ME)
    first, second = bench.plan.phases[0], bench.plan.phases[1]
    await bench.clock.advance(first.duration + 120)
    t = bench.recorder.now()
    assert timeline.left(bench.state, t) == pytest.approx(-120)
    assert timeline.slots(bench.state, t)[1].start == pytest.approx(first.duration + 120)
    await day.next_phase(i.NextPhase(), ME)
    experiment = bench.plan.experiments[1]
    assert experiment.phase == second.id
    planned = timeline.planned_start(bench.state, experiment, bench.recorder.now())
    assert planned == pytest.approx(first.duration + 120 + experiment.at)


async def test_a_held_clock_stops_the_plan_and_not_the_session(bench: Bench, day: Day) -> None:
    await day.next_phase(i.NextPhase(), ME)
    await bench.clock.advance(60)
    await day.hold(i.HoldClock(), ME)
    await bench.clock.advance(300)
    assert timeline.spent(bench.state, bench.state.phases[0], bench.recorder.now()) == pytest.approx(60)
    await day.resume(i.ResumeClock(), ME)
    await bench.clock.advance(30)
    t = bench.recorder.now()
    assert t == pytest.approx(390)
    assert timeline.spent(bench.state, bench.state.phases[0], t) == pytest.approx(90)


async def test_extending_gives_the_open_phase_more_time(bench: Bench, day: Day) -> None:
    await day.next_phase(i.NextPhase(), ME)
    before = timeline.left(bench.state, bench.recorder.now())
    await day.extend(i.ExtendPhase(seconds=300), ME)
    assert timeline.left(bench.state, bench.recorder.now()) == pytest.approx(before + 300)


async def test_a_reopened_phase_is_the_present_one(bench: Bench, day: Day) -> None:
    await day.next_phase(i.NextPhase(), ME)
    await day.next_phase(i.NextPhase(), ME)
    first = bench.plan.phases[0].id
    assert isinstance(await day.reopen(i.ReopenPhase(phase=first, seconds=120), ME), Accepted)
    assert bench.state.phase == first
    assert timeline.left(bench.state, bench.recorder.now()) == pytest.approx(120)
    assert bench.state.phases[1].status == "planned"


async def test_a_skipped_phase_is_passed_over(bench: Bench, day: Day) -> None:
    await day.next_phase(i.NextPhase(), ME)
    await day.skip(i.SkipPhase(phase=bench.plan.phases[1].id), ME)
    await day.next_phase(i.NextPhase(), ME)
    assert bench.state.phase == bench.plan.phases[2].id


async def test_what_is_due_is_said_once(bench: Bench, day: Day) -> None:
    running = asyncio.create_task(day.run())
    await day.next_phase(i.NextPhase(), ME)
    await bench.clock.advance(30)
    due = [event.body.step for event in bench.recorder.events if isinstance(event.body, StepDue)]
    at_once = [step.id for step in bench.plan.phases[0].steps if step.at <= 30]
    assert due == at_once
    running.cancel()


async def test_a_day_that_nobody_moves_goes_by_plan(bench: Bench, day: Day) -> None:
    keeper = asyncio.create_task(PhaseKeeper(bench.recorder, day, SCRIPT).run())
    await bench.clock.advance(bench.plan.duration + 10)
    assert keeper.done()
    assert [phase.status for phase in bench.state.phases] == ["done"] * 4
    opened = [event.t for event in bench.recorder.events if event.body.kind() == "phase.started"]
    starts = list(bench.plan.starts().values())
    assert opened == pytest.approx(starts, abs=1.5)


async def test_only_a_rehearsal_can_be_hurried(bench: Bench, day: Day) -> None:
    answer = await day.set_rate(i.SetRate(rate=30), ME)
    assert isinstance(answer, Refused)
    rates: list[float] = []

    async def hurry(rate: float) -> None:
        rates.append(rate)

    assert isinstance(await Day(bench.recorder, hurry).set_rate(i.SetRate(rate=30), ME), Accepted)
    assert rates == [30]
    assert bench.state.rate == 30


async def test_an_experiment_that_is_auto_is_started_when_it_is_due(bench: Bench) -> None:
    started: list[str] = []

    async def start(intent: i.Start, actor: Actor) -> Accepted:
        started.append(intent.experiment)
        return Accepted(seq=1)

    plan = changed(
        bench.plan,
        experiments=tuple(changed(own, auto=own.id == "pod-kill") for own in bench.plan.experiments),
    )
    bench.recorder.record(PlanAmended(plan=plan, plan_text="", reason=""))
    running = asyncio.create_task(Injecting(bench.recorder, start).run())
    await bench.clock.advance(1)
    for _, step in plan.steps:
        bench.recorder.record(StepDue(step=step.id))
    await bench.clock.advance(1)
    assert started == ["pod-kill"]
    running.cancel()
