"""Functions of a range vector: rates, trends and aggregations over time.

Formulas are those of Prometheus 2.42, promql/functions.go; each takes one window that holds a sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from controlroom.lab.prometheus.errors import execution
from controlroom.lab.prometheus.numbers import INF, NAN, add_compensated
from controlroom.lab.prometheus.values import Window

OverTime = Callable[[Window, Sequence[float]], float | None]
"""Takes the window and the call's scalar arguments at that step; None for no result."""


def _extrapolated(window: Window, *, counter: bool, per_second: bool) -> float | None:
    """`extrapolatedRate`: the increase between the window's samples, stretched towards its ends."""
    samples, low, last = window.samples, window.low, window.high - 1
    count = last - low
    if count < 1:
        return None
    times, values = samples.times, samples.values
    result = values[last] - values[low]
    if counter:
        for index in samples.resets_between(low, last):
            result += values[index - 1]
    to_start = (times[low] - window.start) / 1000
    to_end = (window.end - times[last]) / 1000
    sampled = (times[last] - times[low]) / 1000
    average = sampled / count
    if counter and result > 0 and values[low] >= 0:
        to_start = min(to_start, sampled * (values[low] / result))
    threshold = average * 1.1
    stretched = sampled
    stretched += to_start if to_start < threshold else average / 2
    stretched += to_end if to_end < threshold else average / 2
    factor = stretched / sampled
    if per_second:
        factor /= (window.end - window.start) / 1000
    return result * factor


def _rate(window: Window, _: Sequence[float]) -> float | None:
    return _extrapolated(window, counter=True, per_second=True)


def _increase(window: Window, _: Sequence[float]) -> float | None:
    return _extrapolated(window, counter=True, per_second=False)


def _delta(window: Window, _: Sequence[float]) -> float | None:
    return _extrapolated(window, counter=False, per_second=False)


def _irate(window: Window, _: Sequence[float]) -> float | None:
    if window.high - window.low < 2:
        return None
    before, last = window.samples.values[window.high - 2 : window.high]
    earlier, later = window.samples.times[window.high - 2 : window.high]
    return (last if last < before else last - before) / ((later - earlier) / 1000)


def _idelta(window: Window, _: Sequence[float]) -> float | None:
    if window.high - window.low < 2:
        return None
    before, last = window.samples.values[window.high - 2 : window.high]
    return last - before


def _regression(window: Window, origin_ms: int) -> tuple[float, float]:
    """`linearRegression`: slope per second and the value at `origin_ms`, by least squares."""
    values = window.values
    if all(value == values[0] for value in values):
        return (NAN, NAN) if math.isinf(values[0]) else (0.0, values[0])
    count = float(len(values))
    sum_x = c_x = sum_y = c_y = sum_xy = c_xy = sum_xx = c_xx = 0.0
    for time, y in zip(window.times, values, strict=True):
        x = (time - origin_ms) / 1000
        sum_x, c_x = add_compensated(x, sum_x, c_x)
        sum_y, c_y = add_compensated(y, sum_y, c_y)
        sum_xy, c_xy = add_compensated(x * y, sum_xy, c_xy)
        sum_xx, c_xx = add_compensated(x * x, sum_xx, c_xx)
    sum_x, sum_y, sum_xy, sum_xx = sum_x + c_x, sum_y + c_y, sum_xy + c_xy, sum_xx + c_xx
    covariance = sum_xy - sum_x * sum_y / count
    variance = sum_xx - sum_x * sum_x / count
    slope = covariance / variance
    return slope, sum_y / count - slope * sum_x / count


def _deriv(window: Window, _: Sequence[float]) -> float | None:
    if window.high - window.low < 2:
        return None
    return _regression(window, window.samples.times[window.low])[0]


def _predict_linear(window: Window, args: Sequence[float]) -> float | None:
    if window.high - window.low < 2:
        return None
    slope, intercept = _regression(window, window.now)
    return slope * args[0] + intercept


