"""The plan in mid-day, and what a machine can tick."""

import asyncio
from pathlib import Path

import pytest

from controlroom.conductor.amending import Amending
from controlroom.conductor.checking import Checking
from controlroom.core.events import Actor, Samples, SourceRecovered
from controlroom.core.intents import Accepted, AmendPlan, Refused
from controlroom.plan.load import read_plan
from tests.conductor.fakes import SEED, Bench, FakeAlerts

ME = Actor(role="facilitator")


@pytest.fixture
def amending(bench: Bench) -> Amending:
    return Amending(bench.recorder, lambda text: read_plan(text, SEED))


async def test_an_amended_plan_is_recorded_whole(bench: Bench, amending: Amending) -> None:
    text = Path(SEED).read_text().replace("Practice incident response procedures", "Practise together")
    answer = await amending.amend(AmendPlan(text=text, reason="wording"), ME)
    assert isinstance(answer, Accepted), answer
    assert "Practise together" in bench.state.plan.objectives
    assert bench.recorder.events[-1].body.plan_text == text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kind: GameDay", "kind: Holiday", "Holiday"),
        ("step: 2s", "step: 1s", "sampling step"),
        ("context: staging-bookstore", "context: production", "another system"),
        (
            "  directory: bv-performance-testing/gatling-tests\n"
            "  command: ./gradlew gatlingRun -Psimulation=OrderFlowSimulation\n",
            "  manifest: pod-failure-inventory-service.yaml\n",
            "cannot turn from a command into a manifest",
        ),
    ],
)
async def test_what_the_record_rests_on_cannot_change(
    bench: Bench, amending: Amending, old: str, new: str, reason: str
) -> None:
    text = Path(SEED).read_text()
    assert old in text
    before = bench.state
    answer = await amending.amend(AmendPlan(text=text.replace(old, new)), ME)
    assert isinstance(answer, Refused)
    assert reason in answer.reason
    assert bench.state == before


async def test_a_machine_ticks_only_what_it_has_seen(bench: Bench) -> None:
    running = asyncio.create_task(Checking(bench.recorder, bench.metrics, FakeAlerts()).run())
    await bench.clock.advance(60)
    assert bench.state.checklist == {}
    bench.metrics.names = tuple(own.alert.name for own in bench.plan.experiments if own.alert)
    for source in ("kubernetes", "prometheus", "alertmanager"):
        bench.recorder.record(SourceRecovered(source=source, seconds=0.0))
    columns = tuple((1.0,) for _ in bench.plan.metrics)
    bench.recorder.record(Samples(start=1_700_000_000, step=2, columns=columns))
    await bench.clock.advance(60)
    ticked = {item.check for item in bench.plan.checklist if item.id in bench.state.checklist}
    assert ticked == {"observability", "alert-routes"}
    assert running.done()
