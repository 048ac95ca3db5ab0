"""The query engine: PromQL with the semantics of Prometheus 2.42 over the samples of a :class:`Storage`."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.prometheus import tree
from controlroom.lab.prometheus.errors import QueryError
from controlroom.lab.prometheus.evaluator import Evaluator, Settings
from controlroom.lab.prometheus.labels import NO_LABELS, Labels
from controlroom.lab.prometheus.parsing import parse
from controlroom.lab.prometheus.storage import Storage
from controlroom.lab.prometheus.values import Grid

_NAMES = {"matrix": "range vector", "string": "string"}

#: More steps than this a range query may not have.
MOST_STEPS = 11_000


@dataclass(frozen=True)
class Element:
    """One element of an instant vector."""

    labels: Labels
    value: float


@dataclass(frozen=True)
class Points:
    """One series of a matrix: times in Unix milliseconds, ascending, and as many values."""

    labels: Labels
    times: list[int]
    values: list[float]


@dataclass(frozen=True)
class VectorResult:
    elements: list[Element]


@dataclass(frozen=True)
class MatrixResult:
    series: list[Points]


@dataclass(frozen=True)
class ScalarResult:
    value: float


@dataclass(frozen=True)
class StringResult:
    value: str


Result = VectorResult | MatrixResult | ScalarResult | StringResult


class Engine:
    """Answers instant and range queries; keeps nothing between them but parsed expressions."""

    def __init__(self, storage: Storage, settings: Settings | None = None) -> None:
        self._storage = storage
        self._settings = settings or Settings()

    def instant(self, expr: str, t_ms: int, *, deadline: float | None = None) -> Result:
        """The value of an expression at `t_ms` (Unix milliseconds).

        `deadline` is a reading of `time.monotonic`. Raises QueryError.
        """
        node = parse(expr)
        grid = Grid(t_ms, t_ms, 1)
        evaluator = Evaluator(self._storage, grid, self._settings, span=grid, deadline=deadline)
        if node.type == "string":
            return StringResult(evaluator.string(node))
        if node.type == "scalar":
            return ScalarResult(evaluator.scalars(node)[0])
        if node.type == "matrix":
            return _raw(evaluator, node)
        vector = evaluator.vector(node)
        return VectorResult(
            [Element(one.labels, value) for one in vector if (value := one.column[0]) is not None]
        )

    def range(
        self, expr: str, start_ms: int, end_ms: int, step_ms: int, *, deadline: float | None = None
    ) -> MatrixResult:
        """The values of an expression at each step from `start_ms` to `end_ms`, sorted by labels.

        All times are Unix milliseconds; `deadline` is a reading of `time.monotonic`. Raises QueryError.
        """
        node = parse(expr)
        if node.type not in ("scalar", "vector"):
            raise QueryError(
                "bad_data",
                f'invalid expression type "{_NAMES[node.type]}" for range query, '
                "must be Scalar or instant Vector",
            )
        grid = Grid(start_ms, end_ms, step_ms)
        evaluator = Evaluator(self._storage, grid, self._settings, span=grid, deadline=deadline)
        if node.type == "scalar":
            return MatrixResult([Points(NO_LABELS, grid.times, evaluator.scalars(node))])
        series = []
        for one in sorted(evaluator.vector(node), key=lambda one: one.labels):
            there = [(t, v) for t, v in zip(grid.times, one.column, strict=True) if v is not None]
            if there:
                series.append(Points(one.labels, [t for t, _ in there], [v for _, v in there]))
        return MatrixResult(series)


def _raw(evaluator: Evaluator, node: tree.Node) -> MatrixResult:
    ranges = evaluator.range_vector(node)
    windows = ((one.labels, next(iter(ranges.windows(one)))) for one in ranges.series)
    series = [Points(labels, window.times, window.values) for labels, window in windows if window is not None]
    return MatrixResult(sorted(series, key=lambda one: one.labels))
