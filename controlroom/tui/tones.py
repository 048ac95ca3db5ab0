"""Themes, and the few tones in which panes speak. One accent; red only for what we broke and for halt."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual.theme import Theme


@dataclass(frozen=True)
class Palette:
    """Colours of a theme, as `#rrggbb`."""

    background: str
    surface: str
    frame: str
    text: str
    dim: str
    accent: str
    good: str
    warn: str
    bad: str
    dark: bool = True


PALETTES = {
    "control-dark": Palette(
        background="#11151a",
        surface="#1d242c",
        frame="#37424e",
        text="#d5dce4",
        dim="#7f8b98",
        accent="#63c5da",
        good="#93c47d",
        warn="#e6b455",
        bad="#ff6159",
    ),
    "control-light": Palette(
        background="#faf9f6",
        surface="#e9e6df",
        frame="#c3beb3",
        text="#22272e",
        dim="#6a6f76",
        accent="#00687f",
        good="#3c7026",
        warn="#8a5a00",
        bad="#c1121f",
        dark=False,
    ),
    "control-contrast": Palette(
        background="#000000",
        surface="#262626",
        frame="#9a9a9a",
        text="#ffffff",
        dim="#c8c8c8",
        accent="#00e5ff",
        good="#6fff6f",
        warn="#ffd54a",
        bad="#ff7b72",
    ),
}

DEFAULT_THEME = "control-dark"


def themes() -> tuple[Theme, ...]:
    """Textual's themes for the palettes."""
    return tuple(
        Theme(
            name=name,
            primary=own.accent,
            secondary=own.accent,
            accent=own.accent,
            foreground=own.text,
            background=own.background,
            surface=own.surface,
            panel=own.surface,
            success=own.good,
            warning=own.warn,
            error=own.bad,
            dark=own.dark,
            variables={"frame": own.frame, "dim": own.dim},
        )
        for name, own in PALETTES.items()
    )


def tones(theme: str) -> dict[str, Style]:
    """Style of each tone. A tone that is not in it is plain text."""
    own = PALETTES.get(theme, PALETTES[DEFAULT_THEME])
    return {
        "dim": Style(color=own.dim),
        "frame": Style(color=own.frame),
        "strong": Style(bold=True),
        "title": Style(color=own.accent, bold=True),
        "accent": Style(color=own.accent),
        "key": Style(color=own.accent, bold=True),
        "good": Style(color=own.good),
        "warn": Style(color=own.warn, bold=True),
        "bad": Style(color=own.bad, bold=True),
        "over": Style(color=own.warn),
        "fault": Style(color=own.bad),
        "alarm": Style(color=own.background, bgcolor=own.bad, bold=True),
        "notice": Style(color=own.background, bgcolor=own.warn, bold=True),
        "reveal": Style(color=own.accent, bgcolor=own.surface, bold=True),
        "calm": Style(color=own.text, bgcolor=own.surface),
        "phase": Style(color=own.background, bgcolor=own.accent, bold=True),
        "cursor": Style(bgcolor=own.surface, bold=True),
    }
