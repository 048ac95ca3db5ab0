"""Scrapes, staleness and retention."""

from __future__ import annotations

import math

import pytest

from controlroom.lab.prometheus.engine import Engine, VectorResult
from controlroom.lab.prometheus.labels import Labels, Matcher, metric
from controlroom.lab.prometheus.numbers import STALE_NAN, is_stale
from controlroom.lab.prometheus.storage import Storage

T0 = 1_700_000_000_000
POD = Labels({"job": "pods", "instance": "10.0.0.1:8080"})
UP = metric("up", POD.as_dict())


def seen(storage: Storage, expr: str, t_ms: int) -> list[float]:
    result = Engine(storage).instant(expr, t_ms)
    assert isinstance(result, VectorResult)
    return [one.value for one in result.elements]


def test_a_staleness_marker_is_told_from_other_nans() -> None:
    assert is_stale(STALE_NAN)
    assert not is_stale(math.nan)
    storage = Storage()
    storage.append(metric("x"), T0, STALE_NAN)
    assert is_stale(storage.series(metric("x")).values[0])


def test_a_target_that_is_gone_ends_at_once() -> None:
    storage = Storage()
    storage.append_scrape(POD, [(metric("requests_total"), 5.0)], T0)
    assert seen(storage, "up", T0 + 1000) == [1.0]
    storage.end_target(POD, T0 + 2000)
    assert seen(storage, "up", T0 + 1999) == [1.0]
    assert seen(storage, "up", T0 + 2000) == []
    assert seen(storage, "requests_total", T0 + 2000) == []
    assert storage.targets() == []


def test_a_target_that_does_not_answer_is_down_and_its_series_end() -> None:
    storage = Storage()
    storage.append_scrape(POD, [(metric("requests_total"), 5.0)], T0)
    storage.append_scrape(POD, [], T0 + 2000, up=False)
    assert seen(storage, "up", T0 + 2000) == [0.0]
    assert seen(storage, "requests_total", T0 + 2000) == []
    storage.append_scrape(POD, [(metric("requests_total"), 1.0)], T0 + 4000)
    assert seen(storage, "requests_total", T0 + 4000) == [1.0]


def test_a_series_missing_from_a_scrape_ends_while_others_go_on() -> None:
    storage = Storage()
    storage.append_scrape(POD, [(metric("a"), 1.0), (metric("b"), 2.0)], T0)
    storage.append_scrape(POD, [(metric("b"), 3.0)], T0 + 2000)
    assert seen(storage, "a", T0 + 2000) == []
    assert seen(storage, "b", T0 + 2000) == [3.0]


def test_markers_are_no_samples_of_a_range() -> None:
    storage = Storage()
    for step, value in enumerate((1.0, STALE_NAN, 3.0)):
        storage.append(metric("x"), T0 + step * 2000, value)
    assert seen(storage, "count_over_time(x[1m])", T0 + 4000) == [2.0]
    assert seen(storage, "increase(x[4s])", T0 + 4000) == [2.0]


def test_a_silent_series_is_seen_for_five_minutes() -> None:
    storage = Storage()
    storage.append(metric("x"), T0, 1.0)
    assert seen(storage, "x", T0 + 300_000) == [1.0]
    assert seen(storage, "x", T0 + 300_001) == []


def test_labels_of_target_and_sample_that_clash_are_both_kept() -> None:
    storage = Storage()
    storage.append_scrape(POD, [(metric("x", {"job": "own"}), 1.0)], T0)
    series = storage.select((Matcher("__name__", "=", "x"),))
    assert series[0].labels.as_dict() == {
        "__name__": "x", "exported_job": "own", "instance": "10.0.0.1:8080", "job": "pods",
    }  # fmt: skip


def test_samples_out_of_order_are_dropped() -> None:
    storage = Storage()
    storage.append(metric("x"), T0, 1.0)
    storage.append(metric("x"), T0, 2.0)
    storage.append(metric("x"), T0 - 1, 3.0)
    assert list(storage.series(metric("x")).values) == [1.0]


@pytest.mark.parametrize(
    ("operator", "value", "chosen"),
    [
        ("=", "a", ["a"]),
        ("!=", "a", ["", "b"]),
        ("=~", "a|b", ["a", "b"]),
        ("!~", ".+", [""]),
        ("=", "", [""]),
    ],
)
def test_matchers(operator: str, value: str, chosen: list[str]) -> None:
    storage = Storage()
    for kind in ("", "a", "b"):
        storage.append(metric("x", {"kind": kind}), T0, 1.0)
    text = f'x{{kind{operator}"{value}"}}'
    result = Engine(storage).instant(text, T0)
    assert isinstance(result, VectorResult)
    assert [one.labels.get("kind") for one in result.elements] == chosen


def test_old_samples_and_dead_series_are_forgotten() -> None:
    storage = Storage(retention_ms=60_000)
    storage.append_scrape(POD, [(metric("dead"), 1.0), (metric("alive"), 1.0)], T0)
    for second in range(2, 130, 2):
        storage.append_scrape(POD, [(metric("alive"), float(second))], T0 + second * 1000)
    assert storage.label_values("__name__") == ["alive", "up"]
    assert len(storage.series(UP).times) <= 34
    storage.append_scrape(POD, [(metric("dead"), 2.0)], T0 + 130_000)
    assert seen(storage, "dead", T0 + 130_000) == [2.0]
