"""At the conductor's door: seats, intents that are out of date, and two who start the same thing."""

from __future__ import annotations

import asyncio

import pytest

from controlroom.core import intents as i
from controlroom.core.events import Actor
from controlroom.core.intents import Accepted, Refused
from tests.conductor.fakes import Bench
from tests.host.place import conductor_for

ANN, BEN = Actor(role="facilitator", name="ann"), Actor(role="facilitator", name="ben")
SAM, SCREEN = Actor(role="scribe", name="sam"), Actor(role="audience", name="screen")
LATENCY = "network-latency"


async def test_the_conductor_itself_refuses_what_a_seat_may_not(bench: Bench) -> None:
    conductor = conductor_for(bench)
    before = bench.state
    assert await conductor.submit(i.NextPhase(), SAM) == Refused(
        reason="the seat scribe may not ask for next-phase"
    )
    assert await conductor.submit(i.HaltAll(), SCREEN) == Refused(reason="the seat audience only looks on")
    assert await conductor.submit(i.NextPhase(), Actor(role="viewer")) == Refused(
        reason="the seat viewer may not ask for next-phase"
    )
    assert bench.state is before
    assert isinstance(await conductor.submit(i.WriteNote(type="note", text="seen"), SAM), Accepted)
    assert isinstance(await conductor.submit(i.HaltAll(), SAM), Accepted)


async def test_two_who_close_the_same_phase_close_one(bench: Bench) -> None:
    conductor = conductor_for(bench)
    await conductor.submit(i.NextPhase(), ANN)
    seen = bench.state.seq
    answers = await asyncio.gather(
        conductor.submit(i.NextPhase(), ANN, seen), conductor.submit(i.NextPhase(), BEN, seen)
    )
    assert isinstance(answers[0], Accepted)
    assert isinstance(answers[1], Refused)
    # The second comes before the first has opened the next: what it saw has changed already.
    assert answers[1].reason.startswith("ann ")
    assert [phase.status for phase in bench.state.phases][:2] == ["done", "open"]
    # Who has looked again may.
    assert isinstance(await conductor.submit(i.NextPhase(), BEN, bench.state.seq), Accepted)


async def test_who_does_not_say_what_was_seen_is_not_judged_by_it(bench: Bench) -> None:
    conductor = conductor_for(bench)
    for actor in (ANN, BEN):
        assert isinstance(await conductor.submit(i.NextPhase(), actor), Accepted)


async def test_one_confirmation_starts_an_experiment_and_the_other_is_told(bench: Bench) -> None:
    conductor = conductor_for(bench)
    for _ in range(2):
        await conductor.submit(i.NextPhase(), ANN)
    seen = bench.state.seq
    start = i.Start(experiment=LATENCY)
    answers = await asyncio.gather(conductor.submit(start, ANN, seen), conductor.submit(start, BEN, seen))
    assert isinstance(answers[0], Accepted), answers[0]
    assert answers[1] == Refused(reason="ann is starting it at this moment")
    assert len(bench.cluster.created) == 1
    late = await conductor.submit(start, BEN, seen)
    assert isinstance(late, Refused)
    assert late.reason.startswith("ann started Network Latency")
    assert len(bench.cluster.created) == 1


@pytest.mark.parametrize("seen", [0, 1, 10**9])
async def test_a_halt_is_never_out_of_date(bench: Bench, seen: int) -> None:
    conductor = conductor_for(bench)
    await conductor.submit(i.HaltAll(), ANN)
    assert isinstance(await conductor.submit(i.HaltAll(), BEN, seen), Accepted)
