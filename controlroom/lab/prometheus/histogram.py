"""`histogram_quantile` over classic histograms, as promql/quantile.go of Prometheus 2.42 computes it."""

from __future__ import annotations

from bisect import bisect_left

from controlroom.lab.prometheus.labels import BUCKET_LABEL, METRIC_NAME, Labels
from controlroom.lab.prometheus.numbers import INF, NAN, divide, parse_number
from controlroom.lab.prometheus.values import Column, Scalars, Series, Vector

Bucket = tuple[float, float]
"""Upper bound and cumulative count."""


def histogram_quantile(phis: Scalars, vector: Vector) -> Vector:
    """For each label set without `le` the φ-quantile; series without a valid `le` are ignored."""
    histograms: dict[Labels, list[tuple[float, Column]]] = {}
    for series in vector:
        bound = parse_number(series.labels.get(BUCKET_LABEL))
        if bound is not None:
            rest = series.labels.without((BUCKET_LABEL, METRIC_NAME))
            histograms.setdefault(rest, []).append((bound, series.column))
    return [Series(labels, _column(phis, buckets)) for labels, buckets in histograms.items()]


def _column(phis: Scalars, buckets: list[tuple[float, Column]]) -> Column:
    buckets.sort(key=lambda bucket: bucket[0])
    bounds = [bound for bound, _ in buckets]
    column: Column = []
    for phi, counts in zip(phis, zip(*(counts for _, counts in buckets), strict=True), strict=True):
        there = [(bound, count) for bound, count in zip(bounds, counts, strict=True) if count is not None]
        column.append(bucket_quantile(phi, there) if there else None)
    return column


def bucket_quantile(phi: float, buckets: list[Bucket]) -> float:
    """The φ-quantile of buckets sorted by bound, linear within one.

    NaN where there is no +Inf bucket or no observation.
    """
    if phi != phi:
        return NAN
    if phi < 0 or phi > 1:
        return -INF if phi < 0 else INF
    if buckets[-1][0] != INF:
        return NAN
    bounds, counts = _cumulative(buckets)
    if len(bounds) < 2 or counts[-1] == 0 or counts[-1] != counts[-1]:
        return NAN
    rank = phi * counts[-1]
    index = bisect_left(counts, rank, 0, len(counts) - 1)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    start, below = (bounds[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    return start + (bounds[index] - start) * divide(rank - below, counts[index] - below)


def _cumulative(buckets: list[Bucket]) -> tuple[list[float], list[float]]:
    """Buckets of one bound added up, and counts that never fall (`coalesceBuckets`, `ensureMonotonic`)."""
    bounds: list[float] = []
    counts: list[float] = []
    for bound, count in buckets:
        if bounds and bounds[-1] == bound:
            counts[-1] += count
        else:
            bounds.append(bound)
            counts.append(count)
    highest = counts[0]
    for index, count in enumerate(counts):
        if count > highest:
            highest = count
        elif count < highest:
            counts[index] = highest
    return bounds, counts
