"""One query a tick; gaps are filled by the same code; one broken expression blanks nothing else."""

import pytest

from controlroom.conductor.sampling import MOST_STEPS, Sampler
from controlroom.conductor.watchman import Watchman
from controlroom.core.events import MetricTroubled, Samples, SourceFailed, SourceRecovered
from controlroom.sources.ports import SourceError
from tests.conductor.fakes import Bench


@pytest.fixture
def sampler(bench: Bench) -> Sampler:
    return Sampler(bench.recorder, bench.metrics, Watchman(bench.recorder))


async def test_each_step_is_stored_once(bench: Bench, sampler: Sampler) -> None:
    for _ in range(10):
        await bench.clock.advance(3)
        await sampler.once()
    steps = [
        (index, batch.start + number * batch.step)
        for event in bench.recorder.events
        if isinstance(batch := event.body, Samples)
        for index, column in enumerate(batch.columns)
        for number in range(len(column or ()))
    ]
    assert len(steps) == len(set(steps))
    assert bench.recorder.columns is not None
    assert bench.state.lengths == bench.recorder.columns.lengths()
    assert set(bench.state.lengths) == {15}


async def test_an_outage_is_said_once_and_filled_afterwards(bench: Bench, sampler: Sampler) -> None:
    await bench.clock.advance(10)
    await sampler.once()
    before = bench.state.lengths[0]
    bench.metrics.error = SourceError("prometheus", "does not answer", hint="is it running?")
    for _ in range(5):
        await bench.clock.advance(10)
        assert not await sampler.once()
    assert bench.state.lengths[0] == before
    assert bench.kinds().count("source.failed") == 1
    assert bench.state.sources["prometheus"].hint == "is it running?"
    bench.metrics.error = None
    await bench.clock.advance(2)
    assert await sampler.once()
    assert bench.state.lengths[0] == before + 26
    assert bench.state.sources["prometheus"].ok
    assert isinstance(bench.last(SourceRecovered).body, SourceRecovered)
    assert [span.what for span in bench.state.outages] == ["prometheus"]
    assert bench.last(SourceFailed).t == bench.state.outages[0].start


async def test_a_broken_expression_lags_alone_and_catches_up(bench: Bench, sampler: Sampler) -> None:
    bench.metrics.broken = {2: "parse error"}
    await bench.clock.advance(20)
    await sampler.once()
    lengths = bench.state.lengths
    assert lengths[2] == 0
    assert all(length == lengths[0] > 0 for index, length in enumerate(lengths) if index != 2)
    metric = bench.plan.metrics[2].id
    assert bench.state.troubled == {metric: "parse error"}
    bench.metrics.broken = {}
    await bench.clock.advance(2)
    await sampler.once()
    assert len(set(bench.state.lengths)) == 1
    assert bench.state.troubled == {}
    assert isinstance(bench.last(MetricTroubled).body, MetricTroubled)


async def test_no_data_is_unknown_and_says_why(bench: Bench, sampler: Sampler) -> None:
    bench.metrics.value_of = lambda index, step: None if index == 1 else 1.0
    await bench.clock.advance(8)
    await sampler.once()
    assert bench.state.troubled == {bench.plan.metrics[1].id: "no data"}
    latest = bench.recorder.view.series(1).latest()
    assert latest is not None
    assert latest[1] != latest[1]


async def test_a_long_gap_is_filled_in_stretches(bench: Bench, sampler: Sampler) -> None:
    await bench.clock.advance((MOST_STEPS + 500) * sampler.step)
    assert not await sampler.once()
    assert await sampler.once()
    longest = max(end - min(asked.values()) for asked, end in bench.metrics.asked)
    assert longest < MOST_STEPS * sampler.step
