"""Evaluates the tree of an expression, all steps of a query at once."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from controlroom.lab.prometheus import aggregation, matching, tree
from controlroom.lab.prometheus.calls import CALLS, each, scalar_of
from controlroom.lab.prometheus.elementwise import DATE, MATH
from controlroom.lab.prometheus.errors import QueryError, execution
from controlroom.lab.prometheus.labels import NO_LABELS
from controlroom.lab.prometheus.numbers import is_stale
from controlroom.lab.prometheus.operators import scalar_function
from controlroom.lab.prometheus.over_time import OVER_TIME
from controlroom.lab.prometheus.storage import LOOKBACK_MS, Storage, StoredSeries
from controlroom.lab.prometheus.values import (
    Column,
    Grid,
    RangeVector,
    Samples,
    Scalars,
    Series,
    Vector,
    distinct,
    merged,
)

#: More steps than this a subquery may not have: they would be computed for every series and kept in memory.
MOST_SUBQUERY_STEPS = 1_000_000

TOO_MANY_SAMPLES = "query processing would load too many samples into memory in query execution"


@dataclass(frozen=True)
class Settings:
    """What a server is configured with."""

    lookback_ms: int = LOOKBACK_MS
    """How old a sample may be to be seen."""

    subquery_step_ms: int = 60_000
    """The step of `[range:]`: the server's evaluation interval."""


