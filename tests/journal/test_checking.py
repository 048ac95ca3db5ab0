"""Whether a session is as it was written: every edit that the chain or the record can show is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controlroom.journal.checking import checked, first_trouble
from tests.journal.books import day, written
from tests.journal.shelf import put, recorded

LINES = written(day()).splitlines(keepends=True)


def test_a_session_as_it_was_written(tmp_path: Path) -> None:
    found = checked(recorded(put(tmp_path)))
    assert (found.state, found.record, found.torn, found.events) == ("whole", "current", 0, len(LINES))
    assert (found.broken, found.wrong, first_trouble(found)) == ((), (), "")


EDITS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a word changed": (
        lambda own: [*own[:40], own[40].replace(b'"at":"2026', b'"at":"2025'), *own[41:]],
        "line 42",
    ),
    "a line taken out": (lambda own: [*own[:40], *own[41:]], "line 41"),
    "a line put in twice": (lambda own: [*own[:41], own[40], *own[41:]], "line 42"),
    "two lines exchanged": (lambda own: [*own[:40], own[41], own[40], *own[42:]], "line 41"),
    "the last line changed": (
        lambda own: [*own[:-1], own[-1].replace(b'"at":"2026', b'"at":"2025')],
        f"line {len(LINES)} is not the one that session.json has",
    ),
    "lines cut off at the end": (lambda own: own[:-3], "missing at the end"),
    "another first line": (lambda own: own[1:], "line 1"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_named_with_its_line(tmp_path: Path, edit: str) -> None:
    change, said = EDITS[edit]
    folder = recorded(put(tmp_path))
    folder.journal.write_bytes(b"".join(change(list(LINES))))
    found = checked(folder)
    assert found.state == "changed"
    assert said in " ".join([f"line {own.line}: {own.why}" for own in found.broken] + list(found.wrong))
    assert first_trouble(found)


def test_a_torn_last_line_is_normal_and_told(tmp_path: Path) -> None:
    found = checked(put(tmp_path, data=b"".join(LINES[:50]) + LINES[50][:20]))
    assert (found.state, found.torn, found.record) == ("whole", 20, "none")
    assert any("being written" in own for own in found.remarks)


def test_a_record_of_an_earlier_moment_is_no_harm(tmp_path: Path) -> None:
    folder = put(tmp_path, data=b"".join(LINES[:-5]))
    recorded(folder).journal.write_bytes(b"".join(LINES))
    # `recorded` writes the record of the whole day; what it says of fewer lines is an earlier one.
    assert checked(folder).record == "current"
    folder.record.write_bytes(b"no json")
    assert (checked(folder).state, checked(folder).record) == ("whole", "unreadable")


@pytest.mark.parametrize("data", [b"", b"rubbish\n", b"\x00\xff\n" * 3, LINES[0][:100]])
def test_what_cannot_be_read_is_said_and_never_raised(tmp_path: Path, data: bytes) -> None:
    assert checked(put(tmp_path, data=data)).state in ("unreadable", "changed")
