"""A saved session as a room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from controlroom.core.intents import HaltAll, Refused
from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.reader import JournalError
from controlroom.room import recorded
from controlroom.room.recorded import open_recorded
from tests.journal.books import day, written


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "journal.jsonl").write_bytes(written(day(900.0)))
    return SessionFolder(tmp_path)


async def test_it_has_every_event_of_the_record(folder: SessionFolder) -> None:
    room = open_recorded(folder)
    assert [event async for event in room.events()] == list(day(900.0))
    assert [event.seq async for event in room.events(5)][:2] == [6, 7]
    await room.close()


async def test_it_says_what_it_is(folder: SessionFolder) -> None:
    info = open_recorded(folder).info
    assert (info.title, info.live, info.recorded) == (
        "Game Day: Inventory Service Failure Scenario", False, "2026-11-22",
    )  # fmt: skip
    assert info.folder == str(folder.path)


async def test_nothing_can_be_done_in_it(folder: SessionFolder) -> None:
    answer = await open_recorded(folder).submit(HaltAll())
    assert isinstance(answer, Refused) and "recording" in answer.reason


def test_a_journal_that_cannot_be_read_is_said(folder: SessionFolder) -> None:
    folder.journal.write_bytes(b"nonsense\n")
    with pytest.raises(JournalError, match="line 1: not an event"):
        open_recorded(folder)


async def test_a_journal_that_grows_is_read_along_line_by_line_until_its_host_goes(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "EVERY", 0.0)
    whole = folder.journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    first, torn = b"".join(lines[:-2]), len(lines[-2]) // 2
    folder.journal.write_bytes(first + lines[-2][:torn])
    folder.set_host(HostFile(pid=os.getpid(), socket="none"))
    room = open_recorded(folder)
    assert room.info.followed
    assert room.past().head.seq == len(lines) - 2, "a line that is being written is not read yet"
    coming = room.events(room.past().head.seq)
    with folder.journal.open("ab") as file:
        file.write(lines[-2][torn:])
    assert (await anext(coming)).seq == len(lines) - 1
    with folder.journal.open("ab") as file:
        file.write(lines[-1])
    folder.set_host(None)
    assert [event.seq async for event in coming] == [len(lines)], "what came last is read after its host went"
    assert folder.journal.read_bytes() == whole
    assert isinstance(await room.submit(HaltAll()), Refused)
