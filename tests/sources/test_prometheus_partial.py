"""Answers that are not whole, of Thanos and VictoriaMetrics: seen, told apart from mere remarks, never proof."""

from __future__ import annotations

import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.conductor.reconciling import Reconciling
from controlroom.conductor.sampling import Sampler
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core.assessment import Assessment, CriterionResult
from controlroom.core.figures.context import context_of
from controlroom.core.figures.partial import criterion_on_whole
from controlroom.core.plan import Metric, NoDataLoss, RatioBelow
from controlroom.core.values import changed
from controlroom.sources.ports import Remarks
from controlroom.sources.prometheus import PrometheusSource
from controlroom.sources.prometheus_looks import PrometheusLooks
from tests.conductor.fakes import Bench
from tests.core.sessions import at, good_day
from tests.core.test_verdict import criterion, sign
from tests.sources.loopback import Asked, stub

START = 1_700_000_000
STORE = "No StoreAPIs matched for this query: store 10.0.0.7:10901 is gone"
MATRIX = {"resultType": "matrix", "result": [{"metric": {}, "values": [[START, "1"]]}]}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Remarks()),
        ({"warnings": [], "infos": []}, Remarks()),
        ({"warnings": None, "isPartial": False}, Remarks()),
        ({"warnings": [STORE]}, Remarks(partial=(STORE,))),
        ({"isPartial": True}, Remarks(partial=("some storage nodes did not answer (isPartial)",))),
        (
            {"warnings": ["PromQL warning: a mix of histograms and floats"], "infos": ["PromQL info: hm"]},
            Remarks(others=("PromQL info: hm", "PromQL warning: a mix of histograms and floats")),
        ),
        ({"warnings": ["\x1b[31mred"]}, Remarks(partial=("red",))),
    ],
)
async def test_what_a_server_says_beside_its_answer(said: dict[str, object], expected: Remarks) -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        return web.json_response({"status": "success", "data": MATRIX, **said})

    async with stub(reply) as server:
        source = PrometheusSource(server.url, [Metric(id="a", title="A", query="up")], HeldClock(START))
        await source.read({0: START}, START, 1)
        told = source.remarks("metrics")
        assert told.others == expected.others
        assert [text.removeprefix("[31m") for text in told.partial] == list(expected.partial)
        assert source.remarks("alerts") == Remarks(), "each question has its own"
        said.clear()
        await source.read({0: START}, START, 1)
        assert source.remarks("metrics") == Remarks()
        await source.close()


async def test_the_check_before_the_day_warns_of_it() -> None:
    vector = {"resultType": "vector", "result": [{"metric": {}, "value": [START, "1"]}]}

    async def reply(asked: Asked) -> web.StreamResponse:
        return web.json_response({"status": "success", "data": vector, "warnings": [STORE]})

    async with stub(reply) as server:
        looks = PrometheusLooks(server.url, HeldClock(START))
        assert (await looks.metric("vector(1)")).partial == (STORE,)
        await looks.close()


async def test_it_is_recorded_once_for_each_change() -> None:
    bench = Bench()
    watchman = Watchman(bench.recorder)
    sampler = Sampler(bench.recorder, bench.metrics, watchman)
    for partial in ((), (STORE,), (STORE,), (STORE,), ()):
        bench.metrics.said["metrics"] = Remarks(partial=partial)
        await bench.clock.advance(2)
        await sampler.once()
    told = [own.body.partial for own in bench.recorder.events if isinstance(own.body, e.SourceRemarked)]
    assert told == [(STORE,), ()]
    (span,) = bench.state.partials
    assert span.what == "prometheus" and span.end is not None and span.end > span.start
    assert bench.state.sources["prometheus"].ok


async def test_totals_of_some_stores_are_no_totals() -> None:
    bench = Bench()
    bench.recorder.record(e.LoadStarted())
    bench.recorder.record(e.LoadStopped())
    loss = next(own for own in bench.plan.criteria if isinstance(own, NoDataLoss))
    bench.metrics.numbers = {loss.accepted: 10.0, loss.stored: 10.0}
    bench.metrics.said["value"] = Remarks(partial=(STORE,))
    await Reconciling(bench.recorder, bench.metrics).finish()
    body = bench.last(e.ReconciliationRead).body
    assert (body.accepted, body.stored) == (None, None)


def partly(source: str) -> Assessment:
    """The good day, with answers of that source that were partial for half a minute of it."""
    story = good_day()
    bodies = {
        700.0: e.SourceRemarked(source=source, partial=(STORE,)),
        730.0: e.SourceRemarked(source=source),
    }
    first = story.events[0]
    told = [changed(first, t=t, at=at(t), body=body) for t, body in bodies.items()]
    story.events = sorted([*story.events, *told], key=lambda own: own.t)
    story.events = [changed(own, seq=seq) for seq, own in enumerate(story.events, 1)]
    return story.assess()


def test_nothing_passes_by_answers_that_were_partial() -> None:
    assert good_day().assess().verdict == "passed"
    found = partly("prometheus")
    assert found.verdict == "inconclusive"
    latency = criterion(found, "latency")
    assert latency.status == "unknown"
    assert latency.reason.endswith("not proven: the answers of prometheus were partial for 30 s")
    assert criterion(found, "alerts").status == "pass", "alerts are asked for by themselves"
    assert sign(found, "cascading").status == "unknown"
    found = partly("prometheus alerts")
    assert criterion(found, "alerts").status == "unknown" and criterion(found, "latency").status == "pass"


def test_a_breach_stays_a_breach() -> None:
    result = CriterionResult(id="latency", text="", status="fail", reason="worst 9")
    view = good_day().view()
    context = context_of(view, view.state.plan, view.state.t)
    metric = RatioBelow(id="latency", text="", metric="latency", limit=3)
    assert criterion_on_whole(context, metric, result) is result
