"""Layouts: the shipped ones, the choice by size, and errors with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.shipped import shipped
from controlroom.tui import layouts
from controlroom.tui.layout_files import parse
from tests.tui.desk import Desk, desk

GOOD = """\
name: mine
title: My own
at-least: 90x20
columns: 2fr 1fr
rows:
  - 1: clock
  - content 4: banner
  - 1fr: metrics notes+feed
"""


def test_the_compiled_in_layouts_are_the_shipped_files() -> None:
    found, troubles = layouts.read_layouts(shipped("layouts"))
    assert troubles == []
    for name in ("facilitator", "compact", "scribe", "audience", "wall", "debrief"):
        assert found[name] == layouts.COMPILED_IN[name]


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((120, 36), "facilitator"),
        ((199, 50), "facilitator"),
        ((200, 49), "facilitator"),
        ((200, 50), "wall"),
        ((80, 24), "compact"),
        ((40, 12), "tiny"),
        ((20, 5), "tiny"),
    ],
)
def test_the_terminal_size_chooses(size: tuple[int, int], name: str) -> None:
    assert layouts.choose(layouts.COMPILED_IN, None, *size).name == name


@pytest.mark.parametrize(
    ("seat", "size", "name"),
    [
        ("scribe", (120, 36), "scribe"),
        ("scribe", (80, 24), "scribe"),
        ("scribe", (72, 18), "compact"),
        ("audience", (200, 50), "audience"),
        ("audience", (80, 24), "audience"),
        ("audience", (59, 24), "tiny"),
    ],
)
def test_each_seat_begins_with_its_own(seat: str, size: tuple[int, int], name: str) -> None:
    assert layouts.choose(layouts.COMPILED_IN, None, *size, seat).name == name


def test_a_seat_gets_only_what_is_made_for_it() -> None:
    shared = parse(GOOD.replace("rows:", "safe-to-share: true\nrows:"), "mine.yaml")
    known = {**layouts.COMPILED_IN, "mine": parse(GOOD, "mine.yaml")}
    assert layouts.choose(known, "mine", 120, 36, "audience").name == "audience"
    assert layouts.choose(known, "audience", 120, 36, "facilitator").name == "facilitator"
    assert layouts.choose({**known, "mine": shared}, "mine", 120, 36, "audience").name == "mine"


def test_a_wanted_layout_gives_way_where_it_does_not_fit() -> None:
    known = {**layouts.COMPILED_IN, "mine": parse(GOOD, "mine.yaml")}
    assert layouts.choose(known, "mine", 120, 36).name == "mine"
    assert layouts.choose(known, "mine", 80, 24).name == "compact"
    assert layouts.choose(known, "compact", 120, 36).name == "compact"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (101, 31), (20, 5), (1, 1)])
def test_areas_tile_the_terminal(size: tuple[int, int]) -> None:
    width, height = size
    for own in layouts.COMPILED_IN.values():
        covered: dict[tuple[int, int], str] = {}
        for area, box in layouts.boxes(own, width, height, {"banner": 2, "timeline": 10}).items():
            for x in range(box.x, box.x + box.width):
                for y in range(box.y, box.y + box.height):
                    assert (x, y) not in covered, f"{area} lies on {covered[x, y]}"
                    assert 0 <= x < width
                    assert 0 <= y < height
                    covered[x, y] = area
        if own.wide <= width and own.tall <= height and height > 10:
            assert len(covered) == width * height


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("metrics notes", "metricks notes"),
            r"mine.yaml:8: there is no pane `metricks` \(did you mean `metrics`\?\)",
        ),
        (("  - 1: clock\n", ""), r"mine.yaml:5: `clock` \(or `stage`\) and `banner` must be somewhere"),
        (("columns:", "colums:"), r"mine.yaml:4: unknown key `colums` \(did you mean `columns`\?\)"),
        (("90x20", "large"), "mine.yaml:3: `at-least` is columns x rows"),
        (("notes+feed", "notes feed"), "row 3 has 3 areas, there are 2 columns"),
        (("notes+feed", "notes+metrics"), "stands in two areas"),
        (("name: mine", "name: [mine"), "mine.yaml:2: not YAML: expected"),
        ((GOOD, "- a list"), "mine.yaml:1: a layout is a mapping"),
        (("rows:", "seats: judge\nrows:"), "mine.yaml:5: there is no seat `judge`"),
        (
            ("rows:", "seats: audience\nrows:"),
            "mine.yaml:5: a layout for the audience says `safe-to-share: true`",
        ),
        (("2fr 1fr", "2fr wide"), "mine.yaml:4: `wide` is no size"),
        (("1fr: metrics", "0fr: metrics"), "mine.yaml:8: `0fr` is no size"),
        (("1fr: metrics", "content 9: metrics"), "mine.yaml:8: `content` is for alerts, banner"),
        (("  - 1: clock", "  - 1: [clock]"), "mine.yaml:6: a row is `size: areas`"),
    ],
)
def test_a_layout_that_cannot_be_used_says_where_and_why(change: tuple[str, str], message: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(layouts.LayoutError, match=message):
        parse(GOOD.replace(*change), "mine.yaml")


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_lines() -> None:
    text = """\
