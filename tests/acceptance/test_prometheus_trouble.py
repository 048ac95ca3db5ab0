"""Prometheus in trouble in mid-session: the room stays usable, says so, and fills the gap from a range query."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import pytest
import pytest_asyncio

from controlroom.core import intents as i
from controlroom.core.events import Samples, SourceFailed, SourceRecovered
from controlroom.core.figures import assess
from tests.host.live import LiveHost, Troubles, Viewer, live_host

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = "prometheus"
LASTING = 60.0
"""Session seconds of an outage."""
AT_ONCE = 1.0
"""Real seconds in which an intent is answered, whatever a source does."""


@dataclass
class Room:
    host: LiveHost
    viewer: Viewer
    lab: Troubles

    async def note(self, text: str) -> float:
        """Real seconds until a note is accepted."""
        began = time.monotonic()
        await self.viewer.do(i.WriteNote(type="observation", text=text))
        return time.monotonic() - began

    def troubled(self) -> bool:
        source = self.viewer.state.sources.get(SOURCE)
        return source is not None and source.ok is False

    def newest(self) -> float:
        """Prometheus's time of the newest stored step, Unix seconds."""
        series = self.viewer.view.series(0)
        assert series.last is not None
        return series.last

    async def caught_up(self) -> None:
        """Waits until the stored samples have reached the moment of asking."""
        now = await self.lab.now()
        await self.viewer.until(lambda: not self.troubled() and self.newest() >= now)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """One session at ×60 with its load running, as the plan starts it; the tests go on one after the other in it."""
    async with live_host(tmp_path_factory.mktemp("trouble")) as host:
        viewer = await host.viewer()
        lab = Troubles(viewer)
        await viewer.until(lambda: viewer.state.load_running)
        await viewer.until(lambda: viewer.state.lengths != () and min(viewer.state.lengths) > 30)
        yield Room(host, viewer, lab)
        await lab.close()


