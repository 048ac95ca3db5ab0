"""`session.json`: complete, self-contained, as its schema says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from controlroom.core.columns import View
from controlroom.core.events import Actor, Event, Samples, Unknown
from controlroom.core.figures import assess
from controlroom.core.fold import fold
from controlroom.core.values import changed
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError
from controlroom.journal.report import write
from controlroom.journal.report.making import view_of
from controlroom.journal.report.record import (
    RecordError,
    SessionRecord,
    events_of,
    journal_of,
    read_record,
    record,
)
from controlroom.journal.report.schema import record_schema, schema_text
from tests.journal.books import PLAN, chained, day, journals, kinds_of, written
from tests.journal.schema_check import violations
from tests.sessions import moment

ROOT = Path(__file__).parents[2]


def recorded(events: tuple[Event, ...]) -> bytes:
    view = view_of(events)
    return record(events, view, assess(view))


def same_samples(one: View, other: View) -> bool:
    """NaN counts as equal to NaN: the bytes are compared."""
    columns = zip(one.columns.columns, other.columns.columns, strict=True)
    return all(
        (a.first, a.step, a.values.tobytes()) == (b.first, b.step, b.values.tobytes()) for a, b in columns
    )


@given(journals())
def test_reading_back_gives_the_same_journal_fold_samples_and_figures(events: tuple[Event, ...]) -> None:
    found = read_record(recorded(events))
    again = events_of(found)
    assert again == list(events)
    assert fold(again) == fold(events)
    assert journal_of(found) == written(events)
    view = view_of(again)
    assert same_samples(view, view_of(events))
    assert assess(view) == found.assessment


def test_a_day_is_recorded_with_all_that_a_reader_needs() -> None:
    events = day()
    found = read_record(recorded(events))
    assert (found.format, found.session) == (2, "2026-11-22-inventory-service-failure")
    assert (found.opened_at, found.closed_at) == (events[0].at, events[-1].at)
    assert found.plan.title == found.title
    assert "experiments" in found.plan_text
    assert "pod-failure-inventory-service.yaml" in found.files
    assert found.verdict == found.assessment.verdict != "pending"
    assert [column.metric for column in found.samples] == [metric.id for metric in found.plan.metrics]
    assert all(len(column.values) > 2600 for column in found.samples)
    assert "PROMETHEUS_URL" in found.bindings.prometheus


def test_the_columns_are_the_samples() -> None:
    found = read_record(recorded(day()))
    batch = next(event.body for event in day() if isinstance(event.body, Samples))
    column = found.samples[0]
    assert batch.columns[0] is not None
    assert batch.columns[0] == column.values[: len(batch.columns[0])]
    assert column.first == moment(2).timestamp()


def test_samples_stand_once_and_come_back_whole() -> None:
    events = day(1200.0)
    data = recorded(events)
    assert b'"kind":"samples"' not in data and b'"kind":"samples.counted"' in data
    assert journal_of(read_record(data)) == written(events)


def test_a_step_that_was_told_twice_with_another_value_stays_in_its_event() -> None:
    first = next(event.body for event in day() if isinstance(event.body, Samples))
    other = tuple(None if column is None else tuple(-1.0 for _ in column) for column in first.columns)
    late = Event(seq=0, t=700.0, at=moment(700), actor=Actor(role="host"), body=changed(first, columns=other))
    events = chained([*day(600.0), late])
    data = recorded(events)
    assert data.count(b'"kind":"samples"') == 1
    assert journal_of(read_record(data)) == written(events)
    assert events_of(read_record(data)) == list(events)


def test_columns_that_lack_what_an_event_counts_are_no_record() -> None:
    found = read_record(recorded(day(600.0)))
    cut = changed(found, samples=(changed(found.samples[0], values=()), *found.samples[1:]))
    for read in (events_of, journal_of):
        with pytest.raises(RecordError, match="that the column order_p95 lacks"):
            read(cut)


def test_an_unknown_kind_survives_byte_for_byte() -> None:
    raw = b'{"kind":"video.started","frames":1.50,"by":"caf\\u00e9"}'
    body = Unknown(name="video.started", raw=msgspec.Raw(raw))
    late = Event(seq=0, t=9000.0, at=moment(9000), actor=Actor(role="host"), body=body)
    data = recorded(chained([*day(600.0), late]))
    assert raw in data
    assert events_of(read_record(data))[-1].body == body


def test_the_shipped_schema_is_current() -> None:
    shipped = (ROOT / "docs" / "schema" / "session.schema.json").read_text()
    assert shipped == schema_text(), "python -m controlroom.journal.report.schema writes it"


def test_a_record_is_as_the_schema_says() -> None:
    assert kinds_of(day()) >= {"samples", "fault.observed", "mark.made"}
    assert violations(msgspec.json.decode(recorded(day())), record_schema()) == []


@given(journals())
def test_any_record_is_as_the_schema_says(events: tuple[Event, ...]) -> None:
    assert violations(msgspec.json.decode(recorded(events)), record_schema()) == []


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", "splendid"), ("length", "long"), ("events", [{"v": 1}]), ("plan", None)]
)
def test_the_schema_refuses_what_is_no_record(key: str, value: object) -> None:
    data = msgspec.json.decode(recorded(day(600.0)))
    assert violations({**data, key: value}, record_schema())


def test_a_later_format_and_other_files_are_refused() -> None:
    found = read_record(recorded(day(600.0)))
    with pytest.raises(RecordError, match="format 3 is from a later version"):
        read_record(msgspec.json.encode(changed(found, format=3)))
    for data in (b"", b"[]", b'{"format":1}', b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(RecordError, match="not a session's record"):
            read_record(data)


def test_all_files_are_written_private_whole_and_always_the_same(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    asyncio.run(write(folder, day()))
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asyncio.run(write(folder, day()))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == first
    assert isinstance(read_record(folder.record.read_bytes()), SessionRecord)
    assert folder.report.read_text().startswith("# Game Day: Inventory Service Failure Scenario\n")
    assert {path.name for path in tmp_path.iterdir()} == {
        "session.json",
        "session.md",
        "session.html",
        "plots",
    }
    assert {path.stem for path in tmp_path.glob("plots/*.svg")} == {metric.id for metric in PLAN.metrics}
    assert {path.stat().st_mode & 0o777 for path in first} == {0o600}


def test_what_was_never_opened_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not begin with session"):
        asyncio.run(write(SessionFolder(tmp_path), day()[1:3]))
    assert list(tmp_path.iterdir()) == []
