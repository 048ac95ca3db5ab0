"""The commands on saved sessions, as a shell calls them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.calling import call, spawn
from tests.journal.books import day, written
from tests.journal.shelf import NAME, aged, put, recorded

Capture = pytest.CaptureFixture[str]
OLD = datetime(2026, 11, 23, tzinfo=UTC)


def test_searched_tagged_and_ordered(tmp_path: Path, capsys: Capture) -> None:
    recorded(put(tmp_path))
    put(tmp_path, "20261121-130000-other", written(day(900.0)))
    here = ("--sessions", tmp_path)
    assert call(capsys, "sessions", "tag", NAME, "Q4", "keep", *here).out == "keep q4\n"
    assert call(capsys, "sessions", *here).out.splitlines()[-1].startswith("2 sessions, ")
    for words in (("--tag", "q4"), ("--search", "#q4"), ("--search", "closed rehearsal")):
        (row, _) = call(capsys, "sessions", *words, *here).out.splitlines()[1:]
        assert row.startswith(NAME)
        assert "#keep #q4" in row
    assert "that match" in call(capsys, "sessions", "--search", "nothing of it", *here).out
    found = json.loads(call(capsys, "sessions", "--json", "--sort", "name", *here).out)
    assert [own["name"] for own in found] == ["20261121-130000-other", NAME]
    assert call(capsys, "sessions", "tag", NAME, "--remove", "q4", *here).out == "keep\n"
    bad = call(capsys, "sessions", "tag", NAME, "two words", *here)
    assert (bad.code, "is no tag" in bad.err) == (2, True)


def test_verified(tmp_path: Path, capsys: Capture) -> None:
    here = ("--sessions", tmp_path)
    folder = recorded(put(tmp_path))
    called = call(capsys, "sessions", "verify", *here)
    assert (called.code, called.out.split()[:2]) == (0, ["whole", NAME])
    folder.journal.write_bytes(written(day()).replace(b"bookstore", b"bookshops"))
    called = call(capsys, "sessions", "verify", NAME, *here)
    assert called.code == 1
    assert called.out.startswith("CHANGED")
    assert "line 2: " in called.out
    found = json.loads(call(capsys, "sessions", "verify", "--json", *here).out)
    assert [own["state"] for own in found] == ["changed"]
    folder.journal.write_bytes(b"")
    assert call(capsys, "sessions", "verify", *here).code == 3


def test_handed_over(tmp_path: Path, capsys: Capture) -> None:
    here, there = ("--sessions", tmp_path / "here"), ("--sessions", tmp_path / "there")
    put(tmp_path / "here")
    target = tmp_path / "day.tar.gz"
    assert str(target) in call(capsys, "sessions", "export", NAME, "--to", target, *here).out
    again = call(capsys, "sessions", "export", NAME, "--to", target, *here)
    assert (again.code, again.err.count("\n"), "there already" in again.err) == (4, 1, True)
    assert call(capsys, "sessions", "import", target, *there).out == f"{tmp_path / 'there' / NAME}\n"
    assert call(capsys, "sessions", "import", target, *there).code == 4
    assert call(capsys, "sessions", "import", target, "--name", "b", *there).code == 0
    missing = call(capsys, "sessions", "import", tmp_path / "nowhere", *there)
    assert (missing.code, missing.err.count("\n")) == (4, 1)


def test_pruned_only_after_the_word(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ("--older-than", "1d", "--sessions", tmp_path)
    aged(put(tmp_path), OLD)
    called = call(capsys, "sessions", "prune", *here)
    assert (called.code, "--yes" in called.out) == (0, True)
    assert (tmp_path / NAME).is_dir()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert call(capsys, "sessions", "prune", *here).code == 1
    assert (tmp_path / NAME).is_dir()
    monkeypatch.setattr("builtins.input", lambda _: "prune")
    called = call(capsys, "sessions", "prune", *here)
    assert (called.code, "1 removed" in called.out) == (0, True)
    assert not (tmp_path / NAME).exists()
    bad = call(capsys, "sessions", "prune", "--older-than", "soon", "--sessions", tmp_path)
    assert (bad.code, "90d" in bad.err) == (2, True)


def test_pruned_by_a_program(tmp_path: Path, capsys: Capture) -> None:
    aged(put(tmp_path), OLD)
    words = ("sessions", "prune", "--older-than", "1d", "--json", "--sessions", tmp_path)
    assert json.loads(call(capsys, *words).out)["removed"] == []
    assert json.loads(call(capsys, *words, "--yes").out)["removed"] == [NAME]


def test_a_folder_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    for action in ((), ("verify",), ("prune", "--older-than", "1y")):
        called = spawn("sessions", *action, "--sessions", tmp_path / "nowhere")
        assert (called.code, called.err) == (0, "")
        assert len(called.out.splitlines()) == 1
