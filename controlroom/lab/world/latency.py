"""Latency distributions as mixtures of shifted lognormals, and the histograms that count them.

All durations are seconds. Bucket counts follow the distribution's own shares rather than single random
draws, so a histogram is consistent at any scrape: buckets grow with `le`, the last one is the count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

#: Upper bounds of the buckets below +Inf.
EDGES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
_LOG_EDGES = tuple(math.log(edge) for edge in EDGES)
_ROOT_HALF = math.sqrt(0.5)


class Part(NamedTuple):
    """One way a request can go: `shift` seconds and then a lognormal time, for `weight` of the requests."""

    weight: float
    shift: float
    median: float
    sigma: float

    def mean(self) -> float:
        return self.shift + self.median * math.exp(0.5 * self.sigma * self.sigma)

    def beyond(self, seconds: float) -> float:
        """The share, 0 to 1, of this part's own requests that take longer than `seconds`."""
        rest = seconds - self.shift
        if rest <= 0.0:
            return 1.0
        return 0.5 * math.erfc((math.log(rest / self.median) / self.sigma) * _ROOT_HALF)


def after(first: Part, second: Part, weight: float) -> Part:
    """One part after the other, as a lognormal of the same mean and variance (Fenton and Wilkinson's way)."""
    mean_one = first.mean() - first.shift
    mean_two = second.mean() - second.shift
    mean = mean_one + mean_two
    variance = mean_one * mean_one * math.expm1(first.sigma**2) + mean_two * mean_two * math.expm1(
        second.sigma**2
    )
    sigma_squared = math.log1p(variance / (mean * mean))
    return Part(
        weight, first.shift + second.shift, mean * math.exp(-0.5 * sigma_squared), math.sqrt(sigma_squared)
    )


def mean(parts: Sequence[Part]) -> float:
    """Mean seconds of a mixture; 0 when it is empty."""
    weight = sum(part.weight for part in parts)
    return sum(part.weight * part.mean() for part in parts) / weight if weight > 0.0 else 0.0


def beyond(parts: Sequence[Part], seconds: float) -> float:
    """The share, 0 to 1, of a mixture that takes longer than `seconds`."""
    weight = sum(part.weight for part in parts)
    return sum(part.weight * part.beyond(seconds) for part in parts) / weight if weight > 0.0 else 0.0


def shares(parts: Sequence[Part]) -> list[float]:
    """The share of a mixture at or below each of `EDGES`."""
    total = sum(part.weight for part in parts)
    result = [0.0] * len(EDGES)
    for weight, shift, median, sigma in parts:
        if weight <= 0.0:
            continue
        portion = weight / total
        centre, scale = math.log(median), _ROOT_HALF / sigma
        for index, edge in enumerate(EDGES):
            if shift == 0.0:
                score = (_LOG_EDGES[index] - centre) * scale
            elif edge > shift:
                score = (math.log(edge - shift) - centre) * scale
            else:
                continue
            result[index] += portion if score > 4.0 else 0.5 * portion * math.erfc(-score)
    return result


class Histogram:
    """A Prometheus histogram over `EDGES`."""

    __slots__ = ("_buckets", "count", "sum")

    def __init__(self) -> None:
        self._buckets = [0.0] * len(EDGES)
        self.count = 0
        self.sum = 0.0

    def add(self, requests: int, parts: Sequence[Part]) -> None:
        """Counts `requests` that took times distributed as `parts`."""
        if requests <= 0:
            return
        for index, share in enumerate(shares(parts)):
            self._buckets[index] += requests * share
        self.count += requests
        self.sum += requests * mean(parts)

    def buckets(self) -> list[int]:
        """Cumulative counts at `EDGES`, whole as a real client's are, none above the count."""
        count = self.count
        return [min(count, math.floor(bucket + 1e-6)) for bucket in self._buckets]
