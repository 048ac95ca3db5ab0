"""The plot: spikes survive, holes stay holes, what is read off is what was sampled, and it is moved by keys."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.columns import Column, Series
from controlroom.tui.draw.curve import curve, nice, reach, reading, value_label
from controlroom.tui.graph import Graph, Picture, axis_of
from controlroom.tui.screens.plot import PlotSheet, Reach
from tests.sessions import DAY, LATENCY
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded

ZERO = 1_000_000


def _series(values: list[float], step: int = 2) -> Series:
    column = Column(step)
    column.first = ZERO
    column.values = array("d", values)
    return Series(column, len(values))


def _sheet(room: Desk) -> PlotSheet:
    assert isinstance(room.app.screen, PlotSheet)
    return room.app.screen


def _plot(room: Desk) -> list[str]:
    return _sheet(room).query_one(Graph).render().plain.split("\n")


KNOWN = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.one_of(KNOWN, st.just(math.nan)), min_size=1, max_size=600), st.integers(2, 80))
def test_the_greatest_and_the_least_survive(values: list[float], bins: int) -> None:
    pieces = curve(_series(values), ZERO, 0.0, 2.0 * len(values), bins)
    drawn = [value for piece in pieces for _, value in piece]
    known = [value for value in values if not math.isnan(value)]
    assert bool(drawn) == bool(known)
    assert len(drawn) <= 2 * max(bins, len(values) if len(values) <= 2 * bins else 0)
    if known:
        assert (min(drawn), max(drawn)) == (min(known), max(known))
    assert all(0 <= t <= 2 * len(values) for piece in pieces for t, _ in piece)
    times = [t for piece in pieces for t, _ in piece]
    assert times == sorted(times)


@pytest.mark.parametrize("bins", [10, 400])
def test_nothing_is_drawn_over_what_nobody_knows(bins: int) -> None:
    values = [1.0] * 100 + [math.nan] * 100 + [2.0] * 100
    pieces = curve(_series(values), ZERO, 0.0, 600.0, bins)
    assert len(pieces) == 2
    assert pieces[0][-1][0] <= 230 < 370 <= pieces[1][0][0], "to the middle of a column at most"


def test_a_reading_is_of_the_samples_in_its_column() -> None:
    series = _series([1.0, 5.0, 3.0, math.nan, 9.0])
    found = reading(series, ZERO, 2.0, 6.0)
    assert (found.value, found.low, found.high, found.count) == (3.0, 1.0, 5.0, 3)
    assert math.isnan(reading(series, ZERO, 6.0, 0.5).value)
    assert reading(series, ZERO, 6.0, 0.5).count == 1
    assert reading(series, ZERO, 90.0, 2.0).count == 0
    assert reading(series, ZERO, 8.4, 0.1).value == 9.0, "between two samples the nearer one"


def test_a_limit_far_away_does_not_flatten_the_curve() -> None:
    near = reach([((0.0, 10.0), (1.0, 12.0))], [14.0])
    far = reach([((0.0, 10.0), (1.0, 12.0))], [5000.0])
    assert near is not None and near[1] > 14
    assert far is not None and far[1] < 20
    assert reach([], [3.0]) is None
    assert reach([((0.0, 0.0),)], []) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (130.0, 390.0), (0.0, 1e7), (-5.0, 5.0), (0.001, 0.002)]
)
def test_the_scale_has_round_values_that_differ(low: float, high: float) -> None:
    values = nice(low, high, 5)
    assert 1 <= len(values) <= 6
    assert all(low <= value <= high for value in values)
    labels = [value_label(value, values[1] - values[0]) for value in values]
    assert len(set(labels)) == len(labels)
    assert all(len(label) <= 8 for label in labels)


def test_zoom_and_pan_keep_within_the_day() -> None:
    day = Reach()
    assert day.span(3000.0) == (0.0, 3000.0)
    near = day.zoomed(0.5, 3000.0, None)
    assert near.span(3000.0) == (1500.0, 3000.0)
    assert near.span(3100.0) == (1600.0, 3100.0), "it follows"
    back = near.moved(-600.0, 3000.0)
    assert back.span(3100.0) == (900.0, 2400.0), "it stays where one looks"
    assert back.moved(5000.0, 3100.0).span(3200.0) == (1700.0, 3200.0)
    assert near.zoomed(0.5, 3000.0, 2000.0).span(3000.0) == (1750.0, 2500.0)
    assert back.moved(-9000.0, 3000.0).span(3000.0) == (0.0, 1500.0)
    assert near.zoomed(4.0, 3000.0, None) == Reach()


async def test_what_stands_below_the_curve_stands_in_its_columns() -> None:
    async with desk(2900.0) as room:
        await room.press("t")
        lines = _plot(room)
        axis = axis_of(_sheet(room)._shown, _sheet(room).query_one(Graph).size.width)
        assert lines[0].index("┌") == 8 and lines[0].index("┐") == 9 + axis.cells
        assert lines[1][9 + axis.x(LATENCY)] in "┆⡇⢸⣿" or any(
            line[9 + axis.x(LATENCY - 1)] == "┆" for line in lines[1:-2]
        )
        page = room.sheet().split("\n")
        phases = next(line for line in page if line.startswith("phases"))
        assert "Inject Chaos" in phases and len(phases) <= 9 + axis.cells
    picture = Picture(0.0, 100.0, None)
    assert axis_of(picture, 80).cells == 70


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_it_says_value_time_and_what_was_going_on(size: tuple[int, int]) -> None:
    async with desk(2900.0, size) as room:
        await room.press("t", "left", "left")
        shown = room.sheet()
        assert "over limit 17" in shown
        assert "Network Latency active" in shown.replace("\n", " ")
        assert "UTC" in shown and "× baseline" in shown
        assert "│" in "".join(line[9:-1] for line in _plot(room)[1:-2])


async def test_keys_zoom_go_along_and_to_other_metrics() -> None:
    async with desk(2900.0) as room:
        await room.press("t")
        title = str(_sheet(room).query_one("#box").border_title)
        assert "00:00 to 48:16" in title and "Order creation" in title
        await room.press("5")
        assert "43:16 to 48:16" in str(_sheet(room).query_one("#box").border_title)
        await room.press("1")
        assert "45:00 to 48:16" in str(_sheet(room).query_one("#box").border_title)
        await room.press("0", "+", "+", "pageup")
        assert "30:10 to 42:14" in str(_sheet(room).query_one("#box").border_title)
        await room.press("down")
        assert "Error rate" in str(_sheet(room).query_one("#box").border_title)
        await room.press("o")
        assert "and ┤ Inventory service availability" not in room.sheet()
        assert "┤ Order creation p95 latency" in str(_sheet(room).query_one("#box").border_title)
        assert "├" in "".join(_plot(room)[1:-2]), "its scale stands on the right"
        await room.press("backspace", "escape")
        assert room.app.screen is room.app.room_screen


async def test_a_metric_without_samples_says_so() -> None:
    async with desk(0.4) as room:
        await room.press("t")
        assert "no value is known" in "".join(_plot(room))
        assert "no baseline" in room.sheet()
        await room.press("left", "plus", "o")
        assert "no sample here" in room.sheet()


async def test_a_gap_is_read_as_unknown() -> None:
    async with desk(1000.0) as room:
        await room.feed(e.SessionResumed(gap=600.0), t=1700.0)
        await room.press("t", "left", *["left"] * 8)
        assert "no sample here" in room.sheet() or "no value here" in room.sheet()


async def test_in_ascii_there_is_nothing_else() -> None:
    async with desk(2900.0, (80, 24), ascii=True) as room:
        await room.press("t", "left")
        assert "*" in "".join(_plot(room))
        lines = room.screen_lines()
        strips = [
            room.app._filters[-1].apply(list(strip), None)
            for strip in room.app.screen._compositor.render_strips()
        ]  # type: ignore[arg-type]
        text = "".join(segment.text for strip in strips for segment in strip)
        assert text.isascii() and "?" not in text.replace("? help", "") and len(lines) == 24


async def test_it_is_drawn_where_there_is_next_to_no_room() -> None:
    async with desk(2900.0, (80, 24)) as room:
        await room.press("t")
        for size in ((20, 5), (40, 10), (80, 24)):
            await room.pilot.resize_terminal(*size)
            await room.pilot.pause()
        assert "phases" in room.sheet()


async def test_a_recording_is_plotted_up_to_the_moment_on_screen() -> None:
    async with desk(DAY, info=recorded()) as room:
        room.app.follower.seek(1200.0)  # type: ignore[union-attr]
        room.app.moved()
        await room.press("t")
        assert "00:00 to 20:00" in str(_sheet(room).query_one("#box").border_title)


async def test_between_two_samples_nothing_is_drawn_anew() -> None:
    async with desk(2900.0) as room:
        await room.press("t")
        before = _sheet(room).query_one(Graph).picture
        room.real += 0.3
        await room.show()
        assert room.app.now.t > 2896
        assert _sheet(room).query_one(Graph).picture == before


def test_a_day_of_seconds_becomes_a_curve_in_a_moment() -> None:
    series = _series([float(n % 977) for n in range(86_400)], 1)
    pieces = curve(series, ZERO, 0.0, 86_400.0, 400)
    assert sum(len(piece) for piece in pieces) == 800
    assert max(value for piece in pieces for _, value in piece) == 976.0


async def test_a_fault_that_goes_on_has_no_end_yet() -> None:
    async with desk(2900.0) as room:
        await room.press("t")
        turns = _sheet(room)._shown.turns
        assert any(t == LATENCY - 1 for t in turns)
        assert max(turns) < 2895, "now is the end of none"
