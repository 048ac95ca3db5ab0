"""Themes, and the few tones in which panes speak. One accent; red only for what we broke and for halt."""

from __future__ import annotations

from collections.abc import Mapping
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
        dim="#5f646b",
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
    # Blue, yellow and vermilion differ in lightness too: red-blind and green-blind people tell them apart.
    "control-colour-blind": Palette(
        background="#0e1116",
        surface="#1c222b",
        frame="#3a4450",
        text="#e6e9ee",
        dim="#8a94a1",
        accent="#8fe3ff",
        good="#2f8fff",
        warn="#ffe45c",
        bad="#f2641a",
    ),
    # The very colours of a terminal that has sixteen: nothing is rounded to a neighbour.
    "control-16": Palette(
        background="#000000",
        surface="#0000aa",
        frame="#555555",
        text="#ffffff",
        dim="#aaaaaa",
        accent="#55ffff",
        good="#55ff55",
        warn="#ffff55",
        bad="#ff5555",
    ),
}

DEFAULT_THEME = "control-dark"
SIXTEEN = "control-16"
"""The theme for a terminal of sixteen colours, where none is chosen."""
OWN = "control-"
"""Begins the names of the house's themes; people leave it out."""
LEAST_CONTRAST = 4.5
"""Between a colour of text and what it lies on (WCAG 2, level AA)."""


def named(name: str, palettes: Mapping[str, Palette] = PALETTES) -> str | None:
    """The theme that people call so; None: there is none."""
    return next((own for own in (name, OWN + name) if own in palettes), None)


def called(theme: str) -> str:
    """What people call it."""
    return theme.removeprefix(OWN)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours by WCAG 2: 1 (none) to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palette_of(theme: Theme) -> Palette:
    """The colours of a theme that :func:`themes` made."""
    return Palette(
        background=theme.background or "",
        surface=theme.surface or "",
        frame=theme.variables["frame"],
        text=theme.foreground or "",
        dim=theme.variables["dim"],
        accent=theme.primary,
        good=theme.success or "",
        warn=theme.warning or "",
        bad=theme.error or "",
        dark=theme.dark,
    )


def themes(palettes: Mapping[str, Palette] = PALETTES) -> tuple[Theme, ...]:
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
        for name, own in palettes.items()
    )


def tones(own: Palette) -> dict[str, Style]:
    """Style of each tone. A tone that is not in it is plain text."""
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
