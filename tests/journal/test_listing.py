"""The list of sessions: what each was, whatever state its folder is in."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from controlroom.core.events import NoteWritten, SessionResumed
from controlroom.core.values import changed
from controlroom.journal import listing as module
from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.listing import Listed, all_listed, listed
from controlroom.journal.listing import listing as told
from controlroom.journal.report import write
from tests.journal.books import chained, day, opening, written


def listing(sessions: Path, as_json: bool) -> str:
    return told(all_listed(sessions), as_json, f"no sessions in {sessions}")


def session(sessions: Path, name: str, data: bytes) -> SessionFolder:
    folder = SessionFolder(sessions / name)
    folder.path.mkdir(parents=True)
    folder.journal.write_bytes(data)
    return folder


def test_a_closed_session_with_its_record(tmp_path: Path) -> None:
    folder = session(tmp_path, "20261122-130000-inventory", written(day()))
    asyncio.run(write(folder, day()))
    found = listed(folder)
    assert found == Listed(
        name="20261122-130000-inventory",
        status="closed",
        title="Game Day: Inventory Service Failure Scenario",
        plan="inventory-service-failure",
        lab=True,
        when=day()[0].at,
        length=day()[-1].t,
        verdict="inconclusive",
        size=sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file()),
    )


def test_a_session_without_an_end_is_unfinished_or_live(tmp_path: Path) -> None:
    torn = written(day(900.0)) + b'{"v":1,"seq":'
    folder = session(tmp_path, "a", torn)
    assert (listed(folder).status, listed(folder).verdict) == ("unfinished", "")
    assert listed(folder).length == day(900.0)[-1].t
    folder.set_host(HostFile(pid=os.getpid(), socket="/run/nowhere"))
    assert listed(folder).status == "live"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "journal: "),
        (b"{}\n", "journal: "),
        (b"\xff\xfe\n", "journal: "),
        (written(day(900.0)[1:]), "it was never opened"),
        (written(day(900.0))[:400], "journal: "),
        (written(day(900.0)) + b"not an event\n", "journal: "),
    ],
    ids=["empty", "no event", "not text", "no opening", "torn at once", "bad end"],
)
def test_a_broken_session_is_listed_as_such(tmp_path: Path, data: bytes, problem: str) -> None:
    session(tmp_path, "good", written(day(900.0)))
    session(tmp_path, "bad", data)
    found = msgspec.json.decode(listing(tmp_path, as_json=True), type=list[Listed])
    assert [own.name for own in found] == ["good", "bad"]
    assert found[1].status == "broken"
    assert found[1].problem.startswith(problem)
    assert "broken" in listing(tmp_path, as_json=False)


def test_a_session_that_was_taken_up_again_is_not_closed(tmp_path: Path) -> None:
    again = changed(day()[-1], body=SessionResumed(gap=30.0))
    assert listed(session(tmp_path, "a", written(chained([*day(), again])))).status == "unfinished"


def test_a_record_that_cannot_be_read_does_not_break_the_list(tmp_path: Path) -> None:
    folder = session(tmp_path, "a", written(day()))
    folder.record.write_bytes(b"{")
    assert listed(folder).verdict == "record unreadable"


def test_only_head_and_tail_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    pread = os.pread

    def counted(file: int, length: int, at: int) -> bytes:
        read.append(length)
        return pread(file, length, at)

    monkeypatch.setattr(module.os, "pread", counted)
    folder = session(tmp_path, "a", written(day()))
    assert listed(folder).status == "closed"
    assert read == [module.TAIL] and folder.journal.stat().st_size > 4 * module.TAIL


def test_a_last_line_longer_than_the_tail_is_found(tmp_path: Path) -> None:
    long = changed(day(900.0)[-1], body=NoteWritten(note="n", type="note", text="x" * (20 * module.TAIL)))
    folder = session(tmp_path, "a", written(chained([*day(900.0), long])))
    assert (listed(folder).status, listed(folder).length) == ("unfinished", day(900.0)[-1].t)


def test_the_text_is_one_line_a_session_newest_first_and_clean(tmp_path: Path) -> None:
    plan = changed(opening().plan, title="\x1b[31mred\nline")
    evil = changed(day()[0], body=changed(opening(), plan=plan))
    session(tmp_path, "one", written(chained([evil, *day(900.0)[1:]])))
    session(tmp_path, "two", written(day(1200.0)))
    lines = listing(tmp_path, as_json=False).splitlines()
    assert lines[0].split() == ["SESSION", "WHEN", "(UTC)", "LENGTH", "STATUS", "VERDICT", "SIZE", "TITLE"]
    assert [line.split()[0] for line in lines[1:-1]] == ["two", "one"]
    assert lines[-1].startswith("2 sessions, ")
    assert lines[2].endswith("red line") and "\x1b" not in lines[2]


def test_no_sessions(tmp_path: Path) -> None:
    assert listing(tmp_path / "none", as_json=False) == f"no sessions in {tmp_path / 'none'}\n"
    assert listing(tmp_path / "none", as_json=True) == "[]\n"
