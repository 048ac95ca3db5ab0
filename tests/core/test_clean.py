"""Whatever comes in, what comes out cannot move a cursor, break a line or grow without bound."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.clean import clean

PIECES = st.sampled_from(
    [
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x1bP1$q\x1b\\",
        "\x9b2J",
        "\x1b",
        "[",
        "a",
        "é",
        "\u202e",
        "\n",
        "\ud800",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(codec=None), max_size=80),
    st.lists(PIECES, max_size=30).map("".join),
)


@pytest.mark.parametrize(
    ("dirty", "harmless"),
    [
        ("plain text, with äöü and 漢字", "plain text, with äöü and 漢字"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07name", "name"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1000p1234\x1b\\after", "after"),
        ("\x9b31mred\x9d0;title\x9cname", "redname"),
        ("\x1b(Bascii\x1b7", "ascii"),
        ("cut off \x1b[31", "cut off "),
        ("cut off \x1b]0;never ended", "cut off "),
        ("two\r\nlines\tand a tab", "two  lines and a tab"),
        ("a\x00b\x07c\x7fd\x85e", "abcd e"),
        ("user\u202egnp.exe\u2066\u2069", "usergnp.exe"),
        ("\ufeffmark", "mark"),
        ("half \ud83d pair", "half  pair"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("[bold]not our markup to judge[/bold]", "[bold]not our markup to judge[/bold]"),
    ],
)
def test_known_pieces(dirty: str, harmless: str) -> None:
    assert clean(dirty) == harmless


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert clean("x" * 500) == "x" * 500
    assert clean("x" * 501) == "x" * 499 + "…"
    assert clean("é" * 9, most=4) == "ééé…"
    assert clean("abc", most=0) == ""


@given(TEXTS, st.integers(0, 60))
def test_nothing_harmful_is_left(text: str, most: int) -> None:
    result = clean(text, most)
    assert len(result) <= most
    assert not any(unicodedata.category(one) in ("Cc", "Cs") for one in result)
    assert not any(unicodedata.bidirectional(one) in ("LRE", "RLE", "LRO", "RLO", "PDF") for one in result)
    result.encode("utf-8")


@given(TEXTS, st.integers(0, 60))
def test_cleaning_twice_is_cleaning_once(text: str, most: int) -> None:
    once = clean(text, most)
    assert clean(once, most) == once