def _holt_winters(window: Window, args: Sequence[float]) -> float | None:
    smoothing, trend_factor = args
    for factor, name in ((smoothing, "smoothing"), (trend_factor, "trend")):
        if not 0 < factor < 1:
            sign = "sf" if name == "smoothing" else "tf"
            raise execution(f"invalid {name} factor. Expected: 0 < {sign} < 1, got: {factor:f}")
    values = window.values
    if len(values) < 2:
        return None
    before, level, trend = 0.0, values[0], values[1] - values[0]
    for index, value in enumerate(values[1:]):
        if index:
            trend = trend_factor * (level - before) + (1 - trend_factor) * trend
        before, level = level, smoothing * value + (1 - smoothing) * (level + trend)
    return level


def _resets(window: Window, _: Sequence[float]) -> float:
    return float(len(window.samples.resets_between(window.low, window.high - 1)))


def _changes(window: Window, _: Sequence[float]) -> float:
    values = window.values
    return float(sum(1 for a, b in pairwise(values) if a != b and not (a != a and b != b)))


def _sum(window: Window, _: Sequence[float]) -> float:
    total = compensation = 0.0
    for value in window.values:
        total, compensation = add_compensated(value, total, compensation)
    return total if math.isinf(total) else total + compensation


def _avg(window: Window, _: Sequence[float]) -> float:
    mean = compensation = 0.0
    for count, value in enumerate(window.values, 1):
        if math.isinf(mean) and (value == mean or not (math.isinf(value) or value != value)):
            continue
        mean, compensation = add_compensated(value / count - mean / count, mean, compensation)
    return mean if math.isinf(mean) else mean + compensation


def _stdvar(window: Window, _: Sequence[float]) -> float:
    mean = c_mean = squares = c_squares = 0.0
    count = 0
    for value in window.values:
        count += 1
        delta = value - (mean + c_mean)
        mean, c_mean = add_compensated(delta / count, mean, c_mean)
        squares, c_squares = add_compensated(delta * (value - (mean + c_mean)), squares, c_squares)
    return (squares + c_squares) / count


def _stddev(window: Window, args: Sequence[float]) -> float:
    return math.sqrt(_stdvar(window, args))


def _max(window: Window, _: Sequence[float]) -> float:
    known = [value for value in window.values if value == value]
    return max(known, default=NAN)


def _min(window: Window, _: Sequence[float]) -> float:
    known = [value for value in window.values if value == value]
    return min(known, default=NAN)


def quantile(q: float, values: Sequence[float]) -> float:
    """The φ-quantile by linear interpolation; NaN values count as the smallest (promql/quantile.go)."""
    if not values or q != q:
        return NAN
    if q < 0 or q > 1:
        return -INF if q < 0 else INF
    ordered = sorted(values, key=lambda value: (value == value, value if value == value else 0.0))
    rank = q * (len(ordered) - 1)
    lower = max(0, math.floor(rank))
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - math.floor(rank)
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def _quantile(window: Window, args: Sequence[float]) -> float:
    return quantile(args[0], window.values)


def _count(window: Window, _: Sequence[float]) -> float:
    return float(window.high - window.low)


def _last(window: Window, _: Sequence[float]) -> float:
    return window.samples.values[window.high - 1]


def _present(_window: Window, _: Sequence[float]) -> float:
    return 1.0


OVER_TIME: dict[str, OverTime] = {
    "rate": _rate,
    "increase": _increase,
    "delta": _delta,
    "irate": _irate,
    "idelta": _idelta,
    "deriv": _deriv,
    "predict_linear": _predict_linear,
    "holt_winters": _holt_winters,
    "resets": _resets,
    "changes": _changes,
    "sum_over_time": _sum,
    "avg_over_time": _avg,
    "stdvar_over_time": _stdvar,
    "stddev_over_time": _stddev,
    "max_over_time": _max,
    "min_over_time": _min,
    "quantile_over_time": _quantile,
    "count_over_time": _count,
    "last_over_time": _last,
    "present_over_time": _present,
}
"""By name; each drops the metric name but last_over_time."""
