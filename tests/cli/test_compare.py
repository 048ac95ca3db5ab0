"""`controlroom compare`: which sessions it takes, and how it says what is wrong."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from controlroom.core.events import Event, Samples
from controlroom.core.values import changed
from controlroom.shipped import shipped
from tests.cli.calling import call
from tests.journal.books import chained, day, opening, written

Capture = pytest.CaptureFixture[str]


def saved(sessions: Path, name: str, days: int = 0, **other: object) -> Path:
    """The synthetic day, so many days later."""
    path = sessions / name
    path.mkdir(parents=True)
    events = [_later(event, days) for event in day()]
    events[0] = changed(events[0], body=changed(opening(), session=name, **other))
    (path / "journal.jsonl").write_bytes(written(chained(events)))
    return path


def _later(event: Event, days: int) -> Event:
    body = event.body
    if isinstance(body, Samples):
        body = changed(body, start=body.start + days * 86400)
    return changed(event, at=event.at + timedelta(days=days), body=body)


def compared(capsys: Capture, *arguments: str | Path) -> list[str]:
    """Names of the sessions, in the order in which they are shown."""
    found = call(capsys, "compare", "--json", *arguments)
    assert (found.code, found.err) == (0, "")
    return [own["session"] for own in json.loads(found.out)["sessions"]]


def test_sessions_are_named_by_name_or_path_and_shown_oldest_first(tmp_path: Path, capsys: Capture) -> None:
    saved(tmp_path, "2026-b", 30)
    first = saved(tmp_path, "2026-a", 0)
    assert compared(capsys, "2026-b", first, "--sessions", tmp_path) == ["2026-a", "2026-b"]


def test_one_alone_is_compared_with_the_one_before_it_on_its_plan(tmp_path: Path, capsys: Capture) -> None:
    saved(tmp_path, "a", 0)
    saved(tmp_path, "b", 1)
    saved(tmp_path, "c", 2, plan=changed(opening().plan, id="another"))
    saved(tmp_path, "d", 3)
    assert compared(capsys, "d", "--sessions", tmp_path) == ["b", "d"]
    assert compared(capsys, "b", "--sessions", tmp_path) == ["a", "b"]
    assert compared(capsys, "--sessions", tmp_path) == ["b", "d"]


def test_a_rehearsal_is_rather_compared_with_a_rehearsal(tmp_path: Path, capsys: Capture) -> None:
    saved(tmp_path, "a", 0, lab=True)
    saved(tmp_path, "b", 1, lab=False)
    saved(tmp_path, "c", 2, lab=True)
    assert compared(capsys, "c", "--sessions", tmp_path) == ["a", "c"]


def test_the_text_has_every_part(tmp_path: Path, capsys: Capture) -> None:
    saved(tmp_path, "a")
    saved(tmp_path, "b")
    found = call(capsys, "compare", "a", "b", "--sessions", tmp_path)
    for heading in ("VERDICT", "CRITERIA", "SIGNS", "THE DAY", "POD KILL", "LEFT TO DO", "NOT KNOWN"):
        assert f"\n{heading}" in found.out
    assert "(--all)" in found.out
    everything = call(capsys, "compare", "a", "b", "--all", "--sessions", tmp_path).out
    assert "(--all)" not in everything and "payment" in everything.lower()
    page = call(capsys, "compare", "a", "b", "--markdown", "--sessions", tmp_path).out
    assert page.startswith("# Game days compared\n")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a", "a"), "that is one session twice"),
        (("a", "nothing"), "no session nothing"),
        (("a",), "no closed session of inventory-service-failure before a"),
        (("broken", "a"), "journal.jsonl, line 1"),
        (("broken",), "broken: journal: "),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(
    tmp_path: Path, capsys: Capture, names: tuple[str, ...], said: str
) -> None:
    saved(tmp_path, "a")
    broken = saved(tmp_path, "broken", 3)
    (broken / "journal.jsonl").write_bytes(b"{}\n")
    found = call(capsys, "compare", *names, "--sessions", tmp_path)
    assert found.code == 2 and said in found.err and found.err.count("\n") == 1


def test_without_any_session_it_says_how_to_make_one(tmp_path: Path, capsys: Capture) -> None:
    found = call(capsys, "compare", "--sessions", tmp_path)
    assert (found.code, found.out) == (2, "") and "controlroom rehearse" in found.err


def test_the_shipped_example_can_be_one_of_them(tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(shipped("sessions") / "example", tmp_path / "mine")
    found = call(capsys, "compare", "example", "mine", "--sessions", tmp_path)
    assert "note: one session is there more than once" in found.out
