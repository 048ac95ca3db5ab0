"""The property of limits, over undisturbed labs: nothing is declared where nothing happened."""

from __future__ import annotations

import pytest

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Actor, Event
from controlroom.core.figures import assess
from controlroom.core.fold import fold
from controlroom.core.plan import Plan
from controlroom.core.values import changed
from tests.lab.staging_day import START, Day
from tests.reference.lived_day import seed_plan, utc


def shortened(plan: Plan, baseline: float) -> Plan:
    """The seed's plan with another length of its baseline phase, in seconds."""
    return changed(plan, phases=(changed(plan.phases[0], duration=baseline), *plan.phases[1:]))


def quiet_events(seed: int, plan: Plan, baseline: float, after: float) -> list[Event]:
    """A lab under load alone, with every experiment said to be injected at the end of the baseline."""
    day = Day(seed)
    day.until((baseline + after) / 60)
    step, end = round(plan.sampling.step), int(baseline + after) - 4
    columns = []
    for metric in plan.metrics:
        found = day.staging.prometheus.query_range(metric.query, START, START + end, float(step))
        values = {t: v for own in found.series for t, v in zip(own.times, own.values, strict=True) if v == v}
        columns.append(tuple(values.get((int(START) + t) * 1000) for t in range(0, end + 1, step)))
    opened = e.SessionOpened(
        session="quiet",
        program="0",
        plan=plan,
        plan_text="",
        plan_hash="",
        files={},
        bindings=plan.bindings,
    )
    injection = e.Injection(first=utc(START + baseline), last=utc(START + baseline), n=1, uncertainty=1.0)
    ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="bookstore", name="nothing")
    request = e.FaultRequested(
        experiment="pod-kill", run="pod-kill#1", object=ref, manifest="", one_shot=False
    )
    told: list[tuple[float, e.Body]] = [
        (0, opened),
        (0, e.LoadStarted()),
        (0, e.PhaseStarted(phase=plan.phases[0].id)),
        (baseline, e.PhaseEnded(phase=plan.phases[0].id)),
        (baseline, request),
        (baseline, e.FaultObserved(run="pod-kill#1", state="active", injection=injection)),
        (end, e.Samples(start=int(START), step=step, columns=tuple(columns))),
    ]
    return [
        Event(seq=seq, t=t, at=utc(START + t), actor=Actor(role="host"), body=body)
        for seq, (t, body) in enumerate(told, 1)
    ]


def check(seed: int, baseline: float, after: float) -> None:
    """No impact, no cascade, and calm within the hold and two samples from any moment on."""
    plan = shortened(seed_plan(), baseline)
    events = quiet_events(seed, plan, baseline, after)
    columns = Columns(len(plan.metrics), round(plan.sampling.step))
    for event in events:
        if isinstance(event.body, e.Samples):
            columns.absorb(event.body)
    view = View(fold(events), columns)
    found = assess(view)
    assert (found.episodes, found.cascades) == ((), ()), f"seed {seed}"
    calm = []
    for index in view.series(0).span(START + baseline, START + baseline + after):
        values = [(metric, view.series(at).value(index)) for at, metric in enumerate(plan.metrics)]
        calm.append(
            all(v == v and not found.limits[metric.id].outside(v) for metric, v in values if metric.criterion)
        )
    hold = round(plan.sampling.hold / plan.sampling.step) + 1
    for start in range(len(calm) - hold - 2):
        assert any(all(calm[at : at + hold]) for at in range(start, start + 3)), f"seed {seed}"


@pytest.mark.parametrize("seeds", [range(start, start + 10) for start in range(0, 50, 10)], ids=str)
def test_nothing_is_declared_in_an_undisturbed_lab(seeds: range) -> None:
    for seed in seeds:
        check(seed, baseline=360, after=240)


@pytest.mark.soak
@pytest.mark.parametrize("seeds", [range(start, start + 50) for start in range(0, 1000, 50)], ids=str)
def test_nothing_is_declared_in_a_thousand_undisturbed_labs(seeds: range) -> None:
    for seed in seeds:
        check(seed, baseline=900, after=900)
