"""The pages on events and on the record say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from controlroom.core.events import (
    Actor,
    Body,
    Event,
    GuardResult,
    HaltProof,
    Injection,
    Leftover,
    ObjectRef,
    PodCount,
    Target,
)
from controlroom.core.events.envelope import kinds
from controlroom.core.figures import assess
from controlroom.core.findings import Finding
from controlroom.journal.folder import HOST, JOURNAL, LOG, RECORD, REPORT
from controlroom.journal.report.making import view_of
from controlroom.journal.report.record import SessionRecord, record
from tests.journal.books import day

DOCS = Path(__file__).parents[2] / "docs"
VALUES = (Actor, Finding, GuardResult, HaltProof, Injection, Leftover, ObjectRef, PodCount, Target)


def sections(page: str) -> dict[str, str]:
    """Texts under the page's third-level headings."""
    parts = re.split(r"^### `?([\w.-]+)`?$", (DOCS / page).read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> dict[str, list[str]]:
    """The other cells of each table row, by the name in its first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_page_has_every_kind_and_no_other() -> None:
    names = {kind.kind() for kind in kinds()} | {value.__name__ for value in VALUES}
    assert sections("events.md").keys() == names


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind())
def test_every_field_of_a_kind_is_told_with_its_audience(kind: type[Body]) -> None:
    found = rows(sections("events.md")[kind.kind()])
    assert found.keys() == {field.name for field in msgspec.structs.fields(kind)}
    assert all(meaning for _, meaning, _ in found.values())
    assert {name: row[2] for name, row in found.items()} == {
        name: show.value for name, show in kind.audience.items()
    }


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_field_of_a_value_is_told(value: type[msgspec.Struct]) -> None:
    found = rows(sections("events.md")[value.__name__])
    assert found.keys() == {field.name for field in msgspec.structs.fields(value)}


def test_the_envelope_is_told() -> None:
    head = (DOCS / "events.md").read_text().partition("## ")[0]
    assert rows(head).keys() == {field.name for field in msgspec.structs.fields(Event)}


def test_every_file_of_the_folder_and_field_of_the_record_is_told() -> None:
    page = (DOCS / "record.md").read_text()
    for name in (JOURNAL, RECORD, REPORT, LOG, HOST):
        assert f"| `{name}` |" in page
    for field in msgspec.structs.fields(SessionRecord):
        assert re.search(rf"^\| .*`{field.name}`.* \|", page, re.M), field.name


def test_the_example_reads_a_record(tmp_path: Path) -> None:
    view = view_of(day())
    (tmp_path / "session.json").write_bytes(record(day(), view, assess(view)))
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "record.md").read_text(), re.S)
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.split()[:2] == ["inconclusive", str(len(day()))]
