"""The whole adapter against a server on loopback: what is asked, what comes back, and every way to fail."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.core.plan import Metric
from controlroom.sources.ports import SourceError
from controlroom.sources.prometheus import PrometheusSource
from tests.sources.loopback import Asked, Stub, fixed, query_error, stub, success

START = 1_700_000_000
WRAPPED = re.compile(
    r'label_replace\(\(\n(.*?)\n\) \+ on\(\) group_left\(\) vector\(0\), "(\w+)", "(\w+)"', re.S
)


def metrics(*queries: str) -> list[Metric]:
    return [Metric(id=f"m{number}", title="", query=query) for number, query in enumerate(queries)]


@asynccontextmanager
async def source(server: Stub, *queries: str, timeout: float = 5.0) -> AsyncIterator[PrometheusSource]:
    made = PrometheusSource(server.url, metrics(*queries), HeldClock(START), timeout=timeout)
    try:
        yield made
    finally:
        await made.close()


class Range:
    """Answers range queries from a table: expression → value at a time, or an error."""

    def __init__(self, table: dict[str, Callable[[int], object] | web.Response | None]) -> None:
        self.table = table

    async def __call__(self, asked: Asked) -> web.StreamResponse:
        query = asked.query["query"]
        terms = [(expression, name) for expression, _, name in WRAPPED.findall(query)] or [(query, "")]
        result = []
        for expression, name in terms:
            answer = self.table[expression]
            if isinstance(answer, tuple):
                return query_error(*answer)
            if answer is not None:
                labels = {"controlroom_metric": name} if name else {}
                result += [
                    {"metric": labels | extra, "values": pairs} for extra, pairs in self._pairs(asked, answer)
                ]
        return success("matrix", result)

    def _pairs(self, asked, answer):
        first, end, step = (int(asked.query[name]) for name in ("start", "end", "step"))
        steps = range(first, end + 1, step)
        functions = answer if isinstance(answer, list) else [answer]
        for number, function in enumerate(functions):
            pairs = [[at, function(at)] for at in steps if function(at) is not None]
            if pairs:
                yield {"series": str(number)}, pairs


def refused(kind: str = "bad_data", status: int = 400, error: str = "no good"):
    return (status, kind, error)


async def test_one_query_a_tick_for_all_metrics() -> None:
    async with (
        stub(
            Range({"up": lambda at: "1", "rate(x[1m]) # why": lambda at: str(at - START), "gone": None})
        ) as server,
        source(server, "up", "rate(x[1m]) # why", "gone") as prometheus,
    ):
        found = await prometheus.read({0: START, 1: START, 2: START}, START + 6, 2)
    assert [asked.path for asked in server.asked] == ["/api/v1/query_range"]
    assert {name: server.asked[0].query[name] for name in ("start", "end", "step")} == {
        "start": str(START),
        "end": str(START + 6),
        "step": "2",
    }
    assert found[0].values == (1.0, 1.0, 1.0, 1.0)
    assert found[1].values == (0.0, 2.0, 4.0, 6.0)
    assert found[2].values == (None,) * 4
    assert [found[index].remark for index in range(3)] == ["", "", "no series"]


async def test_metrics_that_lag_are_asked_from_their_own_step() -> None:
    table = {"a": lambda at: "1", "b": lambda at: "2", "c": lambda at: "3"}
    async with stub(Range(table)) as server, source(server, *table) as prometheus:
        found = await prometheus.read({0: START + 4, 1: START, 2: START + 4}, START + 4, 2)
    assert {index: len(one.values) for index, one in found.items()} == {0: 1, 1: 3, 2: 1}
    assert sorted(asked.query["start"] for asked in server.asked) == [str(START), str(START + 4)]


async def test_values_that_are_none_say_why() -> None:
    table = {
        "nan": lambda at: "NaN",
        "inf": lambda at: "+Inf" if at == START else "3",
        "gap": lambda at: "1" if at != START + 2 else None,
        "two": [lambda at: "1", lambda at: "2" if at == START + 2 else None],
    }
    async with stub(Range(table)) as server, source(server, *table) as prometheus:
        found = await prometheus.read(dict.fromkeys(range(4), START), START + 4, 2)
    assert found[0].values == (None, None, None)
    assert found[0].remark == "not a number"
    assert found[1].values == (None, 3.0, 3.0)
    assert found[2].values == (1.0, None, 1.0)
    assert found[2].remark == "no data at some steps"
    assert found[3].values == (1.0, None, 1.0)
    assert found[3].remark == "2 series, expected one"


async def test_series_that_follow_each_other_are_one_metric() -> None:
    table = {
        "moved": [lambda at: "1" if at < START + 4 else None, lambda at: "2" if at >= START + 4 else None]
    }
    async with stub(Range(table)) as server, source(server, "moved") as prometheus:
        found = await prometheus.read({0: START}, START + 6, 2)
    assert found[0].values == (1.0, 1.0, 2.0, 2.0)
    assert found[0].remark == ""


@pytest.mark.parametrize(
    ("kind", "status"), [("bad_data", 400), ("execution", 422), ("timeout", 503)], ids=lambda one: str(one)
)
async def test_a_refused_expression_never_blanks_the_others(kind: str, status: int) -> None:
    table = {"good": lambda at: "1", "bad": refused(kind, status), "fine": lambda at: "2"}
    async with stub(Range(table)) as server, source(server, "good", "bad", "fine") as prometheus:
        first = await prometheus.read(dict.fromkeys(range(3), START), START + 2, 2)
        server.asked.clear()
        second = await prometheus.read(dict.fromkeys(range(3), START + 4), START + 4, 2)
        asked = [one.query["query"] for one in server.asked]
    assert first[0].values == (1.0, 1.0)
    assert first[2].values == (2.0, 2.0)
    assert first[1].values == ()
    assert first[1].error.endswith(": no good")
    assert second[0].values == (1.0,)
    assert second[2].values == (2.0,)
    assert second[1].error == first[1].error
    assert len(asked) == 1, "the refused one rests, the others are one query again"
    assert "bad" not in asked[0]


async def test_a_refused_expression_is_asked_again_later_and_comes_back() -> None:
    table = {"good": lambda at: "1", "bad": refused("execution", 422)}
    async with stub(Range(table)) as server, source(server, "good", "bad") as prometheus:
        alone = []
        for turn in range(16):
            server.asked.clear()
            await prometheus.read({0: START, 1: START}, START, 2)
            alone += [turn for one in server.asked if one.query["query"] == "bad"]
        table["bad"] = lambda at: "5"
        found = {}
        for _ in range(16):
            found = await prometheus.read({0: START, 1: START}, START, 2)
    assert alone == [0, 2, 6, 14]
    assert found[1].values == (5.0,)
    assert found[1].error == ""


async def test_what_does_not_parse_alone_is_sent_alone() -> None:
    breakout = 'up), "controlroom_metric", "1", "", "") or label_replace((up'
    table = {breakout: refused(), "up": lambda at: "1", "x[1m]": refused(), "smoothed": lambda at: "4"}
    async with stub(Range(table)) as server, source(server, breakout, "up", "x[1m]") as prometheus:
        found = await prometheus.read(dict.fromkeys(range(3), START), START, 2)
        asked = sorted(one.query["query"] for one in server.asked)
    assert asked == sorted([breakout, "x[1m]", next(one for one in asked if one.startswith("label_replace"))])
    assert found[1].values == (1.0,)
    assert found[0].error.startswith("the expression is not valid")
    assert found[2].error.startswith("the expression is not valid")


async def test_long_plans_are_cut_below_six_kilobytes() -> None:
    queries = [
        f'sum(rate(http_server_requests_seconds_count{{uri="/{n}/{"x" * 300}"}}[30s]))' for n in range(40)
    ]
    table = {query: lambda at: "1" for query in queries}
    async with stub(Range(table)) as server, source(server, *queries) as prometheus:
        found = await prometheus.read(dict.fromkeys(range(40), START), START, 2)
    assert all(one.values == (1.0,) for one in found.values())
    assert len(found) == 40
    assert 2 < len(server.asked) < 8
    assert max(one.length for one in server.asked) < 6 * 1024


async def test_a_long_outage_is_filled_in_stretches_that_prometheus_accepts() -> None:
    async with stub(Range({"up": lambda at: str(at - START)})) as server, source(server, "up") as prometheus:
        found = await prometheus.read({0: START}, START + 2 * 24_999, 2)
    values = found[0].values
    assert [values[0], values[11_000], values[-1]] == [0.0, 22_000.0, 49_998.0]
    assert len(values) == 25_000
    spans = [(int(one.query["end"]) - int(one.query["start"])) // 2 + 1 for one in server.asked]
    assert spans == [11_000, 11_000, 3_000]


async def test_an_overloaded_server_is_not_blamed_on_the_expressions() -> None:
    table = {"a": refused("timeout", 503), "b": refused("timeout", 503)}
    async with stub(Range(table)) as server, source(server, "a", "b") as prometheus:
        with pytest.raises(SourceError, match="every query takes too long"):
            await prometheus.read({0: START, 1: START}, START, 2)
        table.update(a=lambda at: "1", b=lambda at: "2")
        server.asked.clear()
        found = await prometheus.read({0: START, 1: START}, START, 2)
    assert [found[0].values, found[1].values] == [(1.0,), (2.0,)]
    assert len(server.asked) == 1


FAILURES = {
    "html": (fixed(200, "<!DOCTYPE html><title>Sign in</title>", "text/html"), "a web page", "login page"),
    "500 page": (fixed(500, "<html>Oops</html>", "text/html"), "HTTP 500: a web page", "server's side"),
    "401": (fixed(401, "Unauthorized\x1b[2J", "text/plain"), "HTTP 401: Unauthorized", "credential"),
    "404": (
        fixed(404, "404 page not found\n", "text/plain"),
        "HTTP 404: 404 page not found",
        "right address",
    ),
    "429": (
        fixed(429, "slow down", "text/plain", **{"Retry-After": "7"}),
        "HTTP 429: slow down",
        "overloaded",
    ),
    "truncated": (fixed(200, '{"status":"success","data":{"resu'), "broken or cut-off JSON", "asked again"),
    "empty": (fixed(200, ""), "an empty answer", "right address"),
    "not ours": (fixed(200, '{"version": 3}'), "broken or cut-off JSON|shape", ""),
    "a list": (fixed(200, "[1, 2]"), "shape|JSON", ""),
    "status error": (
        fixed(200, '{"status":"error","errorType":"internal","error":"disk"}'),
        "refused the query: disk",
        "",
    ),
    "no result": (
        fixed(200, '{"status":"success","data":{}}'),
        "shape that is not known",
        "supported version",
    ),
    "odd result": (
        fixed(200, '{"status":"success","data":{"resultType":"matrix","result":[{"values":3}]}}'),
        "shape",
        "",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_failures_are_one_plain_line_and_a_hint(failure: str) -> None:
    reply, message, hint = FAILURES[failure]
    async with stub(reply) as server, source(server, "up", "down") as prometheus:
        with pytest.raises(SourceError, match=message) as caught:
            await prometheus.read({0: START, 1: START}, START, 2)
    assert hint in caught.value.hint
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert "Traceback" not in caught.value.message
    if failure == "429":
        assert caught.value.retry_after == 7.0


async def test_refused_hanging_and_cut_connections() -> None:
    async with stub() as server:
        server.reply = server.cut
        async with source(server, "up") as prometheus:
            with pytest.raises(SourceError, match="closed the connection before it had answered"):
                await prometheus.read({0: START}, START, 2)
        server.reply = server.hang
        async with source(server, "up", timeout=0.2) as prometheus:
            with pytest.raises(SourceError, match=r"no answer from http://127.0.0.1:\d+ within 0.2 s"):
                await prometheus.read({0: START}, START, 2)
        address = server.url
    async with source(Stub(address, server.hang), "up") as prometheus:
        with pytest.raises(SourceError, match="the connection is refused") as caught:
            await prometheus.read({0: START}, START, 2)
    assert "port forwarded" in caught.value.hint


async def test_user_and_password_of_an_address_are_never_shown() -> None:
    async with stub(fixed(401, "")) as server:
        address = server.url.replace("http://", "http://user:secret@")
        async with source(Stub(address, server.hang), "up") as prometheus:
            with pytest.raises(SourceError) as caught:
                await prometheus.read({0: START}, START, 2)
    assert "secret" not in caught.value.message + caught.value.hint


async def test_one_number_at_one_moment() -> None:
    answers = {"scalar": success("scalar", [START, "4.5"]), "nothing": success("vector", [])}

    async def reply(asked: Asked) -> web.StreamResponse:
        name = asked.query["query"].strip("()\n")
        assert asked.query["time"] == f"{START}.250"
        series = {"one": ["1e+20"], "nan": ["NaN"], "two": ["1", "2"]}
        if name in answers:
            return answers[name]
        return success(
            "vector", [{"metric": {"n": str(n)}, "value": [START, v]} for n, v in enumerate(series[name])]
        )

    async with stub(reply) as server, source(server) as prometheus:
        at = START + 0.25
        assert await prometheus.value("scalar", at) == 4.5
        assert await prometheus.value("one", at) == 1e20
        assert await prometheus.value("nothing", at) is None
        assert await prometheus.value("nan", at) is None
        with pytest.raises(SourceError, match="2 series, expected one"):
            await prometheus.value("two", at)


async def test_clock_is_compared_with_the_sessions() -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        assert asked.query["query"] == "time()"
        return success("scalar", [START + 2.5, str(START + 2.5)])

    async with stub(reply) as server, source(server) as prometheus:
        reading = await prometheus.clock()
    assert math.isclose(reading.offset, 2.5)
    assert reading.uncertainty == 0.001
