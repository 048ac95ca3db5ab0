"""Saved sessions compared: the record's figures are the journal's, and what is printed can be read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from controlroom.core.comparing import Comparison, compare
from controlroom.core.events import ActionSet, NoteWritten
from controlroom.core.values import changed
from controlroom.journal.comparison import day_of
from controlroom.journal.comparison import days as module
from controlroom.journal.comparison.markdown import markdown
from controlroom.journal.comparison.plain import plain
from controlroom.journal.comparison.shape import as_json
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError, read_events
from controlroom.journal.report import write
from controlroom.journal.showing import shown
from controlroom.shipped import shipped
from tests.journal.books import chained, day, opening, written


def session(path: Path, data: bytes, record: bool = True) -> SessionFolder:
    folder = SessionFolder(path)
    path.mkdir()
    folder.journal.write_bytes(data)
    if record:
        asyncio.run(write(folder, read_events(folder.journal)))
    return folder


def with_actions() -> bytes:
    """The synthetic day, an action and a todo later."""
    last = day()[-1]
    said = [
        changed(last, body=ActionSet(action="a", title="Mend it", owner="ann")),
        changed(last, body=NoteWritten(note="todo-1", type="todo", text="Look | <b>here</b>")),
    ]
    return written(chained([*day()[:-1], *said, last]))


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    return session(tmp_path / "one", with_actions())


def test_the_record_says_what_the_journal_says(folder: SessionFolder) -> None:
    assert module.recorded(folder) == module.folded(folder)
    assert [item.title for item in day_of(folder).actions if not item.after_action][-2:] == [
        "Mend it",
        "Look | <b>here</b>",
    ]


def test_the_record_is_taken_and_nothing_is_folded(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "folded", lambda _: pytest.fail("it was folded"))
    assert day_of(folder).side.session == opening().session


@pytest.mark.parametrize("change", ["journal went on", "another program", "no record", "garbage"])
def test_a_record_that_is_not_of_this_journal_is_not_taken(folder: SessionFolder, change: str) -> None:
    if change == "journal went on":
        again = changed(day()[-1], body=NoteWritten(note="late", type="todo", text="later"))
        folder.journal.write_bytes(written(chained([*read_events(folder.journal), again])))
    elif change == "another program":
        text = folder.record.read_bytes().replace(b'"written_by":"', b'"written_by":"9')
        folder.record.write_bytes(text)
    elif change == "no record":
        folder.record.unlink()
    else:
        folder.record.write_bytes(b"{}")
    assert module.recorded(folder) is None
    assert day_of(folder) == module.folded(folder)


def test_a_line_longer_than_a_piece_is_the_last_one_still(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = folder.journal.read_bytes().splitlines()
    monkeypatch.setattr(module, "PIECE", 8)
    assert module.last_line(folder.journal) == whole[-1]
    with folder.journal.open("ab") as file:
        file.write(b'{"v":1,"seq":99')
    assert module.last_line(folder.journal) == whole[-1]


def test_the_figures_are_those_that_show_prints(folder: SessionFolder) -> None:
    told = shown(read_events(folder.journal), None, False).assessment
    found = compare([day_of(folder)])
    assert [own.entries[0].value for own in found.day] == [
        getattr(told.day, name).value for name in ("ttd", "tta", "tti", "ttm", "ttr")
    ]
    assert found.verdict.entries[0].status == told.verdict


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_text_fits_the_terminal_and_names_every_session(
    folder: SessionFolder, width: int, count: int
) -> None:
    own = day_of(folder)
    days = [changed(own, side=changed(own.side, session=f"s{n}")) for n in range(count)]
    lines = plain(compare(days), width).splitlines()
    tables = [line for line in lines if not line.lstrip().startswith(("carried over", "Mend", "Look"))]
    assert max(map(len, tables)) <= width
    for number in range(1, count + 1):
        assert any(f"[{number}]" in line for line in lines)
    assert not any("nan" in line.split() or "None" in line for line in lines)


def test_two_recorded_days_read_as_expected() -> None:
    example = day_of(SessionFolder(shipped("sessions") / "example"))
    text = plain(compare([example, changed(example, side=changed(example.side, session="again"))]))
    assert "TTR                             censored        censored        not comparable" in text
    assert "Network Latency TTR: censored: overlapped by Memory Stress" in text
    assert "carried over: " in text


def test_markdown_is_escaped_and_json_is_read_back(folder: SessionFolder) -> None:
    own = day_of(folder)
    found = compare([own, changed(own, side=changed(own.side, session="a|b\x1b[31m"))])
    page = markdown(found)
    assert "Look \\| &lt;b&gt;here" in page and "a\\|b |" in page and "\x1b" not in page
    assert msgspec.json.decode(as_json(found), type=Comparison) == found


def test_what_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="not an event"):
        day_of(session(tmp_path / "bad", b"{}\n", record=False))
