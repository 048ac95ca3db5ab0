"""Reading a journal back: cut anywhere, upgraded, edited, and the same fold as live."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.columns import Columns
from controlroom.core.events import FORMAT, Event, MarkMade, Samples, SessionOpened, Unknown, encode_event
from controlroom.core.figures import assess
from controlroom.core.fold import apply, fold
from controlroom.core.state import State
from controlroom.journal.reader import JournalError, Raw, parse, read_events, verify
from controlroom.journal.report.making import view_of
from tests.journal.books import day, journals, written

FIXTURES = Path(__file__).parent / "fixtures"


@given(journals(), st.data())
def test_a_journal_cut_at_any_byte_opens_with_its_whole_lines(
    events: tuple[Event, ...], data: st.DataObject
) -> None:
    journal = written(events)
    # Most of the bytes are the first line's (the plan): half of the cuts go behind it.
    first = journal.index(b"\n")
    cut = data.draw(st.integers(0, len(journal)) | st.integers(first, len(journal)))
    assert list(parse(journal[:cut])) == list(events[: journal[:cut].count(b"\n")])


@given(journals())
def test_live_fold_is_replay_fold_is_the_fold_of_the_journal_cut_at_every_event(
    events: tuple[Event, ...],
) -> None:
    live, whole = State(), b""
    for number, event in enumerate(events, 1):
        live = apply(live, event)
        whole += encode_event(event) + b"\n"
        replayed = list(parse(whole))
        assert len(replayed) == number
        assert fold(replayed) == live


def test_every_prefix_of_a_day_has_the_figures_that_were_shown_live() -> None:
    events = day()
    columns, state = Columns(0, 1), State()
    for number, event in enumerate(events, 1):
        if isinstance(event.body, SessionOpened):
            columns = Columns(len(event.body.plan.metrics), round(event.body.plan.sampling.step))
        elif isinstance(event.body, Samples):
            columns.absorb(event.body)
        state = apply(state, event)
        if number % 40 == 0 or number == len(events):
            replayed = view_of(parse(written(events[:number])))
            assert replayed.state == state
            assert replayed.columns.lengths() == columns.lengths()
            assert assess(replayed) == assess(view_of(events[:number]))


def test_an_unknown_kind_keeps_its_bytes() -> None:
    body = b'{ "kind" : "video.started", "frames" : 1.50, "codec": "\\u00e9" }'
    line = b'{"v":1,"seq":1,"t":0.5,"at":"2026-11-22T13:00:00Z","actor":{"role":"host"},"body":' + body + b"}"
    (event,) = parse(line + b"\n")
    assert isinstance(event.body, Unknown) and event.body.name == "video.started"
    assert body in encode_event(event)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    lines = written(day(600.0)).splitlines(keepends=True)
    lines[4] = b"{torn\n"
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=r"journal\.jsonl, line 5: not an event"):
        read_events(path)


def test_a_journal_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        read_events(tmp_path / "journal.jsonl")


def _renamed(raw: Raw) -> Raw:
    """What a step looks like: format 0 (made up for this test) called the milestone `what`."""
    body = raw["body"]
    assert isinstance(body, dict)
    if body["kind"] == "mark.made" and "what" in body:
        raw = {**raw, "body": {**body, "milestone": body["what"]}}
    return raw


def test_lines_of_an_earlier_format_are_brought_up_to_date_by_their_steps() -> None:
    journal = (FIXTURES / "format-0.jsonl").read_bytes()
    opened, mark, unknown = parse(journal, upgrades={0: _renamed})
    assert opened.v == mark.v == unknown.v == FORMAT
    assert isinstance(mark.body, MarkMade) and mark.body.milestone == "mitigated"
    assert isinstance(unknown.body, Unknown)
    assert msgspec.json.decode(unknown.body.raw) == {"kind": "weather", "sky": "grey"}


def test_an_earlier_format_without_a_step_is_refused() -> None:
    with pytest.raises(JournalError, match="line 1: not an event: format 0 is not known"):
        list(parse((FIXTURES / "format-0.jsonl").read_bytes()))


def test_a_later_format_is_refused_rather_than_misread() -> None:
    line = encode_event(day()[1]).replace(b'"v":1', b'"v":9', 1)
    with pytest.raises(JournalError, match="format 9 is of a later version"):
        list(parse(line + b"\n"))


def _journal(tmp_path: Path, lines: list[bytes]) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_an_untouched_journal_verifies_torn_end_or_not(tmp_path: Path) -> None:
    lines = written(day(900.0)).splitlines(keepends=True)
    assert verify(_journal(tmp_path, lines)) == []
    assert verify(_journal(tmp_path, [*lines, b'{"v":1,"seq"'])) == []


def test_an_edit_shows_at_the_line_after_it(tmp_path: Path) -> None:
    lines = written(day(900.0)).splitlines(keepends=True)
    lines[10] = lines[10].replace(b'"role":"', b'"role":"not-')
    assert [broken.line for broken in verify(_journal(tmp_path, lines))] == [12]


@pytest.mark.parametrize("taken", [1, 7])
def test_a_line_taken_out_shows(tmp_path: Path, taken: int) -> None:
    lines = written(day(900.0)).splitlines(keepends=True)
    del lines[taken]
    (broken,) = verify(_journal(tmp_path, lines))
    assert (broken.line, broken.why) == (taken + 1, f"event {taken + 2} follows event {taken}")


def test_a_line_that_is_no_event_shows(tmp_path: Path) -> None:
    lines = written(day(900.0)).splitlines(keepends=True)
    lines[3] = b"not json\n"
    assert [broken.line for broken in verify(_journal(tmp_path, lines))] == [4, 5]
