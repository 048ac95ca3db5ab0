"""Says what a configuration is: the commented example, and what is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controlroom.tui.actions import ACTIONS
from controlroom.tui.config import COLOURS, Config
from controlroom.tui.tones import PALETTES, Palette, called

THEMES = ", ".join(called(name) for name in PALETTES)

EXAMPLE = f"""\
# Control Room's configuration. Everything is optional; `controlroom config` checks it and says what is in force.

# Theme to begin with: {THEMES}, or one of yours below. The key T goes through them.
# theme: colour-blind

# Layout to begin with, where the terminal has room for it, and a folder with layouts of your own (beside this file).
# layout: facilitator
# layouts: layouts

# Draw with ASCII alone. (So it is anyhow where the locale or the console has no more.)
# ascii: true

# Repaint at most once a second. (So it is anyhow over SSH; false repaints four times a second there too.)
# low-motion: true

# false: the mouse is left to the terminal, which then selects text without shift.
# mouse: false

# Keys by action; `controlroom config --keys` lists all. One key or several, quoted where YAML knows the character;
# `none` takes a key away. Halt, its key for while a text is typed, and help always have one.
keys:
  # halt: ["!", f12]
  # note: ";"
  # picture: none

# Themes of your own: a theme of the house (`from`), and the colours that are to differ.
# Colours: {", ".join(COLOURS)}.
themes:
  # late-shift:
  #   from: dark
  #   background: "#000000"
  #   accent: "#ffaf5f"
"""


def in_force(config: Config) -> Iterator[tuple[str, str]]:
    """Each setting and its value, as people read it."""
    yield "theme", called(config.theme) if config.theme else "dark; 16 where a terminal has no more colours"
    yield "layout", config.layout or "the largest that fits the terminal and the seat"
    yield "layouts", str(config.layouts) if config.layouts else "those of the house"
    yield "ascii", _truth(config.ascii, "where the locale or the console has no more")
    yield "low-motion", _truth(config.low_motion, "over SSH")
    yield "mouse", _truth(config.mouse, "true")
    for name in config.keys.own:
        yield f"keys.{name}", config.keys.all_shown(name) or "none"
    for name, own in config.palettes.items():
        yield f"themes.{name}", _difference(own, PALETTES)


def _truth(value: bool | None, default: str) -> str:
    return default if value is None else str(value).lower()


def _difference(own: Palette, house: Mapping[str, Palette]) -> str:
    """The colours of a theme that no theme of the house nearest to it has."""
    base = min(house.values(), key=lambda other: sum(getattr(own, c) != getattr(other, c) for c in COLOURS))
    mine = [f"{c} {getattr(own, c)}" for c in COLOURS if getattr(own, c) != getattr(base, c)]
    return ", ".join(mine) or "as a theme of the house"


def key_rows(config: Config) -> Iterator[tuple[str, str, str]]:
    """Each action: its keys as they are in force, its name and what it does."""
    for action in ACTIONS:
        yield config.keys.all_shown(action.id) or "–", action.id, action.help
