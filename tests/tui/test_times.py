"""Times and notes as people type them."""

from __future__ import annotations

import pytest

from controlroom.tui.screens.marks import split_time
from controlroom.tui.times import note_of, session_time


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("27:30", 1650),
        ("T+27:30", 1650),
        ("t+1:02:03", 3723),
        ("27m", 1620),
        ("-2:30", 1850),
        ("+0:30", 2030),
        ("-5m", 1700),
    ],
)
def test_a_time_is_read_as_people_write_it(typed: str, seconds: float) -> None:
    assert session_time(typed, now=2000.0) == seconds


@pytest.mark.parametrize("typed", ["", "soon", "1:75", "1:2:3:4", "12:", "T+", "27", "-5"])
def test_what_is_not_a_time_says_how_one_looks(typed: str) -> None:
    with pytest.raises(ValueError, match=r"27:30|60 seconds"):
        session_time(typed, now=0.0)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("plain words", ("note", "plain words", False)),
        ("todo: mend the link", ("todo", "mend the link", False)),
        ("private: obs: they argue", ("observation", "they argue", True)),
        ("obs: private: they argue", ("observation", "they argue", True)),
        ("at 12:30: it broke", ("note", "at 12:30: it broke", False)),
        ("DECIDE: restart", ("decision", "restart", False)),
    ],
)
def test_a_note_says_its_type_in_front(typed: str, found: tuple[str, str, bool]) -> None:
    assert note_of(typed) == found


def test_a_mark_may_begin_with_an_earlier_time() -> None:
    assert split_time("-2:30 page came", 1000.0) == (850.0, "page came")
    assert split_time("page came at 2:30", 1000.0) == (None, "page came at 2:30")
    assert split_time("", 1000.0) == (None, "")
