"""The report's plots: what they draw, and that a gap stays a gap."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.columns import Column, Series
from controlroom.journal.report import making
from controlroom.journal.report.making import made
from controlroom.journal.report.plots import _decimals as decimals
from controlroom.journal.report.plots import _range as scale
from controlroom.journal.report.plots import _ticks as ticks
from controlroom.journal.report.plots import thinned
from tests.journal.books import PLAN, day

SVG = "{http://www.w3.org/2000/svg}"


@lru_cache
def files() -> dict[str, bytes]:
    return made(day())


def drawing(metric: str) -> ElementTree.Element:
    return ElementTree.fromstring(files()[f"plots/{metric}.svg"])


def lines(root: ElementTree.Element, kind: str) -> list[str]:
    return [
        path.get("d", "") for group in root.iter(f"{SVG}g") if group.get("class") == kind for path in group
    ]


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 60))
def test_what_is_thinned_keeps_extremes_order_and_gaps(values: list[float | None], most: int) -> None:
    column = Column(2)
    column.extend(1000, values)
    found = list(thinned(Series(column, len(values)), most))
    known = [value for value in values if value is not None]
    kept = [value for _, value in found if value is not None]
    assert (min(kept, default=0), max(kept, default=0)) == (min(known, default=0), max(known, default=0))
    assert len(found) <= 3 * most
    assert [at for at, value in found if value is not None] == sorted(
        at for at, value in found if value is not None
    )
    truth = dict(zip(range(1000, 1000 + 2 * len(values), 2), values, strict=True))
    assert all(truth[int(at)] == value for at, value in found)
    for at, value in truth.items():
        if value is None:  # no line leads over it: a gap stands between its known neighbours
            before = [n for n, (own, _) in enumerate(found) if own <= at]
            every = max(1, math.ceil(len(values) / most))
            assert (
                any(found[n][1] is None and abs(found[n][0] - at) < 2 * every for n in before) or not before
            )


def test_a_plot_has_its_samples_its_limit_and_a_shade_for_each_fault() -> None:
    root = drawing("order_p95")
    assert len(lines(root, "fault")) == 3
    for shade in lines(root, "fault"):  # a rectangle: two moments, each from top to bottom
        corners = {tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", shade)}
        (left, right), (top, bottom) = ({pair[axis] for pair in corners} for axis in (0, 1))
        assert corners == {(left, top), (left, bottom), (right, top), (right, bottom)}
    assert len(lines(root, "limit")) == 1
    assert lines(root, "samples")
    assert root.findtext(f"{SVG}title", "").startswith("Order creation p95 latency, from ")
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert {"T+0", "T+15", "T+45", "T+75"} <= set(labels)


def test_a_plot_stands_alone() -> None:
    for metric in PLAN.metrics:
        data = files()[f"plots/{metric.id}.svg"].decode()
        assert "<script" not in data and "<!--" not in data
        assert re.findall(r"(?:https?:)?//[^\s\"'<)]+", data) == ["http://www.w3.org/2000/svg"]


EXTREME = st.floats(-1e300, 1e300) | st.floats(-1e3, 1e3) | st.just(0.0)


@given(st.lists(EXTREME, min_size=1, max_size=20))
def test_any_numbers_have_a_scale_with_a_few_round_steps(values: list[float]) -> None:
    low, high = scale(values)
    assert low <= min(values) and max(values) <= high and low < high
    assert len(ticks(low, high)) <= 12
    assert 0 <= decimals(low, high) < 330


def test_a_report_that_cannot_be_drawn_is_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> dict[str, bytes]:
        raise OverflowError("too large <to> draw")

    monkeypatch.setattr(making, "drawn", broken)
    found = made(day(900.0))
    assert set(found) == {"session.json", "session.md", "session.html"}
    assert b"They could not be drawn: OverflowError('too large &lt;to&gt; draw')." in found["session.md"]


def test_a_metric_of_which_nothing_is_known_has_no_plot() -> None:
    short = made(day()[:3])
    assert not [path for path in short if path.startswith("plots/")]
    assert b"## Plots" not in short["session.md"]
