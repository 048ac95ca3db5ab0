"""`?` explains the screen in view: the room with its chosen pane, and every sheet."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from controlroom.tui import screens
from controlroom.tui.screens.sheet import Sheet
from tests.tui.desk import desk


def every_sheet() -> list[type[Sheet[object]]]:
    """All kinds of sheets there are."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found: list[type[Sheet[object]]] = []
    waiting: list[type[Sheet[object]]] = [Sheet]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found += [own for own in kind.__subclasses__() if own.__module__.startswith("controlroom.")]
    return found


@pytest.mark.parametrize("kind", every_sheet(), ids=lambda kind: kind.__name__)
def test_every_sheet_says_what_it_is_for(kind: type[Sheet[object]]) -> None:
    assert kind.PURPOSE.endswith(".")


async def test_help_on_the_room_names_its_chosen_pane_first() -> None:
    async with desk(1872) as room:
        room.app.choose("metrics")
        await room.pilot.pause()
        await room.press("question_mark")
        text = room.sheet()
        assert text.index("in the metrics") < text.index("Safety")
        assert "Delete every fault of ours at once" in text
        await room.press("question_mark")
        assert room.app.screen is room.app.room_screen, "its own key closes it"


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        (("M",), ("help · marks", "undo", "keys everywhere", "halt")),
        (("q",), ("help · quit", "detach: the session goes on")),
        (("k",), ("help · checklist", "space")),
        (("t",), ("help · ", "One metric")),
    ],
)
async def test_help_on_a_sheet_is_about_that_sheet(keys: tuple[str, ...], texts: tuple[str, ...]) -> None:
    async with desk(1872) as room:
        await room.press(*keys)
        below = room.app.screen
        await room.press("question_mark")
        shown = "\n".join(room.screen_lines())
        for text in texts:
            assert text in shown.replace("Delete every fault", "halt") + room.sheet(), text
        assert "Record" not in room.sheet(), "the room's keys do nothing here"
        await room.press("escape")
        assert room.app.screen is below


async def test_while_a_text_is_typed_a_question_mark_is_text_and_f1_is_help() -> None:
    async with desk(1872) as room:
        await room.press("n")
        await room.press("question_mark")
        assert room.app.screen.query_one("Input").value == "?"  # type: ignore[attr-defined]
        await room.press("f1")
        assert "Wants one line of text" in room.sheet()


async def test_a_note_can_be_written_from_within_a_sheet() -> None:
    async with desk(1872) as room:
        await room.press("f", "n")
        assert room.app.screen.query("Input"), "the note's line"
        await room.press("escape", "escape", "M", "n")
        assert "symptom" in room.sheet(), "the marks need the key for themselves"
