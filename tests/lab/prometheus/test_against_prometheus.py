"""The engine and a real Prometheus give the same answers over the same samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlroom.lab.prometheus.answers import data_of, error_of
from controlroom.lab.prometheus.engine import Engine
from controlroom.lab.prometheus.errors import QueryError
from controlroom.lab.prometheus.evaluator import Settings
from controlroom.lab.prometheus.parameters import query_of
from tests.lab.prometheus.bookstore_samples import START_MS, filled_storage
from tests.lab.prometheus.real_prometheus import RealPrometheus, running
from tests.system import require

HERE = Path(__file__).parent
PLANS = HERE.parents[2] / "experiments"

pytestmark = pytest.mark.system

#: Seconds after the first sample: the start, amid a gap, on a sample, past the end but within the lookback.
MOMENTS = [240.25, 601.5, 1000.0, 1650.0]


#: In a range query 2.42 moves the window of an argument with @ from the second step on, outside the samples
#: it has read: an error of its own, which this engine does not share.
WRONG_IN_RANGES = {"predict_linear(negative[2m] @ 1700000600, 60)"}


def table(name: str = "expressions.txt") -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def of_the_plans() -> list[str]:
    """The queries of the shipped plans and the expressions of their alert rules."""
    found: list[str] = []
    for path in sorted(PLANS.glob("*.yaml")):
        found.extend(_queries(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return found


def _queries(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("query", "expr") and isinstance(value, str):
                yield value.strip()
            else:
                yield from _queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from _queries(value)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    prometheus, promtool = require("prometheus", "prometheus"), require("promtool", "prometheus")
    with running(prometheus, promtool, tmp_path_factory.mktemp("prometheus")) as server:
        yield server


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(filled_storage(), Settings(subquery_step_ms=5_000))


def ours(engine: Engine, expr: str, *times_ms: int) -> dict[str, Any]:
    try:
        result = engine.instant(expr, *times_ms) if len(times_ms) == 1 else engine.range(expr, *times_ms)
    except QueryError as error:
        return error_of(error)
    return {"status": "success", "data": data_of(result, times_ms[0])}


def agree(mine: Any, theirs: Any) -> bool:
    """Equal, numbers (in strings, too) to 1e-9 relative."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(agree(mine[key], theirs[key]) for key in mine)
    if isinstance(mine, list) and isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(agree, mine, theirs))
    if mine == theirs:
        return True
    try:
        return math.isclose(float(mine), float(theirs), rel_tol=1e-9)
    except (TypeError, ValueError):
        return False


def comparable(answer: dict[str, Any], expr: str) -> Any:
    """An error by its type (its words are the recordings' matter); a vector without its accidental order."""
    if answer["status"] == "error":
        return answer["errorType"]
    data = answer["data"]
    if data["resultType"] in ("vector", "matrix") and not expr.startswith("sort"):
        result = sorted(data["result"], key=lambda one: sorted(one["metric"].items()))
        return {**data, "result": result}
    return data


def differences(expressions: list[str], ask_both: Any) -> list[str]:
    found = []
    for expr in expressions:
        mine, theirs = (comparable(answer, expr) for answer in ask_both(expr))
        if not agree(mine, theirs):
            found.append(f"{expr}\n  here       {mine}\n  Prometheus {theirs}"[:1500])
    return found


def test_the_table_is_as_long_as_promised() -> None:
    assert len(set(table())) >= 150


def test_the_samples_answer_every_query_of_the_plans(engine: Engine) -> None:
    """Else agreement would be that of two empty answers."""
    span = (START_MS, START_MS + 1_400_000, 2_000)
    unanswered = [expr for expr in of_the_plans() if not engine.range(expr, *span).series]
    # Two alerts need a day that the samples do not have; promtool tests their rules.
    assert of_the_plans()
    assert [expr for expr in unanswered if not expr.endswith((") > 1", ") > 0.5"))] == []


@pytest.mark.parametrize("seconds", MOMENTS)
def test_instant_queries(real: RealPrometheus, engine: Engine, seconds: float) -> None:
    t_ms = START_MS - 456 + round(seconds * 1000)

    def both(expr: str) -> tuple[dict[str, Any], dict[str, Any]]:
        return ours(engine, expr, t_ms), real.ask("query", query=expr, time=f"{t_ms / 1000:.3f}")

    assert not (found := differences(table() + of_the_plans(), both)), "\n".join(found)


def test_range_queries(real: RealPrometheus, engine: Engine) -> None:
    start, end, step = START_MS + 44, START_MS + 1_600_044, 17_000

    def both(expr: str) -> tuple[dict[str, Any], dict[str, Any]]:
        times = {"start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}", "step": f"{step / 1000}"}
        return ours(engine, expr, start, end, step), real.ask("query_range", query=expr, **times)

    expressions = [expr for expr in table() if expr not in WRONG_IN_RANGES]
    assert not (found := differences(expressions + of_the_plans(), both)), "\n".join(found)


@pytest.mark.parametrize("expr", table("mistakes.txt"))
def test_mistakes_are_told_in_the_same_words_and_place(real: RealPrometheus, expr: str) -> None:
    theirs = real.ask("query", query=expr)
    with pytest.raises(QueryError) as found:
        query_of({"query": expr})
    assert (theirs["errorType"], theirs["error"]) == (found.value.error_type, found.value.message)
