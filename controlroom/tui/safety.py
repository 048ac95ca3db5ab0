"""The last net in the renderer: no byte of ours makes a terminal do anything but show text.

Text is cleaned where it enters the house; what slipped through is taken out of every line here. Textual's
line filters are an internal door, so the version is pinned and a test keeps watch.
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from controlroom.tui.text import settled

_ASCII = str.maketrans(
    {
        "─": "-", "━": "=", "┄": ".", "│": "|", "┃": "|", "├": "|", "┤": "|", "┼": "+", "╭": "+", "╮": "+",
        "╰": "+", "╯": "+", "┌": "+", "┐": "+", "└": "+", "┘": "+", "▁": "_", "▂": "_", "▃": ".", "▄": "-",
        "▅": "=", "▆": "+", "▇": "*", "█": "#", "▓": "%", "▒": "%", "░": ":", "▐": "#", "▌": "#", "▏": "|",
        "◆": "V", "●": "*", "○": "o", "◉": "@", "✗": "x", "▲": "^", "△": "^", "▼": "v", "▸": ">", "▹": ">",
        "▶": ">", "◂": "<", "■": "#", "‖": "|", "×": "x", "·": ".", "–": "-", "…": "~", "→": ">", "▔": "-",
        "┊": ":", "┆": ":", "╌": "-", "╱": "/", "┬": "+", "┴": "+",
        "▷": ">", "◁": "<", "▾": "v", "▿": "v", "•": "*", "◦": "o", "»": ">", "‣": "*", "↑": "^", "↓": "v", "←": "<",
        "▎": "|", "▊": "|", "▀": "-", "’": "'", "“": '"', "”": '"',
    }
)  # fmt: skip


class ControlFilter(LineFilter):
    """Takes out of every line what a terminal would obey, or count differently than we do; no cell is moved."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if _is_plain(segment) else _plain(segment) for segment in segments]


def _is_plain(segment: Segment) -> bool:
    text = segment.text
    return not segment.control and text.isascii() and text.isprintable()


def _plain(segment: Segment) -> Segment:
    """The segment as text alone, in as many cells as it was counted for.

    Nothing that is drawn here has a sequence of its own to say, so one that claims to is not believed either.
    """
    shown = settled(segment.text)
    if shown == segment.text:
        return Segment(shown, segment.style) if segment.control else segment
    return Segment(set_cell_size(shown, cell_len(segment.text)), segment.style)


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
