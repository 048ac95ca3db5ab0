"""What a real Prometheus answered, read by the adapter: every recorded query, and every recorded error."""

from __future__ import annotations

import msgspec
import pytest

from controlroom.sources.http import Answer
from controlroom.sources.ports import SourceError
from controlroom.sources.prometheus_answers import (
    QueryRefused,
    Result,
    column,
    data,
    number,
    series_of,
)
from controlroom.sources.promql_combine import LABEL
from tests.sources.loopback import recorded, recordings

FOLDERS = ("query", "query_range", "combined", "errors", "alerts-series")
ALL = [name for folder in FOLDERS for name in recordings(f"prometheus/{folder}")]
STRINGS = {"prometheus/query/string"}


class Response(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: object = None


def answer(name: str) -> Answer:
    response = msgspec.convert(recorded(name)["response"], Response)
    raw = response.body.encode() if isinstance(response.body, str) else msgspec.json.encode(response.body)
    return Answer(
        source="Prometheus",
        url="http://127.0.0.1:9090",
        status=response.status,
        content_type=response.headers.get("content-type", ""),
        body=raw,
    )


def with_body() -> list[str]:
    """Recordings of one exchange; `latency` is a table of times."""
    return [name for name in ALL if "response" in recorded(name)]


@pytest.mark.parametrize("name", with_body())
def test_every_recorded_answer_is_read_or_refused_in_words(name: str) -> None:
    given = answer(name)
    if given.status == 200:
        result = data(given, Result)
        found = series_of("Prometheus", msgspec.json.decode(result.result))
        whole = msgspec.json.decode(result.result)
        expected = 1 if result.resultType in ("scalar", "string") else len(whole)
        assert len(found) == expected
        values = [number(text) for one in found for _, text in one.samples]
        assert name in STRINGS or all(value is None or isinstance(value, float) for value in values)
        return
    with pytest.raises(SourceError) as caught:
        data(given, Result)
    assert caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.status == given.status
    if given.status in (400, 422, 503):
        assert isinstance(caught.value, QueryRefused)
        body = msgspec.json.decode(given.body, type=dict[str, str])
        assert caught.value.kind == body["errorType"]
        assert caught.value.message.startswith(body["error"][:40].split("\n")[0])


def test_a_recorded_combination_comes_apart_again() -> None:
    given = answer("prometheus/combined/eight-range")
    found = series_of("Prometheus", msgspec.json.decode(data(given, Result).result))
    ids = {one.metric[LABEL] for one in found}
    assert len(ids) == 8
    times = sorted({at for one in found for at, _ in one.samples})
    first, end, step = int(times[0]), int(times[-1]), int(times[1] - times[0])
    for name in ids:
        series = [one for one in found if one.metric[LABEL] == name]
        own = column(series, first, end, step)
        if len(series) == 1:
            assert own.values == tuple(float(text) for _, text in series[0].values)
        else:
            assert own.values == (None, None, None)
            assert own.remark == f"{len(series)} series, expected one"


def test_recorded_gaps_and_nan_are_unknown() -> None:
    given = answer("prometheus/query_range/nan")
    (series,) = series_of("Prometheus", msgspec.json.decode(data(given, Result).result))
    first, end = int(series.values[0][0]), int(series.values[-1][0])
    step = int(series.values[1][0]) - first
    own = column([series], first, end, step)
    assert [value is None for value in own.values] == [text == "NaN" for _, text in series.values]
    assert own.remark == "not a number"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-09", 1e-09),
        ("100000000000000000000", 1e20),
        ("-0", 0.0),
        ("NaN", None),
        ("+Inf", None),
        ("-Inf", None),
        ("what", None),
    ],
)
def test_numbers_as_prometheus_writes_them(text: str, value: float | None) -> None:
    assert number(text) == value
