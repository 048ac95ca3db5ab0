"""Sheets over the room: whole in their first frame, with the room going on behind them."""

from __future__ import annotations

import pytest
from textual.screen import Screen

from controlroom.core import events as e
from controlroom.tui.pane import Pane
from controlroom.tui.screens.sheet import Sheet
from tests.tui.desk import Desk, desk


def _behind(own: Desk) -> list[str]:
    """The lines of the room itself, whatever lies over it."""
    return [strip.text for strip in own.app.room_screen._compositor.render_strips()]


@pytest.mark.parametrize("key", ["question_mark", "n", "d", "M", "k"])
async def test_a_sheet_is_whole_in_its_first_frame(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as own:
        await own.press("x")
        frames: list[list[str]] = []
        display = own.app._display

        def note(screen: Screen[object], renderable: object) -> None:
            if isinstance(screen, Sheet) and renderable is not None:
                frames.append(own.screen_lines())
            display(screen, renderable)  # type: ignore[arg-type]

        monkeypatch.setattr(own.app, "_display", note)
        await own.press(key)
        assert isinstance(own.app.screen, Sheet)
        own.app.screen.refresh()
        await own.pilot.pause()
        first, last = ([line.replace("▸", " ") for line in frame] for frame in (frames[0], frames[-1]))
        assert first == last, "but for the sign of the focus, which comes after it"
        assert any(pane.size.height for pane in own.app.screen.query(Pane))


async def test_the_room_goes_on_behind_a_sheet() -> None:
    async with desk() as own:
        await own.press("question_mark")
        before = own.screen_lines()
        await own.feed(e.ClockHeld(reason="a break"))
        after, room = own.screen_lines(), _behind(own)
        assert after != before
        assert after[:3] == room[:3]
        assert after[-1] == room[-1]
        assert "help" in "".join(after)


async def test_a_sheet_over_a_terminal_of_another_size_shows_the_room_anew() -> None:
    async with desk() as own:
        await own.press("question_mark")
        await own.pilot.resize_terminal(100, 30)
        await own.until(lambda: len(own.screen_lines()) == 30, "the size is taken over")
        await own.pilot.pause()
        assert own.screen_lines()[-1] == _behind(own)[-1]
        assert {len(line) for line in own.screen_lines()} == {100}


async def test_what_a_mouse_could_do_to_the_room_is_not_done_through_a_sheet() -> None:
    async with desk() as own:
        await own.press("question_mark")
        assert isinstance(own.app.screen, Sheet)
        assert all(
            not (segment.style and segment.style.meta) for line in own.app.screen._below for segment in line
        )
