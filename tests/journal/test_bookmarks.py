"""The file of bookmarks: beside a recording or among the account's data, tolerant, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.core.bookmarks import LONGEST, MOST, Bookmark, added, as_stops, here, renamed
from controlroom.journal.bookmarks import FileBookmarks
from controlroom.shipped import shipped

FOUND = (Bookmark(id=1, t=10.0, text="first"), Bookmark(id=2, t=20.0, text="second"))


def test_written_and_read(tmp_path: Path) -> None:
    own = FileBookmarks(tmp_path)
    assert own.read() == ()
    own.write(FOUND)
    assert own.path == tmp_path / "bookmarks.json"
    assert own.path.stat().st_mode & 0o777 == 0o600
    assert FileBookmarks(tmp_path).read() == FOUND


def test_no_secret_that_somebody_types_is_kept(tmp_path: Path) -> None:
    own = FileBookmarks(tmp_path)
    own.write([Bookmark(id=1, t=1.0, text="see https://robin:planted-4711@grafana/x password=planted-4712")])
    assert b"planted" not in own.path.read_bytes()
    assert own.read()[0].text == "see https://***@grafana/x password=***"


def test_those_of_the_recording_that_is_shipped_lie_elsewhere(tmp_path: Path) -> None:
    example = shipped("sessions") / "example"
    own = FileBookmarks(example, tmp_path / "data")
    own.write(FOUND)
    assert own.path == tmp_path / "data" / "example.json"
    assert not (example / "bookmarks.json").exists()
    assert own.read() == FOUND


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"v":9,"bookmarks":[]}', b"\xff"])
def test_what_cannot_be_read_is_said_and_left(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bookmarks.json").write_bytes(data)
    with pytest.raises(OSError, match=r"bookmarks\.json"):
        FileBookmarks(tmp_path).read()
    with pytest.raises(OSError, match=r"bookmarks\.json"):
        FileBookmarks(tmp_path).write(FOUND)
    assert (tmp_path / "bookmarks.json").read_bytes() == data


def test_a_text_that_means_harm_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "bookmarks.json").write_bytes(
        b'{"v":1,"bookmarks":[{"id":1,"t":5,"text":"a\\u001b[2Jb\\u202e"}]}'
    )
    (found,) = FileBookmarks(tmp_path).read()
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


def test_added_renamed_taken_away() -> None:
    more = added(FOUND, 15.0, "between")
    assert [own.text for own in more] == ["first", "between", "second"]
    assert [own.id for own in more] == [1, 3, 2]
    assert [own.text for own in renamed(more, 3, "else")] == ["first", "else", "second"]
    assert [own.text for own in renamed(more, 3, "")] == ["first", "second"]
    assert here(more, 15.3) == more[1]
    assert here(more, 17.0) is None
    assert [(own.t, own.kind, own.text) for own in as_stops(FOUND)] == [
        (10.0, "bookmark", "first"),
        (20.0, "bookmark", "second"),
    ]
    with pytest.raises(ValueError, match="at most"):
        added(FOUND, 1.0, "x" * (LONGEST + 1))
    with pytest.raises(ValueError, match="at most"):
        added(tuple(Bookmark(id=n, t=float(n)) for n in range(MOST)), 1.0, "x")
