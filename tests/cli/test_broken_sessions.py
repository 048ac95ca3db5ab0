"""Commands on sessions that are missing, broken or torn: one clear line, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controlroom.core.events import NoteWritten, PhaseStarted, SessionClosed
from tests.cli.calling import call, on_terminal
from tests.conductor.fakes import Bench

Capture = pytest.CaptureFixture[str]
NAME = "20260102-030405-day-abcd"


@pytest.fixture(scope="module")
def lines() -> tuple[bytes, ...]:
    """A short session, a line for each event."""
    bench = Bench()
    bench.recorder.record(PhaseStarted(phase=bench.plan.phases[0].id))
    bench.recorder.record(NoteWritten(note="note-1", type="observation", text="all is calm"))
    bench.recorder.record(SessionClosed(reason="ended"))
    return tuple(bench.writer.lines)


def session(place: Path, journal: bytes) -> Path:
    folder = place / NAME
    folder.mkdir()
    (folder / "journal.jsonl").write_bytes(journal)
    return folder


def whole(lines: tuple[bytes, ...]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def broken(lines: tuple[bytes, ...]) -> dict[str, tuple[bytes, str]]:
    """Journals that cannot be read, and a part of what is said of each."""
    good = whole(lines)
    return {
        "empty": (b"", ""),
        "torn in its first line": (good[:100], ""),
        "not JSON": (b"hello\n" + good, "line 1: not an event"),
        "a line of rubbish": (lines[0] + b"\nrubbish\n" + lines[1] + b"\n", "line 2: not an event"),
        "binary": (b"\x00\xff\xfe\n" * 3, "line 1: not an event"),
        "of a later version": (
            good.replace(b'"v":1', b'"v":99', 1),
            "format 99 is of a later version",
        ),
        "without its opening": (whole(lines[1:]), "session.opened"),
    }


KINDS = (
    "empty",
    "torn in its first line",
    "not JSON",
    "a line of rubbish",
    "binary",
    "of a later version",
    "without its opening",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["show", "report"])
def test_a_journal_that_cannot_be_read_is_one_line(
    tmp_path: Path, lines: tuple[bytes, ...], kind: str, command: str, capsys: Capture
) -> None:
    journal, said = broken(lines)[kind]
    folder = session(tmp_path, journal)
    called = call(capsys, command, NAME, "--sessions", tmp_path)
    assert called.code == 2
    assert called.out == ""
    (line,) = called.err.splitlines()
    assert line.startswith("controlroom: ")
    assert said in line
    assert [path.name for path in folder.iterdir()] == ["journal.jsonl"]


@pytest.mark.parametrize("kind", ["empty", "a line of rubbish", "without its opening"])
def test_a_replay_of_such_a_journal_ends_with_one_line(
    tmp_path: Path, lines: tuple[bytes, ...], kind: str
) -> None:
    journal, said = broken(lines)[kind]
    session(tmp_path, journal)
    called = on_terminal("replay", NAME, "--sessions", tmp_path)
    assert called.code == 4
    # Textual paints on stderr; what is said after the screen is left comes last.
    line = called.err.splitlines()[-1]
    assert "controlroom: " in line
    assert said in line
    assert "Traceback" not in called.err


def test_a_torn_last_line_is_normal(tmp_path: Path, lines: tuple[bytes, ...], capsys: Capture) -> None:
    session(tmp_path, whole(lines[:3]) + lines[3][:20])
    called = call(capsys, "show", NAME, "--json", "--sessions", tmp_path)
    assert (called.code, called.err) == (0, "")
    assert json.loads(called.out)["session"] == "test"
    called = call(capsys, "report", NAME, "--sessions", tmp_path)
    assert (called.code, called.err) == (0, "")
    assert "all is calm" in (tmp_path / NAME / "session.md").read_text()


def test_a_list_of_sessions_names_the_broken_ones(
    tmp_path: Path, lines: tuple[bytes, ...], capsys: Capture
) -> None:
    (tmp_path / "no session").mkdir()
    session(tmp_path, b"rubbish\n")
    fine = tmp_path / "20260102-040506-day-beef"
    fine.mkdir()
    (fine / "journal.jsonl").write_bytes(whole(lines))
    called = call(capsys, "sessions", "--json", "--sessions", tmp_path)
    assert (called.code, called.err) == (0, "")
    assert {own["name"]: own["status"] for own in json.loads(called.out)} == {
        NAME: "broken",
        fine.name: "closed",
    }
    called = call(capsys, "sessions", "--sessions", tmp_path)
    assert (called.code, called.err) == (0, "")
    head, *rows, all_of_them = called.out.splitlines()
    assert head.startswith("SESSION")
    assert sorted(row.split()[0] for row in rows) == [NAME, fine.name]
    assert all_of_them.startswith("2 sessions, ")


def test_no_sessions_are_no_error(tmp_path: Path, capsys: Capture) -> None:
    called = call(capsys, "sessions", "--sessions", tmp_path / "none")
    assert (called.code, called.out) == (0, f"no sessions in {tmp_path / 'none'}\n")


def test_a_beginning_of_a_name_that_fits_two_sessions_is_asked_back(
    tmp_path: Path, lines: tuple[bytes, ...], capsys: Capture
) -> None:
    for name in (NAME, f"{NAME}-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "journal.jsonl").write_bytes(whole(lines))
    called = call(capsys, "show", "2026", "--sessions", tmp_path)
    assert called.code == 2
    assert "2026 is more than one session" in called.err


def test_a_journal_that_is_a_folder_is_told(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / NAME / "journal.jsonl").mkdir(parents=True)
    called = call(capsys, "show", tmp_path / NAME, "--sessions", tmp_path)
    assert called.code == 2
    assert len(called.err.splitlines()) == 1


def test_a_report_that_cannot_be_written_is_told(
    tmp_path: Path, lines: tuple[bytes, ...], capsys: Capture
) -> None:
    session(tmp_path, whole(lines))
    (tmp_path / "file").write_text("")
    called = call(capsys, "report", NAME, "--sessions", tmp_path, "--output", tmp_path / "file")
    assert (called.code, called.out) == (4, "")
    assert called.err == f"controlroom: {tmp_path / 'file'}: File exists\n"
