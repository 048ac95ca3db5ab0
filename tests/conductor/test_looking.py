"""The check of the plan within a session: told when it changes, asked for at will, and in the way of a start."""

from __future__ import annotations

import asyncio

import pytest

from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.looking import FIRST, Looking
from controlroom.conductor.previewing import Previewer
from controlroom.core import intents as i
from controlroom.core.events import Actor, FaultRequested, PhaseStarted, PlanChecked, Ticked
from controlroom.core.findings import Finding, Inspected, Standing
from controlroom.core.intents import Accepted, Refused
from controlroom.core.plan import ChecklistItem, Plan
from controlroom.core.values import changed
from tests.conductor.fakes import Bench

ME = Actor(role="facilitator", name="kim")
LATENCY = "network-latency"


def finding(id: str, state: Standing, experiment: str = "", reason: str = "so it is") -> Finding:
    return Finding(id=id, group="Cluster", what=id, state=state, reason=reason, experiment=experiment)


class Site:
    """What an inspection finds, as a test sets it; `hold` keeps it from ending."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        self.asked: list[tuple[Plan, bool]] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def __call__(self, plan: Plan, loaded: bool) -> Inspected:
        self.asked.append((plan, loaded))
        await self.hold.wait()
        return Inspected(findings=self.findings, by_hand=(), unbound=(), seconds=0.5)


def told(bench: Bench) -> list[PlanChecked]:
    return [event.body for event in bench.recorder.events if isinstance(event.body, PlanChecked)]


async def running(looking: Looking) -> asyncio.Task[None]:
    task = asyncio.create_task(looking.run())
    for _ in range(20):
        await asyncio.sleep(0)
    return task


async def test_all_well_is_told_once_and_not_looked_at_again(bench: Bench) -> None:
    site = Site(finding("cluster", "ok"), finding("metric.x", "warning"))
    task = await running(Looking(bench.recorder, site))
    assert task.done()
    assert [body.findings for body in told(bench)] == [site.findings]
    assert bench.state.inspected is not None
    assert bench.state.inspected.findings == site.findings


async def test_what_is_wrong_is_looked_at_again_ever_more_rarely_and_told_when_it_changes(
    bench: Bench,
) -> None:
    site = Site(finding("load", "failed"))
    task = await running(Looking(bench.recorder, site))
    for seconds, times in ((FIRST, 2), (FIRST, 2), (FIRST, 3), (4 * FIRST, 4), (60.0, 5)):
        await bench.clock.advance(seconds)
        assert len(site.asked) == times
    site.findings = (finding("load", "failed", reason="in other words"),)
    await bench.clock.advance(60.0)
    assert len(told(bench)) == 1
    site.findings = (finding("load", "ok"),)
    await bench.clock.advance(60.0)
    assert [body.findings[0].state for body in told(bench)] == ["failed", "ok"]
    assert task.done()


async def test_once_a_fault_was_injected_nothing_is_looked_at_by_itself(bench: Bench) -> None:
    site = Site(finding("load", "failed"))
    task = await running(Looking(bench.recorder, site))
    rig = faults(bench)
    await rig.start(i.Start(experiment=LATENCY, typed={"checks": "failed checks"}, reason="it is known"), ME)
    await bench.clock.advance(60.0)
    assert task.done()
    assert len(site.asked) == 1
    await rig.close()


async def test_who_asks_for_it_is_on_record_and_gets_the_worst(bench: Bench) -> None:
    looking = Looking(bench.recorder, Site(finding("a", "warning"), finding("b", "could not tell")))
    answer = await looking.check(i.CheckPlan(), ME)
    assert isinstance(answer, Accepted)
    assert answer.note == "could not tell"
    assert bench.last(PlanChecked).actor == ME
    assert bench.last(PlanChecked).seq == answer.seq


async def test_two_who_ask_at_once_get_the_outcome_of_one_look(bench: Bench) -> None:
    site = Site(finding("a", "ok"))
    site.hold.clear()
    looking = Looking(bench.recorder, site)
    both = [asyncio.create_task(looking.check(i.CheckPlan(), ME)) for _ in range(2)]
    await asyncio.sleep(0)
    site.hold.set()
    assert all(isinstance(answer, Accepted) for answer in await asyncio.gather(*both))
    assert len(site.asked) == 1


async def test_a_look_that_is_under_way_at_the_end_is_given_up(bench: Bench) -> None:
    site = Site()
    site.hold.clear()
    looking = Looking(bench.recorder, site)
    task = await running(looking)
    async with asyncio.timeout(5):
        await looking.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told(bench) == []


async def test_a_session_that_cannot_look_says_so(bench: Bench) -> None:
    looking = Looking(bench.recorder, None)
    await looking.run()
    answer = await looking.check(i.CheckPlan(), ME)
    assert isinstance(answer, Refused)
    assert "controlroom check" in answer.hint


async def test_scripts_and_commands_of_the_checklist_are_ticked_once_and_not_run_again(bench: Bench) -> None:
    items = (
        ChecklistItem(id="back", text="Rollback", files=("a.sh",)),
        ChecklistItem(id="backup", text="Backup", command=("true",)),
        ChecklistItem(id="mine", text="By hand before", command=("true",)),
    )
    plan = changed(bench.plan, checklist=items)
    opened = bench.recorder.events[0].body
    bench = Bench()
    bench.recorder.record(changed(opened, plan=plan))
    bench.recorder.record(Ticked(list="checklist", item="mine", ticked=False), actor=ME)
    site = Site(finding("scripts.back", "ok", reason="a.sh can be run"), finding("command.backup", "failed"))
    looking = Looking(bench.recorder, site)
    await looking.check(i.CheckPlan(), ME)
    assert {name: tick.detail for name, tick in bench.state.checklist.items()} == {
        "back": "a.sh can be run",
        "mine": "",
    }
    site.findings = (finding("command.backup", "ok"), finding("command.mine", "ok"))
    await looking.check(i.CheckPlan(), ME)
    assert [item.id for item in site.asked[1][0].checklist] == ["backup", "mine"]
    assert bench.state.checklist["backup"].ticked
    assert not bench.state.checklist["mine"].ticked, "what a person unticked is left to people"


# In the way of a start


def faults(bench: Bench) -> Faults:
    bench.recorder.record(PhaseStarted(phase=bench.plan.phases[1].id))
    return Faults(
        bench.recorder, bench.cluster, Gate(bench.cluster), Previewer(bench.recorder, bench.cluster)
    )


def find(bench: Bench, *findings: Finding) -> None:
    bench.recorder.record(PlanChecked(findings=findings))


async def test_what_failed_stands_against_a_start_until_its_word_is_typed(bench: Bench) -> None:
    find(bench, finding("chaos-mesh", "failed"))
    rig = faults(bench)
    refused = await rig.start(i.Start(experiment=LATENCY), ME)
    assert isinstance(refused, Refused)
    assert refused.reason == "checks: failed when the plan was checked: chaos-mesh"
    assert bench.cluster.created == []
    silent = i.Start(experiment=LATENCY, typed={"checks": "failed checks"}, reason="  ")
    refused = await rig.start(silent, ME)
    assert isinstance(refused, Refused) and refused.reason == "overriding checks takes a reason"
    assert bench.cluster.created == []
    started = await rig.start(
        i.Start(experiment=LATENCY, typed={"checks": "failed checks"}, reason="it is known"), ME
    )
    assert isinstance(started, Accepted)
    lifted = bench.last(FaultRequested).body.overrides
    assert [one.guard for one in lifted if one.typed == "failed checks"] == ["checks"]
    assert [one.reason for one in lifted if one.guard == "checks"] == ["it is known"]
    await rig.close()


@pytest.mark.parametrize(
    "found",
    [
        finding("alert-rule.pod-kill", "failed", experiment="pod-kill"),
        finding("chat", "could not tell"),
        finding("alert-quiet.network-latency", "warning", experiment=LATENCY),
        # Asked anew by a guard of its own.
        finding("dry-run.network-latency", "failed", experiment=LATENCY),
        finding("targets.network-latency", "failed", experiment=LATENCY),
        finding("foreign-chaos", "failed"),
        finding("alerts.unrelated", "failed"),
        finding("cluster", "failed"),
    ],
    ids=lambda found: f"{found.id} {found.state}",
)
async def test_what_does_not_stand_against_it(bench: Bench, found: Finding) -> None:
    find(bench, found)
    rig = faults(bench)
    assert isinstance(await rig.start(i.Start(experiment=LATENCY), ME), Accepted)
    await rig.close()


async def test_a_plan_that_was_not_checked_is_said_to_be_so(bench: Bench) -> None:
    rig = faults(bench)
    await rig.preview(i.Preview(experiment=LATENCY), ME)
    (checks,) = [one for one in bench.state.checks[LATENCY].guards if one.guard == "checks"]
    assert checks.outcome == "unknown"
    await rig.close()
