"""Frames go out as differences, and what the terminal shows in the end is the frame."""

from __future__ import annotations

from collections.abc import Sequence

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from controlroom.tui.paper import Paper

WIDTH, HEIGHT = 12, 3
STYLES = tuple(
    Style.parse(text)
    for text in (
        "", "#ffffff on #102030", "bold #ffffff on #102030", "#ff0000 on #102030", "reverse", "bold italic red",
        "underline bright_blue on black",
    )
)  # fmt: skip
Line = Sequence[tuple[str, Style]]


def strip(line: Line) -> Strip:
    """The line in exactly WIDTH cells."""
    return Strip([Segment(text, style) for text, style in line]).adjust_cell_length(WIDTH)


def frame(lines: Sequence[Line]) -> LayoutUpdate:
    return LayoutUpdate([[strip(line)] for line in lines], Region(0, 0, WIDTH, HEIGHT))


def told(paper: Paper, update: LayoutUpdate | ChopsUpdate) -> str:
    return paper.told(update, (WIDTH, HEIGHT), ColorSystem.TRUECOLOR)


class Emulated:
    """A terminal that is sent what a paper says."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    def shown(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def whole(lines: Sequence[Line]) -> list[list[object]]:
    """What a terminal shows that is sent the lines from one end to the other."""
    own = Emulated()
    for y, line in enumerate(lines):
        own.stream.feed(f"\x1b[{y + 1};1H")
        for text, style, _ in strip(line):
            own.stream.feed(style.render(text, color_system=ColorSystem.TRUECOLOR) if style else text)
    return own.shown()


pieces = st.tuples(st.text("ab 1·█漢한é", min_size=0, max_size=6), st.sampled_from(STYLES))
lines = st.lists(pieces, max_size=4)
frames = st.lists(st.lists(lines, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5)


@given(frames)
def test_a_terminal_that_is_sent_the_differences_shows_each_frame(days: list[list[Line]]) -> None:
    paper, own = Paper(), Emulated()
    for number, day in enumerate(days):
        own.stream.feed(told(paper, frame(day)))
        assert own.shown() == whole(day), f"frame {number}"


def test_a_digit_costs_a_move_and_a_look_and_itself() -> None:
    paper, style = Paper(), STYLES[1]
    told(paper, frame([[("p95  512 ms", style)], [], []]))
    sent = told(paper, frame([[("p95  517 ms", style)], [], []]))
    assert sent == "\x1b[38;2;255;255;255;48;2;16;32;48m\x1b[1;8H7\x1b[0m"


def test_what_is_there_is_not_sent_again() -> None:
    paper = Paper()
    day = frame([[("calm", STYLES[1])], [], [("漢字", STYLES[3])]])
    assert told(paper, day) != ""
    assert told(paper, day) == ""
    paper.forget()
    assert "calm" in told(paper, day)


def test_another_size_is_another_terminal() -> None:
    paper = Paper()
    day = frame([[("calm", STYLES[1])], [], []])
    told(paper, day)
    assert "calm" in paper.told(day, (WIDTH + 1, HEIGHT), ColorSystem.TRUECOLOR)


def test_cells_that_lie_close_are_sent_in_one_go() -> None:
    paper, style = Paper(), STYLES[0]
    told(paper, frame([[("1 2 3      x", style)], [], []]))
    assert told(paper, frame([[("4 5 6      y", style)], [], []])) == "\x1b[1;1H4 5 6\x1b[1;12Hy"


def test_after_a_sign_that_terminals_count_differently_the_cursor_is_put_where_it_belongs() -> None:
    """Whatever a terminal thinks of the sign, the next column stands straight."""
    sent = told(Paper(), frame([[("漢字ab", STYLES[0])], [], []]))
    assert sent.startswith("\x1b[1;1H漢字\x1b[1;5Hab")


def test_a_mark_whose_sign_is_covered_is_not_painted() -> None:
    lines = [[strip([("│", STYLES[0])]).crop(0, 1), Strip([Segment("\u0301b", STYLES[0])], 1)]]
    update = LayoutUpdate(lines, Region(0, 0, 2, 1))
    assert Paper().told(update, (2, 1), ColorSystem.TRUECOLOR) == "\x1b[1;1H│b"


def test_a_part_of_a_line_is_looked_at_where_it_was_touched() -> None:
    paper = Paper()
    told(paper, frame([[("left  right ", STYLES[0])], [], []]))
    left, right = (Strip([Segment(text, STYLES[0])], 6) for text in ("LEFT  ", "RIGHT "))
    update = ChopsUpdate([{0: left, 6: right}, {}, {}], [(0, 6, 12)], [[6, 12], [], []])
    assert told(paper, update) == "\x1b[1;7HRIGHT"


def test_without_colours_what_was_dark_on_light_is_reversed() -> None:
    calm, alarm = Style.parse("#d5dce4 on #11151a"), Style.parse("bold #11151a on #ff6159")
    sent = Paper().told(frame([[("a", calm), ("b", alarm), ("c", calm)], [], []]), (WIDTH, HEIGHT), None)
    assert sent.startswith("\x1b[1;1Ha\x1b[1;7mb\x1b[0mc")
    assert "38" not in sent and "48" not in sent