class Evaluator:
    """One evaluation over one grid.

    `span` is the grid of the whole query, to which start() and end() refer.
    """

    def __init__(
        self, storage: Storage, grid: Grid, settings: Settings, *, span: Grid, deadline: float | None
    ) -> None:
        self.grid = grid
        self._storage = storage
        self._settings = settings
        self._span = span
        self._deadline = deadline

    def vector(self, node: tree.Node) -> Vector:
        """An instant vector over the steps."""
        self._check_deadline()
        match node:
            case tree.Parens():
                return self.vector(node.expr)
            case tree.Selector():
                return self._selected(node)
            case tree.Negation():
                inner = self.vector(node.expr)
                return distinct(
                    [
                        Series(one.labels.nameless(), [None if v is None else -v for v in one.column])
                        for one in inner
                    ]
                )
            case tree.Call():
                return self._called(node)
            case tree.Aggregation():
                return self._aggregated(node)
            case tree.Binary():
                return self._binary(node)
        raise execution(f"expected an instant vector, got {node.type}")

    def scalars(self, node: tree.Node) -> Scalars:
        """A number for each step."""
        match node:
            case tree.Number():
                return [node.value] * len(self.grid)
            case tree.Parens():
                return self.scalars(node.expr)
            case tree.Negation():
                return [-value for value in self.scalars(node.expr)]
            case tree.Binary():
                function = scalar_function(node.op)
                pairs = zip(self.scalars(node.left), self.scalars(node.right), strict=True)
                return [function(left, right) for left, right in pairs]
            case tree.Call(name="time"):
                return [t / 1000 for t in self.grid.times]
            case tree.Call(name="pi"):
                return [3.141592653589793] * len(self.grid)
            case tree.Call(name="scalar"):
                return scalar_of(self.vector(node.args[0]), len(self.grid))
        raise execution(f"expected a scalar, got {node.type}")

    def string(self, node: tree.Node) -> str:
        """The text of a string literal."""
        inner = tree.unwrapped(node)
        if isinstance(inner, tree.String):
            return inner.value
        raise execution(f"expected a string, got {inner.type}")

    def range_vector(self, node: tree.Node) -> RangeVector:
        """The samples of a range selector or a subquery."""
        node = tree.unwrapped(node)
        if isinstance(node, tree.RangeSelector):
            ends = self._moments(node.selector.moment)
            first, last = ends[0] - node.range_ms, ends[-1]
            found = []
            for stored in self._storage.select(node.selector.matchers):
                times, values = stored.between(first, last)
                if times:
                    found.append(Samples(stored.labels, times, values))
            return RangeVector(found, ends, node.range_ms, self.grid)
        if isinstance(node, tree.Subquery):
            return self._subquery(node)
        raise execution(f"expected a range vector, got {node.type}")

    def sample_times(self, node: tree.Selector) -> Vector:
        """For each element of a selector the time of its sample, in Unix seconds."""
        moments = self._moments(node.moment)
        results = []
        for stored in self._storage.select(node.matchers):
            indices = self._indices(stored, moments)
            column: Column = [None if index is None else stored.times[index] / 1000 for index in indices]
            results.append(Series(stored.labels, column))
        return [one for one in results if not one.is_empty]

    def _check_deadline(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise QueryError("timeout", "query timed out in expression evaluation")

    def _moments(self, moment: tree.Moment) -> list[int]:
        """What each step looks at, in Unix milliseconds; never falling."""
        match moment.at:
            case None:
                return [t - moment.offset_ms for t in self.grid.times]
            case "start":
                at = self._span.start
            case "end":
                at = self._span.end
            case int():
                at = moment.at
        return [at - moment.offset_ms] * len(self.grid)

    def _indices(self, stored: StoredSeries, moments: Sequence[int]) -> list[int | None]:
        """Where in a series each moment's sample is; None: missing, too old, or a staleness marker."""
        times, values, lookback = stored.times, stored.values, self._settings.lookback_ms
        if not times or times[0] > moments[-1] or times[-1] < moments[0] - lookback:
            return [None] * len(moments)
        indices: list[int | None] = []
        for moment in moments:
            index = bisect_right(times, moment) - 1
            seen = index >= 0 and times[index] >= moment - lookback
            indices.append(index if seen and not _ends(values, index) else None)
        return indices

    def _selected(self, node: tree.Selector) -> Vector:
        moments = self._moments(node.moment)
        results = []
        for stored in self._storage.select(node.matchers):
            values = stored.values
            column: Column = [None if i is None else values[i] for i in self._indices(stored, moments)]
            results.append(Series(stored.labels, column))
        return [one for one in results if not one.is_empty]

    def _subquery(self, node: tree.Subquery) -> RangeVector:
        ends = self._moments(node.moment)
        step = node.step_ms or self._settings.subquery_step_ms
        first = ends[0] - node.range_ms
        if (ends[-1] - first) // step > MOST_SUBQUERY_STEPS:
            raise execution(TOO_MANY_SAMPLES)
        inner = Grid(first + -first % step, ends[-1], step)
        evaluator = Evaluator(self._storage, inner, self._settings, span=self._span, deadline=self._deadline)
        if not inner.times:
            return RangeVector([], ends, node.range_ms, self.grid)
        if node.expr.type == "scalar":
            series: Vector = [Series(NO_LABELS, list(evaluator.scalars(node.expr)))]
        else:
            series = evaluator.vector(node.expr)
        found = []
        for one in series:
            there = [(t, v) for t, v in zip(inner.times, one.column, strict=True) if v is not None]
            if there:
                found.append(Samples(one.labels, [t for t, _ in there], [v for _, v in there]))
        return RangeVector(found, ends, node.range_ms, self.grid)

    def _called(self, node: tree.Call) -> Vector:
        name, args = node.name, node.args
        if name in OVER_TIME:
            return self._over_time(node)
        if name in MATH:
            return each(MATH[name], self.vector(args[0]))
        if name in DATE:
            times: Vector = [Series(NO_LABELS, [t / 1000 for t in self.grid.times])]
            return each(DATE[name], self.vector(args[0]) if args else times)
        return CALLS[name](self, args)

    def _over_time(self, node: tree.Call) -> Vector:
        function = OVER_TIME[node.name]
        position = next(index for index, arg in enumerate(node.args) if arg.type == "matrix")
        ranges = self.range_vector(node.args[position])
        scalars = [self.scalars(arg) for index, arg in enumerate(node.args) if index != position]
        args = list(zip(*scalars, strict=True)) if scalars else [()] * len(self.grid)
        results = []
        for samples in ranges.series:
            self._check_deadline()
            column: Column = [
                None if window is None else function(window, arg)
                for window, arg in zip(ranges.windows(samples), args, strict=True)
            ]
            keeps_name = node.name == "last_over_time"
            results.append(Series(samples.labels if keeps_name else samples.labels.nameless(), column))
        return distinct([one for one in results if not one.is_empty])

    def _aggregated(self, node: tree.Aggregation) -> Vector:
        vector = self.vector(node.expr)
        if node.param is None:
            return aggregation.reduce_groups(node, vector)
        if node.op == "count_values":
            return aggregation.count_values(node, vector, self.string(node.param))
        params = self.scalars(node.param)
        if node.op == "quantile":
            return aggregation.quantile_groups(node, vector, params)
        return aggregation.select_groups(node, vector, params)

    def _binary(self, node: tree.Binary) -> Vector:
        if node.left.type == "scalar":
            scalars, vector = self.scalars(node.left), self.vector(node.right)
            return matching.vector_and_scalar(node, vector, scalars, scalar_left=True)
        left = self.vector(node.left)
        if node.right.type == "scalar":
            return matching.vector_and_scalar(node, left, self.scalars(node.right), scalar_left=False)
        right = self.vector(node.right)
        if node.op in tree.SET_OPERATORS:
            return merged(matching.set_operation(node, left, right))
        return matching.vector_and_vector(node, left, right)


def _ends(values: array[float], index: int) -> bool:
    value = values[index]
    return value != value and is_stale(value)
