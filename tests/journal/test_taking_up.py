"""A journal of a host that died: locked by one host alone, and whole before it is gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from controlroom.journal import lock as module
from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.lock import LOCK, SessionLock, SessionLocked, held
from controlroom.journal.reader import JournalError
from controlroom.journal.taking_up import TORN, take_up
from tests.journal.books import day, written

WHOLE = written(day(900.0))

HOLD = """
import sys
from pathlib import Path
from controlroom.journal.lock import SessionLock
with SessionLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(WHOLE)
    return path


def test_a_whole_journal_is_left_as_it_is(journal: Path) -> None:
    past = take_up(journal)
    assert past.events == tuple(day(900.0))
    assert b"\n".join(past.lines) + b"\n" == WHOLE == journal.read_bytes()
    assert past.torn == 0
    assert not journal.with_name(TORN).exists()


@pytest.mark.parametrize(
    "torn",
    [b'{"v":1,"seq":', b"\0" * 4096, b'{"v":1,"se' + b"\0" * 100 + b'":1}\n{"v":1}\n', b"\xff"],
    ids=["half a line", "zeros", "zeros and what was written after them", "not text"],
)
def test_what_is_no_line_is_cut_off_its_end_and_kept(journal: Path, torn: bytes) -> None:
    journal.write_bytes(WHOLE + torn)
    past = take_up(journal)
    assert past.events == tuple(day(900.0))
    assert past.torn == len(torn)
    assert journal.read_bytes() == WHOLE
    kept = journal.with_name(TORN)
    assert kept.read_bytes() == torn + b"\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    journal.write_bytes(WHOLE + b"again")
    take_up(journal)
    assert kept.read_bytes() == torn + b"\nagain\n"


@pytest.mark.parametrize(
    "data", [b"", b"torn at once", b"not an event\n" + WHOLE], ids=["empty", "torn", "bad"]
)
def test_a_journal_that_cannot_be_read_is_not_touched(journal: Path, data: bytes) -> None:
    journal.write_bytes(data)
    with pytest.raises(JournalError, match=r"journal\.jsonl"):
        take_up(journal)
    assert journal.read_bytes() == data
    assert not journal.with_name(TORN).exists()


def test_one_host_for_one_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    assert held(tmp_path) is None
    with SessionLock(tmp_path):
        assert held(tmp_path) is True
        assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600
        with (
            pytest.raises(SessionLocked, match=r"another host has .* already"),
            SessionLock(tmp_path),
        ):
            raise AssertionError("two hosts have one session")
    assert held(tmp_path) is False
    with SessionLock(tmp_path):
        assert held(tmp_path) is True


def test_the_lock_of_a_killed_process_is_gone_whatever_its_number_says(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == b"held\n"
    # The number in the file is that of a living process, as after a power failure.
    folder.set_host(HostFile(pid=os.getpid(), socket="/nowhere"))
    assert folder.host() is not None
    process.kill()
    process.wait()
    assert folder.host() is None
    process.stdin.close()
    process.stdout.close()
