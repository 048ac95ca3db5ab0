"""Functions of instant vectors and scalars, and those that look at the form of their argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from controlroom.lab.prometheus import tree
from controlroom.lab.prometheus.elementwise import round_to
from controlroom.lab.prometheus.histogram import histogram_quantile
from controlroom.lab.prometheus.labels import METRIC_NAME, NO_LABELS, Labels
from controlroom.lab.prometheus.numbers import NAN, larger, smaller
from controlroom.lab.prometheus.relabel import label_join, label_replace
from controlroom.lab.prometheus.values import Column, Grid, RangeVector, Scalars, Series, Vector, merged


class Arguments(Protocol):
    """Evaluates the arguments of a call; the engine is one."""

    @property
    def grid(self) -> Grid: ...

    def vector(self, node: tree.Node) -> Vector: ...

    def scalars(self, node: tree.Node) -> Scalars: ...

    def string(self, node: tree.Node) -> str: ...

    def range_vector(self, node: tree.Node) -> RangeVector: ...

    def sample_times(self, node: tree.Selector) -> Vector: ...


Call = Callable[[Arguments, tuple[tree.Node, ...]], Vector]


def each(function: Callable[[float], float], vector: Vector) -> Vector:
    """A function of every element; the metric name goes."""
    return merged(
        Series(one.labels.nameless(), [None if value is None else function(value) for value in one.column])
        for one in vector
    )


def _with(function: Callable[[float, float], float], vector: Vector, scalars: Scalars) -> Vector:
    results = []
    for one in vector:
        pairs = zip(one.column, scalars, strict=True)
        column: Column = [None if value is None else function(value, scalar) for value, scalar in pairs]
        results.append(Series(one.labels.nameless(), column))
    return merged(results)


def _vector(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return [Series(NO_LABELS, list(engine.scalars(args[0])))]


def _round(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    nearest = engine.scalars(args[1]) if len(args) > 1 else [1.0] * len(engine.grid)
    return _with(round_to, engine.vector(args[0]), nearest)


def _clamp_min(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return _with(larger, engine.vector(args[0]), engine.scalars(args[1]))


def _clamp_max(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return _with(smaller, engine.vector(args[0]), engine.scalars(args[1]))


def _clamp(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    lows, highs = engine.scalars(args[1]), engine.scalars(args[2])
    results = []
    for one in engine.vector(args[0]):
        column: Column = [
            None if value is None or high < low else larger(low, smaller(high, value))
            for value, low, high in zip(one.column, lows, highs, strict=True)
        ]
        results.append(Series(one.labels.nameless(), column))
    return merged(results)


def _timestamp(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    inner = tree.unwrapped(args[0])
    if isinstance(inner, tree.Selector):
        return each(lambda seconds: seconds, engine.sample_times(inner))
    times = [time / 1000 for time in engine.grid.times]
    return _with(lambda _, time: time, engine.vector(args[0]), times)


def _sorted(engine: Arguments, args: tuple[tree.Node, ...], *, descending: bool) -> Vector:
    """Order means something for an instant query only; a range query's answer is sorted by labels."""
    vector = engine.vector(args[0])
    if len(engine.grid) > 1:
        return vector

    def key(one: Series) -> tuple[bool, float]:
        value = one.column[0]
        if value is None or value != value:
            return True, 0.0
        return False, -value if descending else value

    return sorted(vector, key=key)


def _sort(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return _sorted(engine, args, descending=False)


def _sort_desc(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return _sorted(engine, args, descending=True)


def _histogram_quantile(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return histogram_quantile(engine.scalars(args[0]), engine.vector(args[1]))


def _label_replace(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return label_replace(engine.vector(args[0]), [engine.string(one) for one in args[1:]])


def _label_join(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    return label_join(engine.vector(args[0]), [engine.string(one) for one in args[1:]])


def _labels_for_absent(node: tree.Node) -> Labels:
    """The labels that the selector demands by equality, each by one matcher only."""
    node = tree.unwrapped(node)
    if isinstance(node, tree.RangeSelector):
        node = node.selector
    if not isinstance(node, tree.Selector):
        return NO_LABELS
    wanted: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in node.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.operator == "=" and matcher.name not in seen:
            wanted[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            wanted.pop(matcher.name, None)
    return Labels(wanted)


def _absent(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    there = {step for one in engine.vector(args[0]) for step, v in enumerate(one.column) if v is not None}
    return _where_missing(engine, args[0], there)


def _absent_over_time(engine: Arguments, args: tuple[tree.Node, ...]) -> Vector:
    ranges = engine.range_vector(args[0])
    there = {
        step for one in ranges.series for step, window in enumerate(ranges.windows(one)) if window is not None
    }
    return _where_missing(engine, args[0], there)


def _where_missing(engine: Arguments, node: tree.Node, there: set[int]) -> Vector:
    column: Column = [None if step in there else 1.0 for step in range(len(engine.grid))]
    return [Series(_labels_for_absent(node), column)]


def scalar_of(vector: Vector, steps: int) -> Scalars:
    """`scalar(v)`: the value of the only element, NaN where there is not exactly one."""
    result: Scalars = []
    for step in range(steps):
        there = [value for one in vector if (value := one.column[step]) is not None]
        result.append(there[0] if len(there) == 1 else NAN)
    return result


CALLS: dict[str, Call] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp_min,
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "round": _round,
    "sort": _sort,
    "sort_desc": _sort_desc,
    "timestamp": _timestamp,
    "vector": _vector,
}
