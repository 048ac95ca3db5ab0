"""Lines keep their cells whatever stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from controlroom.tui.draw.canvas import Canvas
from controlroom.tui.draw.trend import spark
from controlroom.tui.safety import as_ascii
from controlroom.tui.text import clock, fit, fit_row, number, row_width, span, spread, wrapped


@given(st.text(max_size=60), st.integers(0, 40), st.sampled_from("<>^"))
def test_a_fitted_text_takes_exactly_its_cells(text: str, cells: int, align: str) -> None:
    assert cell_len(fit(text, cells, align)) == cells


@pytest.mark.parametrize("text", ["在庫サービス", "👩‍🚀 crew", "naïve e\u0301te\u0301", "שלום", "x" * 300])
def test_wide_and_combining_characters_keep_columns_straight(text: str) -> None:
    row = fit_row(((text, ""), ("|", "dim")), 12)
    assert row_width(row) == 12
    assert row_width(spread(((text, ""),), (("right", ""),), 20)) == 20


def test_a_text_that_is_cut_says_so() -> None:
    assert fit("inventory-service", 9) == "inventor…"
    assert fit("在庫サービス", 6) == "在庫… "


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80), st.integers(4, 30))
def test_wrapped_lines_are_never_wider(text: str, cells: int) -> None:
    assert all(cell_len(line) <= cells for line in wrapped(text, cells))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (228, "3:48"), (3723, "1:02:03"), (-72, "-1:12"), (59.6, "1:00")]
)
def test_a_length_of_time(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_session_times_and_numbers() -> None:
    assert clock(1872.9) == "31:12"
    assert clock(6000) == "100:00"
    assert number(1422.0, 0) == "1422"
    assert number(14_220.0, 0) == "14.2k"
    assert number(2.357, 2) == "2.36"


def test_a_sparkline_has_a_block_for_each_value_and_a_dot_for_the_unknown() -> None:
    assert spark([0.0, 5.0, 10.0, float("nan")], 0.0, 10.0) == "▁▅█·"
    assert spark([3.0, 3.0], 3.0, 3.0) == "▁▁"


@given(st.text(alphabet="─━┄│╭╮▁▂█◆●◉✗▲‖×·…→é漢👍ab", max_size=40))
def test_ascii_takes_as_many_cells(text: str) -> None:
    plain = as_ascii(text)
    assert plain.isascii()
    assert len(plain) == cell_len(text)


def test_a_canvas_cuts_at_both_ends_and_keeps_what_lies_there() -> None:
    canvas = Canvas(10)
    canvas.put(-2, "abcd", "dim")
    canvas.put(8, "漢字")
    assert "".join(text for text, _ in canvas.row()) == "cd      漢"
    assert not canvas.put_free(1, "x")
    assert canvas.put_free(3, "now")


def test_a_row_that_is_cut_says_so_and_blanks_at_its_end_are_not_missed() -> None:
    row = (("TTD ", "dim"), ("0:15 ", "strong"), ("TTR ", "dim"), ("39:44", "strong"), ("   ", ""))

    def shown(cells: int) -> str:
        return "".join(text for text, _ in fit_row(row, cells))

    assert shown(18) == "TTD 0:15 TTR 39:44"
    assert shown(17) == "TTD 0:15 TTR 39:…"
    assert shown(13) == "TTD 0:15 TTR…"
    assert shown(9) == "TTD 0:15…"
    assert all(row_width(fit_row(row, cells)) == cells for cells in range(1, 30))
