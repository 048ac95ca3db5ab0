"""What a session is for other tools: tables that compute nothing, issues, a calendar file, series, annotations."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from controlroom.cli.main import main
from controlroom.core import events as e
from controlroom.core.clean import clean
from controlroom.core.events import Body, Event
from controlroom.core.values import changed
from controlroom.journal.export.results import FORMS, ExportError, export
from controlroom.journal.export.tables import table
from controlroom.journal.report.making import view_of
from controlroom.journal.report.record import read_record
from tests.journal.books import PLAN, chained, day, written
from tests.sessions import FACILITATOR, moment

NOWHERE = Path("/nonexistent")


def a_day(*bodies: Body, t: float = 5300.0) -> tuple[Event, ...]:
    more = (Event(seq=0, t=t, at=moment(t), actor=FACILITATOR, body=body) for body in bodies)
    return chained(sorted([*day(), *more], key=lambda event: event.t))


@lru_cache
def of_the_day() -> dict[str, bytes]:
    return export(day(), NOWHERE, when="2026-12-15")


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_a_folder_of_results_has_every_form() -> None:
    assert {path for path in of_the_day() if not path.startswith(("plots/", "issues/"))} == {
        "README.md", "session.json", "session.html", "action-items.csv", "jira.csv", "next-game-day.ics",
        "samples.csv", "columns.json", "samples.om", "recording-rules.yaml", "annotations.json",
    }  # fmt: skip
    for form in FORMS:
        assert export(day(), NOWHERE, [form], when="2026-12-15").items() <= of_the_day().items()


@given(st.lists(st.lists(st.text(max_size=30) | st.sampled_from(["=1+1", "@SUM(A1)", "\t=x", " -2", "+1"]),
                         min_size=2, max_size=2), max_size=8))  # fmt: skip
def test_no_text_is_a_formula_and_every_text_comes_back(lines: list[list[str]]) -> None:
    found = rows(table(("a", "b"), lines))[1:]
    for own, line in zip(found, lines, strict=True):
        for cell, text in zip(own, line, strict=True):
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
            shown = " ".join(clean(part) for part in text.strip().splitlines())
            assert cell.removeprefix("'").split() == shown.lstrip().removeprefix("'").split()


def test_numbers_stay_numbers() -> None:
    assert table(("a",), [(-1.5,), (None,)]) == b'a\r\n-1.5\r\n""\r\n'


def test_action_items_are_what_is_open_and_what_was_noted_but_taken_by_nobody() -> None:
    hostile = e.ActionSet(action="x", title="=HYPERLINK(1)", owner="@jo", due="2026-12-01")
    todo = e.NoteWritten(note="n-9", type="todo", text="ask about the cache")
    private = e.NoteWritten(note="n-8", type="todo", text="between us", private=True)
    gone = e.ActionSet(action="y", title="no longer", status="dropped")
    found = export(a_day(hostile, todo, private, gone), NOWHERE, ["actions", "github", "jira"])
    header, *items = rows(found["action-items.csv"])
    assert header == ["title", "owner", "due", "status", "origin", "session"]
    titles = [row[0] for row in items]
    assert (
        "mend the runbook link" in titles and "'=HYPERLINK(1)" in titles and "ask about the cache" in titles
    )
    assert not [row for row in items if {"no longer", "between us"} & set(row)]
    assert ["'=HYPERLINK(1)", "'@jo", "2026-12-01", "open"] in [row[:4] for row in items]
    jira = rows(found["jira.csv"])
    assert jira[0][:5] == ["Summary", "Issue Type", "Description", "Assignee", "Due Date"]
    assert {row[4] for row in jira[1:]} == {"", "2026-12-01"}
    issues = {path: data.decode().splitlines() for path, data in found.items() if path.startswith("issues/")}
    assert len(issues) == len(items)
    assert all(lines[0] and not lines[1] for lines in issues.values())
    assert "issues/02-hyperlink-1.md" in issues


def test_the_next_day_is_as_long_as_the_plan_and_names_what_is_still_to_be_done() -> None:
    (event,) = Calendar.from_ical(of_the_day()["next-game-day.ics"]).walk("VEVENT")
    began = day()[0].at
    start = datetime(2026, 12, 15, began.hour, began.minute, tzinfo=UTC)
    assert (event.start, event.end) == (start, start + timedelta(seconds=PLAN.duration))
    assert event["SUMMARY"] == PLAN.title
    assert "mend the runbook link (maria)" in event["DESCRIPTION"]
    assert all(len(line) <= 75 for line in of_the_day()["next-game-day.ics"].split(b"\r\n"))
    at = export(day(), NOWHERE, ["ics"], when="2026-12-15 09:30")["next-game-day.ics"]
    assert b"DTSTART:20261215T093000Z" in at


def test_without_a_day_or_with_a_bad_one_it_is_said_what_to_write() -> None:
    with pytest.raises(ExportError, match="Add --next"):
        export(day(), NOWHERE, ["ics"])
    with pytest.raises(ExportError, match="'soon' is no day: write 2026-12-15"):
        export(day(), NOWHERE, ["ics"], when="soon")


def test_samples_are_the_recorded_ones_in_both_forms() -> None:
    view = view_of(day())
    header, *lines = rows(of_the_day()["samples.csv"])
    columns = json.loads(of_the_day()["columns.json"])
    assert (
        header == ["time", "t", *(metric.id for metric in PLAN.metrics)] and list(columns)[1:] == header[2:]
    )
    assert {len(column) for column in columns.values()} == {len(lines)}
    for index, metric in enumerate(PLAN.metrics):
        series = view.series(index)
        truth = {at: value for at, value in series.items(range(series.length)) if not math.isnan(value)}
        told = {
            at: value
            for at, value in zip(columns["time"], columns[metric.id], strict=True)
            if value is not None
        }
        assert told == truth
        assert [float(line[2 + index]) for line in lines if line[2 + index]] == list(truth.values())


def test_a_stretch_of_unknown_samples_begins_with_nan_in_openmetrics() -> None:
    known = next(n for n, event in enumerate(day()) if isinstance(event.body, e.Samples) and event.t > 1000)
    first = day()[known].body
    assert isinstance(first, e.Samples)
    blank = changed(
        first, columns=tuple(None if own is None else tuple(None for _ in own) for own in first.columns)
    )
    events = chained([*day()[:known], changed(day()[known], body=blank), *day()[known + 1 :]])
    data = export(events, NOWHERE, ["openmetrics"])["samples.om"].decode()
    own = [line for line in data.splitlines() if line.startswith("controlroom:order_p95{")]
    nans = [int(line.rsplit(" ", 1)[1]) for line in own if " NaN " in line]
    last = max(int(line.rsplit(" ", 1)[1]) for line in own)
    assert nans == [first.start, last]
    assert data.endswith("# EOF\n")


def test_rules_name_each_plan_query() -> None:
    (group,) = yaml.safe_load(of_the_day()["recording-rules.yaml"])["groups"]
    assert {rule["record"]: rule["expr"].split() for rule in group["rules"]} == {
        f"controlroom:{metric.id}": metric.query.split() for metric in PLAN.metrics
    }


def test_annotations_are_in_order_and_hold_no_html_of_others() -> None:
    note = e.NoteWritten(note="n", type="note", text="<img src=x onerror=alert(1)> & more")
    private = e.NoteWritten(note="p", type="note", text="between us", private=True)
    found = json.loads(export(a_day(note, private), NOWHERE, ["grafana"])["annotations.json"])
    assert [own["time"] for own in found] == sorted(own["time"] for own in found)
    texts = [own["text"] for own in found]
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in texts and "between us" not in texts
    (kill,) = [own for own in found if own["text"] == "Pod Kill"]
    assert kill["tags"][:2] == ["controlroom", "fault"] and kill["timeEnd"] > kill["time"]
    assert {own["tags"][1] for own in found} >= {"phase", "fault", "alert", "mark"}


def test_results_are_for_others_so_private_notes_have_no_text_in_them() -> None:
    private = e.NoteWritten(note="p", type="note", text="between us", private=True)
    found = export(a_day(private), NOWHERE)
    assert not [path for path, data in found.items() if b"between us" in data]
    assert read_record(found["session.json"]).verdict == "inconclusive"


def test_for_an_audience_there_are_no_actions_and_no_queries() -> None:
    found = export(day(), NOWHERE, audience=True)
    assert not [path for path in found if path.startswith("issues/")]
    assert not {"action-items.csv", "jira.csv", "recording-rules.yaml"} & set(found)
    assert not [path for path, data in found.items() if b"Pod Kill" in data or b"histogram_quantile" in data]
    with pytest.raises(ExportError, match="shown no action items: leave out --audience, or jira"):
        export(day(), NOWHERE, ["jira"], audience=True)


def test_the_command_writes_into_a_folder_of_the_sessions_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = tmp_path / "sessions" / "s"
    session.mkdir(parents=True)
    (session / "journal.jsonl").write_bytes(written(day()))
    to = tmp_path / "chaos-results"
    assert main(["export", str(session), "--to", str(to), "--format", "csv", "--format", "actions"]) == 0
    folder = to / "2026-11-22-inventory-service-failure"
    assert capsys.readouterr().out.splitlines() == [
        str(folder / "action-items.csv"), str(folder / "samples.csv"),
    ]  # fmt: skip
    assert (folder / "samples.csv").stat().st_mode & 0o777 == 0o600
    assert main(["export", str(session), "--to", str(to), "--format", "ics"]) == 2
    assert "when is the next game day? Add --next" in capsys.readouterr().err


def test_the_folder_of_results_lists_them_unless_somebody_else_wrote_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session, to = tmp_path / "sessions" / "s", tmp_path / "chaos-results"
    session.mkdir(parents=True)
    (session / "journal.jsonl").write_bytes(written(day()))
    (to / "notes").mkdir(parents=True)
    (to / "notes" / "session.json").write_text("{}")
    command = ["export", str(session), "--to", str(to), "--format", "report"]
    assert main(command) == 0
    name = "2026-11-22-inventory-service-failure"
    row = f"| [2026-11-22](<{name}/README.md>) | {PLAN.title} (rehearsal) | inconclusive | 22 s | "
    assert row in (to / "README.md").read_text()
    assert (to / "README.md").read_text().count("| [") == 1
    assert str(to / "README.md") in capsys.readouterr().out.splitlines()
    (to / "README.md").write_text("# Ours\n")
    assert main(command) == 0
    assert (to / "README.md").read_text() == "# Ours\n"
    assert str(to / "README.md") not in capsys.readouterr().out.splitlines()


def test_report_for_an_audience_leaves_the_whole_one_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journal.jsonl").write_bytes(written(day()))
    assert main(["report", str(tmp_path)]) == 0
    whole = (tmp_path / "session.md").read_bytes()
    assert main(["report", str(tmp_path), "--audience"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "session.md"), str(tmp_path / "audience" / "session.md"),
    ]  # fmt: skip
    assert (tmp_path / "session.md").read_bytes() == whole
    assert b"Pod Kill" in whole and b"Pod Kill" not in (tmp_path / "audience" / "session.md").read_bytes()


def test_the_record_has_a_schema_that_an_installed_program_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "--session", "--output", str(tmp_path / "s.json")]) == 0
    assert main(["schema", "--session"]) == 0
    assert capsys.readouterr().out == (tmp_path / "s.json").read_text()
    assert json.loads((tmp_path / "s.json").read_text())["$id"] == "urn:controlroom:session:2"
