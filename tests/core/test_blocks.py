"""Blocks of a column say what looking at each sample would."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from controlroom.core.assessment import Limit
from controlroom.core.columns import BLOCK, Column, Series
from controlroom.core.figures.samples import INSIDE, OUTSIDE, UNKNOWN, codes

SECONDS = 5 * BLOCK + 37


def column(seed: int) -> Column:
    """Whole blocks inside, outside and across a bound of 10; some with unknown steps, one without a known one."""
    chance = random.Random(seed)
    found = Column(1)
    levels = [chance.choice((1.0, 9.9, 10.0, 10.1, 50.0)) for _ in range(6)]
    values: list[float | None] = []
    for level in levels:
        gaps = chance.choice((0.0, 0.0, 0.01, 1.0))
        values += [
            None if chance.random() < gaps else level * chance.choice((1, 1, 0.5)) for _ in range(BLOCK)
        ]
    found.extend(1000, values[:SECONDS])
    return found


@pytest.mark.parametrize("seed", range(20))
def test_a_stretch_is_told_by_its_blocks_as_by_its_samples(seed: int) -> None:
    own, chance = column(seed), random.Random(seed)
    series = Series(own, SECONDS)
    for _ in range(30):
        start = chance.randrange(SECONDS)
        within = range(start, chance.randrange(start, SECONDS + 1))
        values = own.values[within.start : within.stop]
        known = [value for value in values if value == value]
        assert series.extremes(within) == ((min(known), max(known)) if known else None)
        assert series.whole(within) == (len(known) == len(values))
        for worse in ("higher", "lower"):
            limit = Limit(metric="m", worse=worse, value=10.0)
            numbers = range(1000 + within.start - 3, 1000 + within.stop)
            assert codes(series, limit, numbers) == bytes(_codes(own.values, numbers, worse))


def _codes(values: array[float], numbers: range, worse: str) -> list[int]:
    found: list[int] = []
    for number in numbers:
        value = values[number - 1000] if number >= 1000 else math.nan
        if math.isnan(value):
            found.append(UNKNOWN)
        else:
            found.append(OUTSIDE if (value > 10 if worse == "higher" else value < 10) else INSIDE)
    return found


def test_a_block_is_looked_at_once_it_is_full() -> None:
    own = Column(1)
    own.extend(0, [1.0] * BLOCK)
    assert Series(own, BLOCK).extremes(range(BLOCK)) == (1.0, 1.0)
    own.extend(BLOCK, [5.0] * 10)
    assert Series(own, BLOCK + 10).extremes(range(BLOCK + 10)) == (1.0, 5.0)
    assert Series(own, BLOCK).extremes(range(BLOCK)) == (1.0, 1.0)
