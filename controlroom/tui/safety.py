"""The last net in the renderer: no byte of ours makes a terminal do anything but show text.

Text is cleaned where it enters the house; what slipped through is taken out of every line here. Textual's
line filters are an internal door, so the version is pinned and a test keeps watch.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

_ASCII = str.maketrans(
    {
        "─": "-", "━": "=", "┄": ".", "│": "|", "┃": "|", "├": "|", "┤": "|", "┼": "+", "╭": "+", "╮": "+",
        "╰": "+", "╯": "+", "┌": "+", "┐": "+", "└": "+", "┘": "+", "▁": "_", "▂": "_", "▃": ".", "▄": "-",
        "▅": "=", "▆": "+", "▇": "*", "█": "#", "▓": "%", "▒": "%", "░": ":", "▐": "#", "▌": "#", "▏": "|",
        "◆": "V", "●": "*", "○": "o", "◉": "@", "✗": "x", "▲": "^", "△": "^", "▼": "v", "▸": ">", "▹": ">",
        "▶": ">", "◂": "<", "■": "#", "‖": "|", "×": "x", "·": ".", "–": "-", "…": "~", "→": ">", "▔": "-",
        "▎": "|", "▊": "|", "▀": "-", "’": "'", "“": '"', "”": '"',
    }
)  # fmt: skip


class ControlFilter(LineFilter):
    """Takes control characters and marks that turn the direction of writing out of every line."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or (segment.text.isascii() and segment.text.isprintable())
            else Segment(_HARMFUL.sub("", segment.text), segment.style)
            for segment in segments
        ]


class AsciiFilter(LineFilter):
    """Puts plain ASCII of the same width in place of everything else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(as_ascii(segment.text), segment.style)
            for segment in segments
        ]


def as_ascii(text: str) -> str:
    """ASCII that takes as many cells: our own signs by likeness, letters without their accents, `?` else."""
    return "".join(_ascii_of(char) for char in text.translate(_ASCII))


def _ascii_of(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    cells = cell_len(char)
    return plain if len(plain) == cells else "?" * cells