TROUBLES: dict[str, dict[str, object]] = {
    "stopped": {"kind": "stopped"},
    "hanging 30 s": {"kind": "hang", "seconds": 30.0},
    "answering 500": {"kind": "500"},
    "answering HTML": {"kind": "html"},
}
HINTS = {
    "stopped": "",
    "hanging 30 s": "",
    "answering 500": "",
    "answering HTML": "login page or a proxy",
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_an_outage_is_told_and_its_gap_is_filled(room: Room, name: str) -> None:
    viewer = room.viewer
    first_event = len(viewer.events)
    await room.lab.put(SOURCE, **TROUBLES[name])
    assert await room.note(f"{name}: as it begins") < AT_ONCE
    await viewer.until(room.troubled)
    source = viewer.state.sources[SOURCE]
    assert source.error
    assert source.hint
    assert HINTS[name] in source.hint
    began_at = room.newest()
    # Several minutes of the session go by; people go on writing.
    await room.lab.later(LASTING)
    assert await room.note(f"{name}: while it lasts") < AT_ONCE
    await viewer.do(i.ExtendPhase(seconds=60))
    assert room.troubled()
    assert room.newest() == began_at, "what was not read is stored as nothing at all"
    await room.lab.put(SOURCE, kind="none")
    await room.caught_up()
    _assert_recorded(viewer, first_event)
    _assert_each_step_once(viewer)
    await _assert_equal_to_a_direct_query(room, began_at - 60, room.newest())


def _assert_recorded(viewer: Viewer, since: int) -> None:
    told = [
        event.body
        for event in viewer.events[since:]
        if isinstance(event.body, SourceFailed | SourceRecovered) and event.body.source == SOURCE
    ]
    assert isinstance(told[0], SourceFailed)
    assert isinstance(told[-1], SourceRecovered)
    assert told[-1].seconds > 0
    spans = [span for span in viewer.state.outages if span.what == SOURCE]
    assert spans[-1].end is not None
    assert spans[-1].end - spans[-1].start >= LASTING


def _assert_each_step_once(viewer: Viewer) -> None:
    """Over the whole record: no (metric, step) twice, and none missing between the first and the last."""
    steps: Counter[tuple[int, int]] = Counter()
    for event in viewer.events:
        if isinstance(event.body, Samples):
            for index, column in enumerate(event.body.columns):
                for offset in range(len(column or ())):
                    steps[index, event.body.start + offset * event.body.step] += 1
    assert max(steps.values()) == 1
    assert viewer.state.plan is not None
    for index in range(len(viewer.state.plan.metrics)):
        own = sorted(at for metric, at in steps if metric == index)
        assert own == list(range(own[0], own[-1] + 1, 2))


async def _assert_equal_to_a_direct_query(room: Room, start: float, end: float) -> None:
    view, plan = room.viewer.view, room.viewer.state.plan
    assert plan is not None
    found = 0
    for index, metric in enumerate(plan.metrics):
        series = view.series(index)
        stored = series.values(series.span(start, end))
        answer = await room.lab.get(
            f"{room.lab.bindings.prometheus}/api/v1/query_range",
            query=metric.query,
            start=start,
            end=end,
            step=2,
        )
        theirs = _values(answer, start, end)
        assert len(stored) == len(theirs)
        for one, other in zip(stored, theirs, strict=True):
            assert one == other or (math.isnan(one) and math.isnan(other)), metric.id
        found += sum(1 for value in stored if not math.isnan(value))
    assert found > 100, "most metrics have values"


def _values(answer: object, start: float, end: float) -> list[float]:
    """One value for each step of two seconds; NaN where the server has none."""
    result = cast("dict[str, dict[str, list[dict[str, list[tuple[float, str]]]]]]", answer)["data"]["result"]
    assert len(result) <= 1
    known = {at: float(text) for one in result for at, text in one["values"]}
    values = (known.get(at, math.nan) for at in range(round(start), round(end) + 1, 2))
    return [value if math.isfinite(value) else math.nan for value in values]


async def test_an_alert_that_fires_during_an_outage_is_found_with_its_own_times(room: Room) -> None:
    viewer = room.viewer
    await viewer.do(i.NextPhase())
    await room.lab.put(SOURCE, kind="stopped")
    await viewer.until(room.troubled)
    began = viewer.state.t
    await viewer.do(i.Start(experiment="network-latency"))
    await room.lab.later(180)
    assert room.troubled()
    assert not viewer.state.alerts
    ended = viewer.state.t
    await room.lab.put(SOURCE, kind="none")
    await viewer.until(lambda: any(own.firing_at for own in viewer.state.alerts.values()))
    opened = viewer.state.opened_at
    assert opened is not None
    firing = min(own.firing_at for own in viewer.state.alerts.values() if own.firing_at)
    assert began < (firing - opened).total_seconds() < ended


async def test_nan_is_unknown_with_its_reason_and_never_passes(room: Room) -> None:
    viewer = room.viewer
    await room.caught_up()
    await room.lab.put(SOURCE, kind="nan")
    plan = viewer.state.plan
    assert plan is not None
    await viewer.until(lambda: len(viewer.state.troubled) == len(plan.metrics))
    assert set(viewer.state.troubled.values()) == {"not a number"}
    assert viewer.state.sources[SOURCE].ok, "a server that answers is no outage"
    since = room.newest()
    await room.lab.later(60)
    for index in range(len(plan.metrics)):
        series = viewer.view.series(index)
        values = series.values(series.span(since, room.newest()))
        assert values
        assert all(math.isnan(value) for value in values)
    await viewer.do(i.End())
    await viewer.over()
    assert await room.host.ended() == 0
    assessment = assess(viewer.view)
    measured = {own.id: own for own in assessment.criteria}
    for name in ("latency", "errors", "recovery"):
        assert measured[name].status != "pass", measured[name]
        assert measured[name].reason
    assert assessment.verdict != "passed"
