"""A line to draw on keeps its width, whatever is put on it and on each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.tui.draw.axis import Axis, labels, minutes
from controlroom.tui.draw.canvas import Canvas
from controlroom.tui.text import row_width

TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("ab─█▲日本語한👩‍👩‍👧🇩🇪ا\u0301\u200f\u202e\x1b\t")
    ),
    max_size=12,
)


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(-5, 65), TEXTS), max_size=8))
def test_whatever_is_put_on_it_the_line_is_as_wide_as_it_was(cells: int, puts: list[tuple[int, str]]) -> None:
    canvas = Canvas(cells)
    for x, text in puts:
        canvas.put(x, text)
        canvas.put_free(x + 3, text)
        canvas.fill(x, "┊", "dim")
        assert row_width(canvas.row()) == cells


def test_half_of_a_wide_character_is_a_blank() -> None:
    canvas = Canvas(6)
    canvas.put(0, "日本")
    canvas.put(1, "x")
    canvas.put(2, "y")
    assert "".join(text for text, _ in canvas.row()) == " xy   "


@given(st.floats(1, 200_000), st.integers(2, 300), st.floats(0, 1))
def test_a_cell_stands_for_a_moment_in_it(end: float, cells: int, share: float) -> None:
    axis = Axis(cells, end)
    x = axis.x(share * end)
    assert 0 <= x < cells
    assert axis.x(axis.t(x)) == x


@pytest.mark.parametrize("end", [60.0, 5400.0, 20_000.0, 86_400.0, 500_000.0])
def test_the_labels_of_an_axis_do_not_touch(end: float) -> None:
    axis, canvas = Axis(100, end), Canvas(100)
    labels(canvas, axis, ((t, minutes(t, end)) for t in axis.ticks(9)))
    words = "".join(text for text, _ in canvas.row()).split()
    assert 1 <= len(words) <= 12
    assert len(set(words)) == len(words)
