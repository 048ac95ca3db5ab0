"""Any size and back, in the room and in every sheet, does no harm."""

from __future__ import annotations

import pytest

from controlroom.core import intents as i
from tests.tui.desk import desk

SHEETS = {
    "help": ("question_mark",),
    "details": ("d",),
    "plot": ("t",),
    "figures": ("f",),
    "who": ("w",),
    "load": ("O",),
    "marks": ("M",),
    "new mark": ("M", "n"),
    "note": ("n",),
    "notes": ("N",),
    "action items": ("A",),
    "observations": ("o",),
    "debrief": ("g",),
    "checklist": ("k",),
    "phases": ("p",),
    "reveal": ("v",),
    "inject": ("i",),
    "start": ("x", "down", "down", "space"),
    "quit": ("q",),
    "go to": ("colon",),
    "copy": ("Y",),
    "palette": ("ctrl+p",),
}


@pytest.mark.parametrize("keys", SHEETS.values(), ids=SHEETS.keys())
async def test_a_sheet_at_any_size_and_back(keys: tuple[str, ...]) -> None:
    async with desk(1872) as room:
        await room.press(*keys)
        opened = room.app.screen
        assert opened is not room.app.room_screen
        before, focused = room.screen_lines(), room.app.room_screen.focused
        for size in ((20, 5), (4, 2)):
            await room.pilot.resize_terminal(*size)
            await room.show()
            assert len(room.screen_lines()) == size[1]
        await room.pilot.resize_terminal(120, 36)
        await room.show()
        await room.pilot.pause()
        assert room.app.screen is opened
        assert room.app.room_screen.focused is focused, "the pane that had the cursor has it again"
        after = room.screen_lines()
        if "checklist" not in before[4]:  # a list keeps its cursor in sight, not its top
            assert after == before


@pytest.mark.parametrize("keys", [("question_mark",), ("n",), ("p",), ("ctrl+p",)], ids=" ".join)
async def test_halt_works_at_any_size(keys: tuple[str, ...]) -> None:
    async with desk(1872, size=(20, 5)) as room:
        await room.press(*keys)
        await room.press("ctrl+x")
        assert room.asked(i.HaltAll)
