"""Sessions side by side on the screen: trend, better and worse in words and shape, what is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controlroom.core.comparing.values import Carried, Change, Comparison, Entry, Row, Side
from controlroom.core.values import changed
from controlroom.tui.app import Settings
from controlroom.tui.draw import comparison as draw
from controlroom.tui.safety import as_ascii
from controlroom.tui.screens.compare import CompareSheet
from controlroom.tui.shelf import Order, SavedSession, ShelfError
from controlroom.tui.text import width as cells
from tests.sessions import synthetic_events
from tests.tui.desk import Desk
from tests.tui.fake_room import recorded


def row(id: str, title: str, unit: str, *entries: Entry, kind: str = "same", by: float | None = None) -> Row:
    same = (Change(kind="same"),) * (len(entries) - 2)
    return Row(id=id, title=title, unit=unit, entries=entries, changes=(*same, Change(kind=kind, by=by)))  # type: ignore[arg-type]


def known(value: float) -> Entry:
    return Entry(status="known", value=value)


def three() -> Comparison:
    """Three days: quicker found each day, a criterion that fails at last, a figure that is not known."""
    side = Side(
        session="s", title="Day", plan="day", plan_hash="h", opened_at=datetime(2026, 11, 20, tzinfo=UTC),
        length=3600.0, lab=True, context="staging", closed=True, verdict="passed",
    )  # fmt: skip
    verdicts = [Entry(status=own) for own in ("passed", "passed", "needs improvement")]
    fails = [
        Entry(status="pass", value=60.0),
        Entry(status="pass", value=90.0),
        Entry(status="fail", value=400.0),
    ]
    unknown = Entry(status="unknown", reason="Prometheus did not answer")
    return Comparison(
        format=1,
        sessions=(side, side, side),
        remarks=("the plan was changed in between",),
        verdict=row("verdict", "Verdict", "", *verdicts, kind="worse"),
        criteria=(row("criteria/r", "Recovers in 5 minutes", "s", *fails, kind="worse", by=310.0),),
        signs=(),
        day=(
            row("day/ttd", "TTD", "s", known(90), known(60), known(20), kind="better", by=-40.0),
            row("day/tta", "TTA", "s", known(30), known(30), unknown, kind="not comparable"),
        ),
        experiments=(),
        counts=(),
        actions=(
            Carried(
                title="Mend the pager", owner="ann", due="", states=("open", "open", "open"), standing="open",
                carried=True,
            ),
        ),
        plans=(),
    )  # fmt: skip


class Shelf:
    """Two saved sessions, and what it was asked to compare."""

    def __init__(self, answer: Comparison | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.answer = answer

    def listed(self, text: str = "", order: Order = "when") -> Sequence[SavedSession]:
        return [SavedSession(Path(f"/s/{name}"), f"Day {name}", "2026-11-20 10:00") for name in ("b", "a")]

    def total(self, found: Sequence[SavedSession]) -> str:
        return f"{len(found)} sessions, 1 MB"

    def compare(self, paths: Sequence[Path]) -> Comparison:
        self.asked.append(tuple(path.name for path in paths))
        if self.answer is None:
            raise ShelfError("no closed session before it")
        return self.answer


@asynccontextmanager
async def shelved(shelf: Shelf, compared: Sequence[Path] = ()) -> AsyncIterator[Desk]:
    """A recording at the smallest size, over a shelf."""
    info = changed(recorded(), folder="/s/here")
    found = Desk(synthetic_events(1872.0), info, Settings(shelf=shelf, compared=compared))  # type: ignore[arg-type]
    async with found.app.run_test(size=(80, 24)) as pilot:
        await found.ready(pilot)
        yield found


def told(found: Comparison, width: int = 70) -> str:
    return "\n".join("".join(text for text, _ in line.row) for line in draw.lines(found, width, False))


def test_a_figure_has_its_trend_and_what_became_of_it() -> None:
    lines = told(three()).splitlines()
    (ttd,) = (line for line in lines if line.startswith("TTD"))
    assert ttd.split() == ["TTD", "█▅▁", "60", "s", "20", "s", "▲", "better", "-40", "s"]
    (criterion,) = (line for line in lines if line.startswith("Recovers"))
    assert "○○✗" in criterion and "▼ worse +5:10" in criterion
    (tta,) = (line for line in lines if line.startswith("TTA"))
    assert "▁▁·" in tta and "unknown" in tta and "? not comparable" in tta
    assert "carried over: Mend the pager @ann (open since [1])" in lines
    assert any(line.startswith("[3] TTA: unknown: Prometheus did not answer") for line in lines)


@pytest.mark.parametrize("width", [70, 150])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    found = [*draw.about(three(), width), *(own.row for own in draw.lines(three(), width, True))]
    assert max(cells("".join(text for text, _ in row)) for row in found) <= width


def test_its_signs_have_a_likeness_in_ascii() -> None:
    told_plainly = as_ascii(told(three()))
    assert "o" * 2 + "x" in told_plainly
    assert "^ better" in told_plainly and "v worse" in told_plainly


async def test_marked_sessions_are_compared_from_their_list() -> None:
    shelf = Shelf(three())
    async with shelved(shelf) as room:
        await _listed(room)
        await room.press("c")
        await room.until(lambda: len(shelf.asked) == 1, "one alone is compared")
        await room.until(lambda: isinstance(room.app.screen, CompareSheet), "it is shown")
        await room.press("escape", "space", "down", "space", "c")
        await room.until(lambda: len(shelf.asked) == 2, "both are compared")
    assert shelf.asked == [("b",), ("b", "a")]


async def test_the_screen_shows_it_and_a_figure_in_full_at_the_smallest_size() -> None:
    shelf = Shelf(three())
    async with shelved(shelf, [Path("/s/a")]) as room:
        await room.until(lambda: isinstance(room.app.screen, CompareSheet), "it is shown at once")
        await room.pilot.pause()
        sheet = room.sheet()
        assert "▲ 1 better" in sheet and "▼ 2 worse" in sheet and "? 1 not comparable" in sheet
        await room.press(*["down"] * 5, "enter")
        assert "needs improvement" in room.sheet() and "[3]" in room.sheet()


async def test_what_cannot_be_compared_is_said() -> None:
    shelf = Shelf()
    async with shelved(shelf) as room:
        await room.press("D")
        await room.until(lambda: "no closed session before it" in room.said, "it is said")
    assert shelf.asked == [("here",)]


async def _listed(room: Desk) -> None:
    await room.press("S")
    await room.until(lambda: "Day a" in room.sheet(), "the sessions are listed")
