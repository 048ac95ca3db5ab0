"""What earlier versions of the program wrote opens: byte for byte, with the same figures.

`first-journal.jsonl.xz` and `first-session.json.xz` are one rehearsal of the seed's day by the first version that
wrote a record at all, on the evening of 23 November 2026: journal format 1, record format 1.

`first-lines.jsonl.xz` is older: the recorder and the writer of commit 1bc31b9 wrote it, the first code of this project
that wrote journals. It has one event at least of each of the 55 kinds that they knew, most as that rehearsal had them,
the rest made up.
"""

from __future__ import annotations

import json
import lzma
from functools import lru_cache
from pathlib import Path

import pytest

from controlroom.core.events import Event, Unknown, encode_event
from controlroom.core.figures import assess
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import lines_of, parse, verify
from controlroom.journal.report.making import view_of
from controlroom.journal.report.record import SessionRecord, events_of, journal_of, read_record, record
from controlroom.room.recorded import open_recorded
from tests.journal.schema_check import violations

FIXTURES = Path(__file__).parent / "fixtures"


@lru_cache
def journal() -> bytes:
    return lzma.decompress((FIXTURES / "first-journal.jsonl.xz").read_bytes())


@lru_cache
def events() -> tuple[Event, ...]:
    return tuple(parse(journal()))


@lru_cache
def session() -> SessionRecord:
    return read_record(lzma.decompress((FIXTURES / "first-session.json.xz").read_bytes()))


def test_the_first_journal_opens_and_every_line_is_understood(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(journal())
    assert verify(tmp_path / "journal.jsonl") == []
    assert len(events()) == 419
    assert not [event for event in events() if isinstance(event.body, Unknown)]
    assert [encode_event(event) for event in events()] == lines_of(journal())


def test_the_first_journal_has_the_figures_that_were_told_on_the_day() -> None:
    then, now = session().assessment, assess(view_of(events()))
    assert (then.verdict, now.verdict) == ("passed", "passed")
    assert [(own.id, own.status, own.value) for own in now.criteria] == [
        (own.id, own.status, own.value) for own in then.criteria
    ]
    assert (now.day.ttd.value, now.day.ttr.value) == (then.day.ttd.value, then.day.ttr.value)
    assert now.day.ttd.value == pytest.approx(14, abs=0.5)


def test_what_the_very_first_writer_wrote_opens_with_every_kind_it_knew(tmp_path: Path) -> None:
    data = lzma.decompress((FIXTURES / "first-lines.jsonl.xz").read_bytes())
    (tmp_path / "journal.jsonl").write_bytes(data)
    assert verify(tmp_path / "journal.jsonl") == []
    found = tuple(parse(data))
    assert len({type(event.body) for event in found}) == 55
    assert not [event for event in found if isinstance(event.body, Unknown)]
    assert [encode_event(event) for event in found] == lines_of(data)
    view = view_of(found)
    assert view.state.status == "closed"
    past = open_recorded(SessionFolder(tmp_path)).past()
    assert (len(past), past.head.status) == (len(found), "closed")
    assert journal_of(read_record(record(found, view, assess(view)))) == data


def test_the_first_record_opens_and_is_the_journal_again() -> None:
    assert session().format == 1
    assert events_of(session()) == list(events())
    assert journal_of(session()) == journal()


def test_the_first_record_is_as_the_schema_of_its_format_says() -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "session-1.schema.json").read_text())
    written = json.loads(lzma.decompress((FIXTURES / "first-session.json.xz").read_bytes()))
    assert violations(written, schema) == []
    assert violations({**written, "format": 2}, schema)


def test_it_can_be_written_anew_in_todays_form() -> None:
    view = view_of(events())
    again = read_record(record(events(), view, assess(view)))
    assert again.format == 2
    assert journal_of(again) == journal()
