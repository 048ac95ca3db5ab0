"""Aggregation operators: sum, avg, … by or without labels (promql/engine.go of Prometheus 2.42).

Sums here are plain, in the order of the series; only the *_over_time functions of 2.42 compensate theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from controlroom.lab.prometheus.errors import execution
from controlroom.lab.prometheus.labels import METRIC_NAME, Labels, is_label_name
from controlroom.lab.prometheus.numbers import NAN, format_plain
from controlroom.lab.prometheus.over_time import quantile
from controlroom.lab.prometheus.tree import Aggregation
from controlroom.lab.prometheus.values import Column, Scalars, Series, Vector


def _sum(values: list[float]) -> float:
    total = values[0]
    for value in values[1:]:
        total += value
    return total


def _avg(values: list[float]) -> float:
    mean = values[0]
    for count, value in enumerate(values[1:], 2):
        if math.isinf(mean) and (value == mean or not (math.isinf(value) or value != value)):
            continue
        mean += value / count - mean / count
    return mean


def _max(values: list[float]) -> float:
    return max((value for value in values if value == value), default=NAN)


def _min(values: list[float]) -> float:
    return min((value for value in values if value == value), default=NAN)


def _stdvar(values: list[float]) -> float:
    mean, squares = values[0], 0.0
    for count, value in enumerate(values[1:], 2):
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return squares / len(values)


_REDUCTIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": _sum,
    "avg": _avg,
    "max": _max,
    "min": _min,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stdvar": _stdvar,
    "stddev": lambda values: math.sqrt(_stdvar(values)),
}


def group_labels(node: Aggregation, labels: Labels) -> Labels:
    """The labels of the group that a series belongs to."""
    if node.without:
        return labels.without((*node.labels, METRIC_NAME))
    return labels.only(node.labels)


def _groups(node: Aggregation, vector: Vector) -> dict[Labels, Vector]:
    groups: dict[Labels, Vector] = {}
    for series in vector:
        groups.setdefault(group_labels(node, series.labels), []).append(series)
    return groups


def _present(values: tuple[float | None, ...]) -> list[float]:
    return [value for value in values if value is not None]


def reduce_groups(node: Aggregation, vector: Vector) -> Vector:
    """The aggregations without a parameter: one series for each group."""
    function = _REDUCTIONS[node.op]
    results = []
    for labels, members in _groups(node, vector).items():
        steps = zip(*(series.column for series in members), strict=True)
        column: Column = [function(there) if (there := _present(values)) else None for values in steps]
        results.append(Series(labels, column))
    return results


def quantile_groups(node: Aggregation, vector: Vector, phis: Scalars) -> Vector:
    """`quantile(φ, v)`; φ may change from step to step."""
    results = []
    for labels, members in _groups(node, vector).items():
        steps = zip(*(series.column for series in members), strict=True)
        column: Column = [
            quantile(phi, there) if (there := _present(values)) else None
            for phi, values in zip(phis, steps, strict=True)
        ]
        results.append(Series(labels, column))
    return results


def select_groups(node: Aggregation, vector: Vector, counts: Scalars) -> Vector:
    """`topk` and `bottomk`: the chosen elements of each group keep their labels, best first."""
    sign = -1.0 if node.op == "topk" else 1.0
    kept: dict[Labels, Column] = {}
    for step, count in enumerate(counts):
        if not -(2.0**63) < count < 2.0**63:
            raise execution(f"Scalar value {format_plain(count)} overflows int64")
        if count < 1:
            continue
        for members in _groups(node, vector).values():
            there = [(series, value) for series in members if (value := series.column[step]) is not None]
            there.sort(key=lambda one: (one[1] != one[1], sign * one[1] if one[1] == one[1] else 0.0))
            for series, value in there[: int(count)]:
                kept.setdefault(series.labels, [None] * len(counts))[step] = value
    return [Series(labels, column) for labels, column in kept.items()]


def count_values(node: Aggregation, vector: Vector, label: str) -> Vector:
    """`count_values("label", v)`: for each group and value how many elements have it."""
    if not is_label_name(label):
        raise execution(f'invalid label name "{label}"')
    counted: dict[Labels, Column] = {}
    for series in vector:
        group = group_labels(node, series.labels)
        for step, value in enumerate(series.column):
            if value is None:
                continue
            labels = group.replaced({label: format_plain(value)})
            column = counted.setdefault(labels, [None] * len(series.column))
            column[step] = (column[step] or 0.0) + 1.0
    return [Series(labels, column) for labels, column in counted.items()]
