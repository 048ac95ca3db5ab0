"""How colours look to people who do not see them all, and how far apart they are."""

from __future__ import annotations

from itertools import starmap
from typing import Literal

Sight = Literal["normal", "protanopia", "deuteranopia"]

_SEEN: dict[Sight, tuple[tuple[float, float, float], ...]] = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
"""Machado, Oliveira and Fernandes, *A physiologically-based model for simulation of color vision deficiency* (2009),
severity 1.0; on linear light."""

Triple = tuple[float, float, float]


def _linear(colour: str) -> Triple:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def seen(colour: str, sight: Sight) -> Triple:
    """The colour as linear light, as those people see it."""
    light = _linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(starmap(lambda a, b: a * b, zip(row, light, strict=True)))))
        for row in _SEEN[sight]
    )
    return red, green, blue


def _lab(light: Triple) -> Triple:
    """CIE L*a*b* under D65."""
    red, green, blue = light
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def apart(one: str, other: str, sight: Sight) -> float:
    """CIE 1976 difference; 2 to 3 can just be noticed side by side."""
    pairs = zip(_lab(seen(one, sight)), _lab(seen(other, sight)), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)
