"""Query results and errors in the shape and number format of the Prometheus HTTP API."""

from __future__ import annotations

from controlroom.lab.prometheus.engine import MatrixResult, Result, ScalarResult, StringResult, VectorResult
from controlroom.lab.prometheus.errors import QueryError
from controlroom.lab.prometheus.numbers import format_value

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

STATUS = {
    "bad_data": 400,
    "execution": 422,
    "timeout": 503,
    "unavailable": 503,
    "internal": 500,
    "not_found": 404,
}
"""The HTTP status of each error type."""


def seconds_of(t_ms: int) -> int | float:
    """Unix seconds as the API writes them: without decimals where there are none."""
    return t_ms // 1000 if t_ms % 1000 == 0 else t_ms / 1000


def data_of(result: Result, t_ms: int) -> dict[str, Json]:
    """The `data` of a query's answer; `t_ms` is the time of an instant query, in Unix milliseconds."""
    at = seconds_of(t_ms)
    match result:
        case ScalarResult():
            return {"resultType": "scalar", "result": [at, format_value(result.value)]}
        case StringResult():
            return {"resultType": "string", "result": [at, result.value]}
        case VectorResult():
            vector: list[Json] = [
                {"metric": {**one.labels.as_dict()}, "value": [at, format_value(one.value)]}
                for one in result.elements
            ]
            return {"resultType": "vector", "result": vector}
        case MatrixResult():
            matrix: list[Json] = [
                {
                    "metric": {**one.labels.as_dict()},
                    "values": [
                        [seconds_of(t), format_value(value)]
                        for t, value in zip(one.times, one.values, strict=True)
                    ],
                }
                for one in result.series
            ]
            return {"resultType": "matrix", "result": matrix}


def error_of(error: QueryError) -> dict[str, Json]:
    """The body of an error answer."""
    return {"status": "error", "errorType": error.error_type, "error": error.message}
