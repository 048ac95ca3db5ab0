"""What a todo says of its owner and its date."""

from datetime import date

import pytest

from controlroom.core.todo import Todo, read_todo, with_dates

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "title", "owner", "due"),
    [
        ("fix it @bo", "fix it", "bo", ""),
        ("fix it", "fix it", "", ""),
        ("mail a@b.example", "mail a@b.example", "", ""),
        ("@bo fix it", "fix it", "bo", ""),
        ("link is dead → @maria", "link is dead", "maria", ""),
        ("fix it @bo due friday", "fix it", "bo", "2026-11-27"),
        ("fix it due fri, @bo", "fix it", "bo", "2026-11-27"),
        ("fix it due tuesday", "fix it", "", "2026-12-01"),
        ("fix it due: 2026-12-24", "fix it", "", "2026-12-24"),
        ("fix it due +7d", "fix it", "", "2026-12-01"),
        ("fix it due +2w @bo", "fix it", "bo", "2026-12-08"),
        ("fix it due Tomorrow.", "fix it", "", "2026-11-25"),
        ("late due to the load, due today", "late due to the load,", "", "2026-11-24"),
        ("due friday", "due friday", "", "2026-11-27"),
        ("the bill is due", "the bill is due", "", ""),
    ],
)
def test_owner_and_date_of_a_todo(text: str, title: str, owner: str, due: str) -> None:
    assert read_todo(text, TUESDAY) == Todo(title=title, owner=owner, due=due)


@pytest.mark.parametrize("text", ["fix it due soon", "fix it due 2026-13-01", "fix it due +99999w"])
def test_what_is_no_date_is_told_and_stays_in_the_text(text: str) -> None:
    own = read_todo(text, TUESDAY)
    assert (own.title, own.due) == (text, "")
    assert "is no date: friday, tomorrow, 2026-12-01 or +7d" in own.wrong


def test_a_date_that_cannot_be_is_no_date() -> None:
    assert read_todo("fix it due +9999w", date(9990, 1, 1)).wrong


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("fix it @bo due friday", "fix it @bo due 2026-11-27"),
        ("late due to load, due +7d now", "late due to load, due 2026-12-01 now"),
        ("fix it due soon", "fix it due soon"),
        ("fix it", "fix it"),
    ],
)
def test_a_date_is_written_out_where_it_stands(text: str, written: str) -> None:
    assert with_dates(text, TUESDAY) == written
    assert with_dates(written, date(2030, 1, 1)) == written
