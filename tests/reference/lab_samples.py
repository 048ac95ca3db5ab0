"""Inputs of the reference from a lab that has lived: plain values of its truth, its samples and the plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from controlroom.core.plan import Plan
from controlroom.core.values import Value
from controlroom.lab.prometheus.engine import Engine
from controlroom.lab.prometheus.labels import Labels
from controlroom.lab.prometheus.numbers import STALE_NAN
from controlroom.lab.prometheus.storage import Storage
from controlroom.lab.truth import samples_file

MOST_SECONDS = 10_000
"""Steps of one range query."""


def plain(value: object) -> Any:
    """A value of the house as dictionaries and lists, defaults included."""
    if isinstance(value, Value):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(own) for key, own in value.items()}
    if isinstance(value, tuple | list):
        return [plain(own) for own in value]
    return value


def read_truth(path: Path) -> dict[str, Any]:
    """The ground truth that a lab wrote."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def read_storage(path: Path) -> Storage:
    """The samples that were written beside the truth file `path`."""
    storage = Storage()
    decoder = msgspec.json.Decoder(_Line)
    for line in samples_file(path).read_bytes().splitlines():
        series = decoder.decode(line)
        labels = Labels(series.labels)
        for t_ms, value in zip(series.t_ms, series.values, strict=True):
            storage.append(labels, t_ms, STALE_NAN if value is None else value)
    return storage


class _Line(msgspec.Struct):
    labels: dict[str, str]
    t_ms: list[int]
    values: list[float | None]


def each_second(
    storage: Storage, plan: Plan, start: float, end: float
) -> dict[str, list[tuple[float, float | None]]]:
    """Every metric of the plan at each whole second from `start` to `end` (Unix seconds)."""
    engine, seconds = Engine(storage), range(int(start), int(end) + 1)
    found = {}
    for metric in plan.metrics:
        values: dict[int, float] = {}
        for first in range(seconds.start, seconds.stop, MOST_SECONDS):
            last = min(first + MOST_SECONDS, seconds.stop) - 1
            answer = engine.range(metric.query, first * 1000, last * 1000, 1000)
            for series in answer.series:
                values.update(
                    {t // 1000: value for t, value in zip(series.times, series.values, strict=True)}
                )
        found[metric.id] = [(float(t), _known(values.get(t))) for t in seconds]
    return found


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value
