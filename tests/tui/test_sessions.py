"""The sessions sheet on a real folder: what is pressed happens on disk, and the room goes on meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from textual.widgets import Input

from controlroom.cli.shelf import FolderShelf
from controlroom.core.events import SessionOpened
from controlroom.core.values import changed
from controlroom.tui.outcome import Settings
from controlroom.tui.screens.sessions import SessionsSheet
from tests.journal.books import chained, day, written
from tests.journal.shelf import NAME, aged, put
from tests.sessions import synthetic_events
from tests.tui.desk import Desk

OTHER = "20261121-090000-drill"


def drill(sessions: Path) -> None:
    """Another day, of another title."""
    first, *others = day(900.0)
    assert isinstance(first.body, SessionOpened)
    plan = changed(first.body.plan, title="Fire drill")
    put(sessions, OTHER, written(chained([changed(first, body=changed(first.body, plan=plan)), *others])))


@asynccontextmanager
async def sheet(sessions: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Desk]:
    own = Desk(synthetic_events(100.0), None, Settings(shelf=FolderShelf(sessions)))
    async with own.app.run_test(size=size) as pilot:
        await own.ready(pilot)
        await own.press("S")
        await settled(own)
        yield own


async def settled(own: Desk) -> None:
    """Until the thread is through."""
    await own.until(lambda: isinstance(own.app.screen, SessionsSheet), "the sheet is on top")
    shown = own.app.screen
    assert isinstance(shown, SessionsSheet)
    await own.until(lambda: not shown._busy, "the thread is through")


async def test_listed_searched_and_ordered(tmp_path: Path) -> None:
    put(tmp_path)
    drill(tmp_path)
    async with sheet(tmp_path) as own:
        text = own.sheet()
        assert "2 sessions" in text
        assert text.index("Inventory") < text.index("Fire drill")
        assert {"closed", "unfinished"} <= set(text.split())
        await own.press("s")
        await own.until(lambda: own.sheet().index("Fire") < own.sheet().index("Inventory"), "by title")
        await own.press("slash")
        await own.type("fire")
        await own.until(lambda: "1 session," in own.sheet(), "the search found one")
        assert "Inventory" not in own.sheet()
        await own.press("escape")
        await own.until(lambda: "2 sessions" in own.sheet(), "the search is gone")
        await own.press("escape")
        assert own.app.screen is own.app.room_screen


async def test_opened_where_the_cursor_is(tmp_path: Path) -> None:
    put(tmp_path)
    drill(tmp_path)
    async with sheet(tmp_path) as own:
        await own.press("down", "enter")
        outcome = own.app.return_value
        assert outcome is not None
        assert (outcome.word, outcome.path) == ("open", tmp_path / OTHER)


async def test_tagged_and_found_by_the_tag(tmp_path: Path) -> None:
    put(tmp_path)
    drill(tmp_path)
    async with sheet(tmp_path) as own:
        await own.press("t")
        await own.type("q4 keep")
        await own.press("enter")
        await own.until(lambda: "#keep #q4" in own.sheet(), "the tags are shown")
        await own.press("slash")
        await own.type("#q4")
        await own.until(lambda: "1 session," in own.sheet(), "found by its tag")
        await own.press("enter", "t")
        await own.until(
            lambda: own.app.screen.query_one(Input).value == "keep q4", "the tags are there to edit"
        )
        for _ in range(3):
            await own.press("backspace")
        await own.press("enter")
        await own.until(lambda: any("tagged keep" in said for said in own.said), "q4 is gone")


async def test_verified(tmp_path: Path) -> None:
    folder = put(tmp_path)
    async with sheet(tmp_path) as own:
        await own.press("v")
        await own.until(lambda: "As it was written" in own.sheet(), "it is whole")
        await own.press("escape")
        folder.journal.write_bytes(written(day()).replace(b"bookstore", b"bookshops"))
        await own.press("v")
        await own.until(lambda: "CHANGED" in own.sheet() and "line 2" in own.sheet(), "the edit is named")


async def test_handed_over_and_taken_in(tmp_path: Path) -> None:
    put(tmp_path)
    async with sheet(tmp_path) as own:
        await own.press("e")
        await own.until(lambda: (tmp_path / f"{NAME}.tar.gz").is_file(), "the file is there")
        await settled(own)
        await own.press("i")
        await own.type(f"{tmp_path}/{NAME}.tar.gz")
        await own.press("enter")
        await own.until(lambda: any("there already" in said for said in own.said), "it is there already")
        await settled(own)
        await own.press("i")
        await own.type("/nowhere")
        await own.press("enter")
        await own.until(lambda: any("No such file" in said for said in own.said), "no such file")


async def test_pruned_only_by_the_typed_word(tmp_path: Path) -> None:
    aged(put(tmp_path), datetime(2026, 11, 23, tzinfo=UTC))
    async with sheet(tmp_path) as own:
        for word in ("yes", "prune"):
            await own.press("p")
            await own.type("1d")
            await own.press("enter")
            await own.until(lambda: f"goes   {NAME}" in own.sheet(), "it is named first")
            await own.type(word)
            await own.press("enter")
            if word == "yes":
                assert (tmp_path / NAME).is_dir()
                await own.press("escape")
        await own.until(lambda: not (tmp_path / NAME).exists(), "it is gone")
        await own.until(lambda: "No saved session" in own.sheet(), "the list says so")


async def test_an_empty_folder_and_a_small_terminal(tmp_path: Path) -> None:
    async with sheet(tmp_path / "nowhere", (80, 24)) as own:
        assert "No saved session so far." in own.sheet()
        for key in ("enter", "t", "v", "e"):
            await own.press(key)
        assert isinstance(own.app.screen, SessionsSheet)