title: Mine
colour: red
at-least: large
frames: maybe
columns: 2fr wide
rows:
  - 1: clocks
  - content 4: banner
  - content: metrics notes
  - 1fr: metrics feed notes
"""
    with pytest.raises(layouts.LayoutError) as refused:
        parse(text, "mine.yaml")
    assert [trouble.split(": ", 1)[0] for trouble in refused.value.troubles] == [
        f"mine.yaml:{line}" for line in (1, 2, 3, 4, 5, 6, 7, 9, 9, 10)
    ]


def test_the_layouts_on_the_page_are_ones() -> None:
    page = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```yaml\n")[1:]]
    assert [parse(block, "layouts.md").name for block in blocks] == ["facilitator", "watch"]


@pytest.mark.parametrize("name", ["audience", "tiny", "mine"])
def test_a_layout_that_is_not_safe_never_comes_before_an_audience(name: str) -> None:
    own = parse(GOOD.replace("name: mine", f"name: {name}"), "mine.yaml")
    known = {**layouts.COMPILED_IN, name: own}
    for size in ((120, 36), (200, 50), (90, 20), (20, 5)):
        chosen = layouts.choose(known, name, *size, "audience")
        assert chosen.safe_to_share and chosen is not own


def test_a_broken_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text("name: b\n")
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe")
    found, troubles = layouts.read_layouts(tmp_path)
    assert list(found) == ["mine"]
    assert [trouble.split(":")[0] for trouble in troubles] == ["b.yaml", "c.yaml"]


async def test_a_layout_of_ones_own_is_read_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    async with desk(1868.0, layouts=tmp_path, layout="mine", size=(120, 36)) as own:
        screen = own.app.room_screen
        assert (screen.own.name, screen.own.frames) == ("mine", True)
        path.write_text(GOOD.replace("title: My own", "title: My own\nframes: false"))
        await looked_again(own, tmp_path)
        assert (screen.own.name, screen.own.frames) == ("mine", False)
        path.write_text(GOOD.replace("1fr: metrics notes+feed", "1fr: metrik notes+feed"))
        await looked_again(own, tmp_path)
        assert screen.own.name == "facilitator"
        assert any("mine.yaml:8" in str(own_.message) for own_ in own.app._notifications)
        path.write_text(GOOD)
        await looked_again(own, tmp_path)
        assert screen.own.name == "mine"
        path.unlink()
        await looked_again(own, tmp_path)
        assert screen.own.name == "facilitator"


async def looked_again(own: Desk, folder: Path) -> None:
    """As after a second."""
    own.app.read_layouts()
    now = layouts.stamps(folder)
    await own.until(lambda: own.app._layout_stamps == now, "the folder is looked at")
    await own.pilot.pause()


async def test_the_debrief_has_what_it_needs_in_a_small_terminal() -> None:
    async with desk(5390.0, layout="debrief", size=(80, 24)) as own:
        shown = "\n".join(own.screen_lines())
        for title in ("verdict", "questions", "notes", "action items"):
            assert title in shown
        own.app.choose("actions")
        await own.press("enter")
        assert "action items" in "\n".join(own.screen_lines())
        await own.press("escape")
        own.app.choose("criteria")
        await own.press("enter")
        assert "criteria" in own.sheet()


async def test_the_wall_has_the_clock_that_matters_in_large_figures() -> None:
    async with desk(1868.0, size=(200, 50)) as own:
        assert own.app.room_screen.own.name == "wall"
        assert "████" in "\n".join(own.screen_lines())
        assert "left in this phase" in "\n".join(own.screen_lines())
