"""Old sessions go only when nothing speaks for them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.pruning import BadAge, age_of, prunable, remove
from controlroom.journal.tags import BadTag, change_tags, read_tags
from tests.journal.books import day, written
from tests.journal.shelf import aged, put

NOW = datetime(2028, 1, 1, tzinfo=UTC)
OLD = datetime(2026, 11, 23, tzinfo=UTC)
YEAR = timedelta(days=365)


def test_closed_and_old_is_what_goes(tmp_path: Path) -> None:
    aged(put(tmp_path, "20261122-a"), OLD)
    aged(put(tmp_path, "20261121-b"), OLD)
    found = prunable(tmp_path, YEAR, NOW)
    assert [own.name for own in found.gone] == ["20261121-b", "20261122-a"]
    assert found.size == sum(own.size for own in found.gone) > 0
    assert prunable(tmp_path, YEAR * 2, NOW).gone == ()
    assert remove(tmp_path, "20261121-b") == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20261122-a"]


def test_what_was_written_lately_is_young_whatever_its_own_clock_says(tmp_path: Path) -> None:
    aged(put(tmp_path), NOW - timedelta(days=1))
    assert prunable(tmp_path, YEAR, NOW).gone == ()


def test_what_stays_says_why(tmp_path: Path) -> None:
    put(tmp_path, "live").set_host(HostFile(pid=os.getpid(), socket="/nowhere"))
    put(tmp_path, "unfinished", written(day(900.0)))
    put(tmp_path, "broken", b"rubbish\n")
    change_tags(put(tmp_path, "kept"), ["keep"])
    elsewhere = put(tmp_path / "elsewhere", "far")
    (tmp_path / "linked").symlink_to(elsewhere.path)
    for name in ("live", "unfinished", "broken", "kept", "linked"):
        aged(SessionFolder(tmp_path / name), OLD)
    found = prunable(tmp_path, YEAR, NOW)
    assert found.gone == ()
    assert {own.session.name: own.why for own in found.kept} == {
        "live": "it goes on",
        "unfinished": "it was not finished",
        "broken": "it cannot be read",
        "kept": "it is tagged keep",
        "linked": "it is a link to somewhere else",
    }
    for name, why in ((own.session.name, own.why) for own in found.kept):
        assert remove(tmp_path, name) == why
        assert (tmp_path / name / "journal.jsonl").is_file()


@pytest.mark.parametrize("name", ["..", "../other", "", ".", "nowhere"])
def test_nothing_outside_the_folder_is_removed(tmp_path: Path, name: str) -> None:
    sessions = tmp_path / "sessions"
    put(tmp_path, "other")
    sessions.mkdir()
    (tmp_path / "journal.jsonl").write_bytes(written(day()))
    assert remove(sessions, name) == "it is not there"
    assert (tmp_path / "other" / "journal.jsonl").is_file()


def test_ages() -> None:
    assert [age_of(own).days for own in ("90d", "12w", "1y")] == [90, 84, 365]
    for text in ("", "90", "d", "-1d", "1m", "99999999y"):
        with pytest.raises(BadAge):
            age_of(text)


def test_tags_are_words_beside_the_recording(tmp_path: Path) -> None:
    folder = put(tmp_path)
    before = folder.journal.read_bytes()
    assert change_tags(folder, ["#Q4", "keep"]) == ("keep", "q4")
    assert change_tags(folder, ["passed"], ["keep"]) == ("passed", "q4")
    assert read_tags(folder) == ("passed", "q4")
    assert (folder.path / "tags.json").stat().st_mode & 0o777 == 0o600
    assert folder.journal.read_bytes() == before
    for text in ("", "two words", "../up", "x" * 41, "\x1b[31m"):
        with pytest.raises(BadTag):
            change_tags(folder, [text])
    with pytest.raises(BadTag, match="at most"):
        change_tags(folder, [f"t{n}" for n in range(60)])
    (folder.path / "tags.json").write_bytes(b'{"tags":["ok","NOT OK",7]}')
    assert read_tags(folder) == ()
    assert change_tags(folder, [], []) == ()
    assert not (folder.path / "tags.json").exists()
