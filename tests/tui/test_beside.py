"""Two recordings beside each other: one playhead, aligned by what happened in both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controlroom.core.events import Event, NoteWritten
from controlroom.core.values import changed
from controlroom.room import Room
from controlroom.tui.follower import Follower
from controlroom.tui.outcome import Settings
from controlroom.tui.screens.beside import BesideSheet
from tests.scenes import LATER, later
from tests.sessions import DAY, HOST, moment, synthetic_events
from tests.tui.desk import Desk
from tests.tui.fake_room import FakeRoom, PastRoom, recorded


@asynccontextmanager
async def two(size: tuple[int, int], there: FakeRoom | None = None) -> AsyncIterator[Desk]:
    async def other() -> Room:
        return there or PastRoom(later(), recorded("2026-10-20"))

    own = Desk(synthetic_events(), recorded(), Settings(beside=other))
    async with own.app.run_test(size=size) as pilot:
        await own.ready(pilot)
        await own.until(lambda: isinstance(own.app.screen, BesideSheet), "both are shown")
        yield own


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_both_days_are_in_sight_and_one_playhead_moves_them(size: tuple[int, int]) -> None:
    async with two(size) as own:
        await own.press("home", "}", "}", ".", ".")
        lines = "\n".join(own.screen_lines())
        assert "2026-11-22" in lines
        assert "2026-10-20" in lines
        assert "T+16:00" in lines
        assert "esc closes" in lines
        sheet = own.app.screen
        assert isinstance(sheet, BesideSheet)
        assert sheet.alignment.title == "the first injection"
        assert abs(sheet.alignment.shift) < LATER + 1


async def test_aligned_by_something_else(size: tuple[int, int] = (160, 40)) -> None:
    async with two(size) as own:
        await own.press("home", "}", "}")
        sheet = own.app.screen
        assert isinstance(sheet, BesideSheet)
        for _ in range(4):
            await own.press("a")
        assert sheet.alignment.title == "their start"
        assert "the second is at T+15:00" in "\n".join(own.screen_lines())
        await own.press("space")
        own.real += 5
        await own.show()
        assert "the second is at T+15:05" in "\n".join(own.screen_lines())


async def test_before_its_beginning_and_after_its_end_that_is_said() -> None:
    async with two((160, 40)) as own:
        sheet = own.app.screen
        assert isinstance(sheet, BesideSheet)
        await own.press("end")
        text = "\n".join(own.screen_lines())
        assert "the second is" in text
        await own.press("escape")
        assert own.app.screen is own.app.room_screen
        await own.press("V")
        assert isinstance(own.app.screen, BesideSheet)


async def test_without_another_it_says_how_to_open_one() -> None:
    own = Desk(synthetic_events(DAY), recorded(), Settings())
    async with own.app.run_test(size=(120, 36)) as pilot:
        await own.ready(pilot)
        await own.press("V")
        assert any("--beside" in said for said in own.said)


async def test_the_other_ones_figures_are_computed_once_the_playhead_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Follower, "INLINE", 0)
    async with two((160, 40)) as own:
        await own.press("home", "}", "}", "}")
        sheet = own.app.screen
        assert isinstance(sheet, BesideSheet)
        other = sheet._other
        own.real += 2 * Follower.REST

        def computed() -> bool:
            sheet._look()
            return not other.behind and not other.due

        await own.until(computed, "they are computed")


async def test_one_that_is_still_recorded_goes_on_beside_the_other() -> None:
    there = PastRoom(synthetic_events(1872.0), changed(recorded("2026-10-20"), followed=True))
    async with two((160, 40), there) as own:
        assert "2026-10-20  still being recorded" in "\n".join(own.screen_lines())
        sheet = own.app.screen
        assert isinstance(sheet, BesideSheet)
        note = NoteWritten(note="more", type="note", text="it goes on there")
        await there.feed(Event(seq=there.count + 1, t=1880.0, at=moment(1880.0), actor=HOST, body=note))

        def seen() -> bool:
            sheet._look()
            return "T+31:20" in "\n".join(own.screen_lines())

        await own.until(seen, "the second one goes on")
