"""Moments as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.journal.moments import BadMoment, parse_moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("T+27:30", 1650.0), ("t+27:30", 1650.0), ("27:30", 1650.0), ("1650", 1650.0), ("1:02:03", 3723.0),
        ("T+1:02:03", 3723.0), ("T+75:00", 4500.0), (" 0:05.5 ", 5.5), ("0", 0.0), ("12.25", 12.25),
    ],
)  # fmt: skip
def test_a_moment_is_session_seconds(text: str, seconds: float) -> None:
    assert parse_moment(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "T+", "half past", "1:60", "1:75:00", "-5", "T-5", "1:2:3:4", "1e3", "nan", "0x10", "12:3", "1: 30"],
)
def test_anything_else_is_refused_with_the_forms_that_are_taken(text: str) -> None:
    with pytest.raises(BadMoment, match="write T\\+27:30, 27:30, 1:02:03 or seconds"):
        parse_moment(text)


@given(st.integers(0, 100 * 3600))
def test_every_way_to_write_a_second_means_the_same(seconds: int) -> None:
    minutes, rest = divmod(seconds, 60)
    ways = (f"{seconds}", f"{minutes}:{rest:02}", f"T+{minutes // 60}:{minutes % 60:02}:{rest:02}")
    assert {parse_moment(way) for way in ways} == {float(seconds)}
