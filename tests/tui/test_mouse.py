"""The mouse chooses and scrolls, and nothing that acts is done by a click."""

from __future__ import annotations

import pytest
from textual.geometry import Offset

from controlroom.tui.pane import ListPane
from tests.pseudoterminal import screen
from tests.tui.desk import Desk, desk


def _pane(room: Desk, name: str) -> ListPane:
    pane = room.app.room_screen.query_one(f"#{name}")
    assert isinstance(pane, ListPane)
    return pane


def _place(pane: ListPane, row: int) -> Offset:
    region = pane.content_region
    return Offset(region.x + 4, region.y + row)


@pytest.mark.parametrize(
    ("name", "row", "chosen"), [("experiments", 1, 1), ("metrics", 3, 2), ("notes", 1, 1), ("feed", 2, 2)]
)
async def test_a_click_chooses_the_pane_and_its_line(name: str, row: int, chosen: int) -> None:
    async with desk(1872) as room:
        pane = _pane(room, name)
        await room.pilot.click(offset=_place(pane, row))
        await room.pilot.pause()
        assert room.app.room_screen.focused is pane
        assert pane.cursor == chosen
        assert not room.room.asked
        assert room.app.screen is room.app.room_screen


async def test_a_click_beside_the_lines_chooses_none() -> None:
    async with desk(1872) as room:
        pane = _pane(room, "experiments")
        await room.pilot.click(offset=_place(pane, pane.size.height - 1))
        assert pane.cursor == 0


async def test_many_clicks_do_nothing_that_acts() -> None:
    async with desk(1872) as room:
        for y in range(0, 36, 5):
            await room.pilot.click(offset=Offset(100, y), times=2)
        assert not room.room.asked


@pytest.mark.parametrize("arguments", [(), ("--no-mouse",)])
def test_a_terminal_is_asked_for_clicks_alone(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    with screen("replay", *arguments) as terminal:
        raw = terminal.read_until(b"nothing here is live")
        assert (b"\x1b[?1000h" in raw) == (not arguments)
        assert (b"\x1b[?1006h" in raw) == (not arguments)
        assert (b"\x1b[?1002h" in raw) == (not arguments)
        assert b"\x1b[?1003h" not in raw
        terminal.type(b"q")
        assert terminal.ended(30.0) == 0
