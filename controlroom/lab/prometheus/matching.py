"""Binary operators between vectors: which series meet, and what becomes of their labels."""

from __future__ import annotations

from collections.abc import Callable

from controlroom.lab.prometheus.errors import execution
from controlroom.lab.prometheus.labels import METRIC_NAME, Labels
from controlroom.lab.prometheus.operators import DROPS_NAME, element_function
from controlroom.lab.prometheus.tree import Binary, Matching
from controlroom.lab.prometheus.values import Column, Scalars, Series, Vector, merged

ElementFunction = Callable[[float, float], float | None]


def vector_and_scalar(node: Binary, vector: Vector, scalars: Scalars, *, scalar_left: bool) -> Vector:
    """`vector op scalar` or, with `scalar_left`, `scalar op vector`; a filter keeps the vector's value."""
    function = element_function(node.op, as_bool=node.as_bool, kept_side=1 if scalar_left else 0)
    nameless = node.op in DROPS_NAME or node.as_bool
    results = []
    for series in vector:
        pairs = zip(series.column, scalars, strict=True)
        column: Column
        if scalar_left:
            column = [None if value is None else function(scalar, value) for value, scalar in pairs]
        else:
            column = [None if value is None else function(value, scalar) for value, scalar in pairs]
        results.append(Series(series.labels.nameless() if nameless else series.labels, column))
    return merged(results)


def _signature(labels: Labels, matching: Matching) -> Labels:
    if matching.on:
        return labels.only(matching.labels)
    return labels.without((*matching.labels, METRIC_NAME))


def set_operation(node: Binary, left: Vector, right: Vector) -> Vector:
    """`and`, `or`, `unless`: presence on the other side decides at each step."""
    steps = len((left or right)[0].column) if left or right else 0
    if node.op == "or":
        taken = _presence(left, node.matching, steps)
        kept = [*left, *(_filtered(one, node.matching, taken, wanted=False) for one in right)]
    else:
        there = _presence(right, node.matching, steps)
        kept = [_filtered(one, node.matching, there, wanted=node.op == "and") for one in left]
    return merged(one for one in kept if not one.is_empty)


def _presence(vector: Vector, matching: Matching, steps: int) -> dict[Labels, list[bool]]:
    """For each signature, at which steps some series of it has a sample."""
    found: dict[Labels, list[bool]] = {}
    for series in vector:
        there = found.setdefault(_signature(series.labels, matching), [False] * steps)
        for index, value in enumerate(series.column):
            if value is not None:
                there[index] = True
    return found


def _filtered(series: Series, matching: Matching, there: dict[Labels, list[bool]], *, wanted: bool) -> Series:
    at = there.get(_signature(series.labels, matching))
    if at is None:
        return series if not wanted else Series(series.labels, [None] * len(series.column))
    column = [value if here is wanted else None for value, here in zip(series.column, at, strict=True)]
    return Series(series.labels, column)


def vector_and_vector(node: Binary, left: Vector, right: Vector) -> Vector:
    """Arithmetic and comparison between vectors, one-to-one, many-to-one or one-to-many."""
    swapped = node.matching.cardinality == "one-to-many"
    many, one = (right, left) if swapped else (left, right)
    if not many or not one:
        return []
    ones = _by_signature(one, node.matching)
    for signature, group in ones.items():
        _refuse_duplicates(node.matching, signature, group, many)
    function = element_function(node.op, as_bool=node.as_bool)
    results: list[tuple[Labels, Series]] = []
    for series in many:
        signature = _signature(series.labels, node.matching)
        for partner in ones.get(signature, ()):
            column = _combined(function, series.column, partner.column, swapped=swapped)
            results.append((signature, Series(_result_labels(node, series.labels, partner.labels), column)))
    _refuse_ambiguity(node.matching, results)
    return merged(series for _, series in results)


def _by_signature(vector: Vector, matching: Matching) -> dict[Labels, list[Series]]:
    groups: dict[Labels, list[Series]] = {}
    for series in vector:
        groups.setdefault(_signature(series.labels, matching), []).append(series)
    return groups


def _refuse_duplicates(matching: Matching, signature: Labels, group: Vector, many: Vector) -> None:
    """The "one" side may have a signature only once at a step at which the other side has anything."""
    if len(group) < 2:
        return
    for step, values in enumerate(zip(*(series.column for series in group), strict=True)):
        present = [series for series, value in zip(group, values, strict=True) if value is not None]
        if len(present) > 1 and any(series.column[step] is not None for series in many):
            side = "left" if matching.cardinality == "one-to-many" else "right"
            raise execution(
                f"found duplicate series for the match group {signature} on the {side} hand-side of the "
                f"operation: [{present[1].labels}, {present[0].labels}];many-to-many matching not allowed: "
                "matching labels must be unique on one side"
            )


def _combined(function: ElementFunction, many: Column, one: Column, *, swapped: bool) -> Column:
    pairs = zip(one, many, strict=True) if swapped else zip(many, one, strict=True)
    return [None if left is None or right is None else function(left, right) for left, right in pairs]


def _result_labels(node: Binary, many: Labels, one: Labels) -> Labels:
    matching = node.matching
    labels = many.nameless() if node.op in DROPS_NAME or node.as_bool else many
    if matching.cardinality == "one-to-one":
        labels = labels.only(matching.labels) if matching.on else labels.without(matching.labels)
    if matching.include:
        labels = labels.replaced({name: one.get(name) for name in matching.include})
    return labels


def _refuse_ambiguity(matching: Matching, results: list[tuple[Labels, Series]]) -> None:
    """At one step a signature gives one result (one-to-one), or results that differ in labels."""
    to_one = matching.cardinality == "one-to-one"
    groups: dict[tuple[Labels, Labels | None], list[Column]] = {}
    for signature, series in results:
        groups.setdefault((signature, None if to_one else series.labels), []).append(series.column)
    for columns in groups.values():
        if len(columns) > 1 and _overlap(columns):
            raise execution(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                if to_one
                else "multiple matches for labels: grouping labels must ensure unique matches"
            )


def _overlap(columns: list[Column]) -> bool:
    return any(sum(value is not None for value in values) > 1 for values in zip(*columns, strict=True))
