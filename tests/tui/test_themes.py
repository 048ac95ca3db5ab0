"""Themes: legible, told apart by those who do not see all colours, and never the only bearer of a meaning."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations

import pytest
from rich.color import Color, ColorSystem

from controlroom.tui.outcome import Settings
from controlroom.tui.tones import (
    DEFAULT_THEME,
    LEAST_CONTRAST,
    PALETTES,
    SIXTEEN,
    Palette,
    contrast,
    named,
    palette_of,
    themes,
    tones,
)
from tests.sessions import synthetic_events
from tests.tui.colours import Sight, apart
from tests.tui.desk import Desk, desk

STATES = ("good", "warn", "bad")
TEXT = ("text", "dim", "accent", *STATES)
CLEAR = 20.0
"""Difference of two colours that is seen at a glance and far from each other."""


@pytest.mark.parametrize("name", PALETTES)
def test_all_text_is_legible(name: str) -> None:
    own = PALETTES[name]
    for colour in TEXT:
        assert contrast(getattr(own, colour), own.background) >= LEAST_CONTRAST, colour
        if name != SIXTEEN:  # whose colours are the terminal's to choose
            assert contrast(getattr(own, colour), own.surface) >= LEAST_CONTRAST, colour
    assert contrast(own.text, own.background) >= 7.0
    for ground in (own.bad, own.warn, own.accent):  # of the alarm, the notice and the phase
        assert contrast(own.background, ground) >= LEAST_CONTRAST


@pytest.mark.parametrize("sight", ["normal", "protanopia", "deuteranopia"])
def test_states_are_told_apart_by_colour_blind_people(sight: Sight) -> None:
    own = PALETTES["control-colour-blind"]
    for one, other in combinations((*STATES, "dim"), 2):
        assert apart(getattr(own, one), getattr(own, other), sight) >= CLEAR, (one, other)


def test_the_check_finds_what_cannot_be_told_apart() -> None:
    own = PALETTES["control-light"]
    assert apart(own.warn, own.bad, "deuteranopia") < CLEAR
    assert apart(own.warn, own.bad, "normal") > CLEAR


def test_the_sixteen_are_the_terminals_own() -> None:
    own = PALETTES[SIXTEEN]
    numbers = set()
    for one in fields(Palette):
        if one.name != "dark":
            colour = Color.parse(getattr(own, one.name)).downgrade(ColorSystem.STANDARD)
            assert colour.number is not None
            numbers.add(colour.number)
    assert len(numbers) == len(fields(Palette)) - 1, "no two become the same"


def test_a_theme_of_textual_and_its_palette_say_the_same() -> None:
    for theme in themes():
        assert palette_of(theme) == PALETTES[theme.name]
        assert tones(palette_of(theme))["bad"].color is not None
    assert named("light") == named("control-light") == "control-light"
    assert named("nothing") is None


@pytest.mark.parametrize(
    ("term", "theme"), [("xterm", SIXTEEN), ("linux", SIXTEEN), ("xterm-256color", DEFAULT_THEME)]
)
async def test_the_terminal_chooses_where_nobody_does(
    term: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert Desk(synthetic_events(60.0), None, Settings()).app.theme == theme
    assert Desk(synthetic_events(60.0), None, Settings(theme="light")).app.theme == "control-light"


@pytest.mark.parametrize("theme", PALETTES)
async def test_what_is_said_is_the_same_in_every_theme(theme: str) -> None:
    async with desk(1872) as room, desk(1872, theme=theme) as other:
        assert other.app.theme == theme
        assert room.screen_lines() == other.screen_lines()


async def test_low_motion_looks_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    def every(low: bool | None) -> float:
        return Desk(synthetic_events(60.0), None, Settings(low_motion=low)).app.every

    assert every(None) == every(False) < every(True) == 1.0
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    assert every(None) == 1.0
    assert every(False) < 1.0


async def test_low_motion_shows_ones_own_act_at_once() -> None:
    room = Desk(synthetic_events(1872.0), None, Settings(low_motion=True))
    async with room.app.run_test(size=(80, 24)) as pilot:
        await room.ready(pilot)
        await room.press("question_mark")
        assert room.app.screen is not room.app.room_screen
