"""The folder of a session: private, and honest about its host."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlroom.journal import folder as module
from controlroom.journal.folder import HostFile, SessionFolder, create, sessions_in, write_private

NOW = datetime(2026, 11, 22, 13, 0, 5, tzinfo=UTC)


def test_a_fresh_folder_is_private_and_named_by_day_and_plan(tmp_path: Path) -> None:
    one, other = (create(tmp_path / "sessions", "inventory", NOW) for _ in range(2))
    assert one.name.startswith("20261122-130005-inventory-") and one.name != other.name
    assert one.path.stat().st_mode & 0o777 == 0o700


def test_only_folders_with_a_journal_are_sessions_newest_first(tmp_path: Path) -> None:
    for name in ("20261121-a", "20261122-b", "notes"):
        (tmp_path / name).mkdir()
    for name in ("20261121-a", "20261122-b"):
        (tmp_path / name / "journal.jsonl").touch()
    (tmp_path / "README.md").touch()
    assert [folder.name for folder in sessions_in(tmp_path)] == ["20261122-b", "20261121-a"]
    assert list(sessions_in(tmp_path / "none")) == []


def test_a_host_is_known_while_it_lives(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    assert folder.host() is None
    host = HostFile(pid=os.getpid(), socket="/run/s")
    folder.set_host(host)
    assert folder.host() == host
    assert (tmp_path / "host.json").stat().st_mode & 0o777 == 0o600
    folder.set_host(None)
    folder.set_host(None)
    assert folder.host() is None


def test_a_host_that_died_is_none_and_one_of_another_account_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SessionFolder(tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    folder.set_host(HostFile(pid=ended.pid, socket="/run/s"))
    assert folder.host() is None

    def denied(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(module.os, "kill", denied)
    assert folder.host() == HostFile(pid=ended.pid, socket="/run/s")
    (tmp_path / "host.json").write_text("{")
    assert folder.host() is None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fdatasync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
