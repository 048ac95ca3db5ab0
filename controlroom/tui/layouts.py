"""Layouts: which panes, where, how large, from which terminal size on.

Those that a first paint may need are compiled in; the files in `layouts/` are read after it and win.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PANES = (
    "status",
    "clock",
    "banner",
    "timeline",
    "metrics",
    "figures",
    "experiments",
    "feed",
    "notes",
    "checklist",
    "keys",
    "stage",
    "vitals",
    "alerts",
    "criteria",
    "questions",
    "actions",
)
SEATS = ("facilitator", "scribe", "audience")
DESKS = ("facilitator", "scribe")
"""Seats of those who run the day; a layout is for these where it does not say otherwise."""
ONE_LINE = frozenset({"status", "clock", "keys", "figures"})


MEASURED = frozenset({"banner", "timeline", "stage", "alerts"})
"""Panes that tell how many rows they need."""


class LayoutError(Exception):
    """A layout that cannot be used: a line for each thing that is wrong, with file and, where it can, line."""

    def __init__(self, *troubles: str) -> None:
        self.troubles = troubles
        super().__init__("\n".join(troubles))


@dataclass(frozen=True)
class Size:
    """A share (`2fr`), a number of cells, or as many rows as the pane asks for up to `cells` (`content`)."""

    cells: int = 0
    share: int = 0
    content: bool = False


@dataclass(frozen=True)
class Layout:
    name: str
    title: str
    columns: tuple[Size, ...]
    rows: tuple[Size, ...]
    areas: tuple[tuple[str, ...], ...]
    """Rows of area names; `notes+feed` is one area whose panes take turns."""
    wide: int = 0
    tall: int = 0
    """Least terminal size."""
    frames: bool = True
    """Panes have frames; else a line with their title above."""
    safe_to_share: bool = False
    seats: tuple[str, ...] = DESKS
    """Who may choose it."""

    def panes(self) -> tuple[str, ...]:
        """Names of all panes, in reading order."""
        found = [pane for row in self.areas for area in row for pane in area.split("+")]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int


class Flaws(ValueError):
    """Everything that is wrong with a layout's words: the key and, where it is a row's, its number; and why."""

    def __init__(self, found: Iterable[tuple[str, int, str]]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(text for _, _, text in self.found))


def parse_size(text: str) -> Size:
    """`12`, `2fr`, `content`, `content 9`; raises `ValueError`."""
    word, _, most = text.strip().partition(" ")
    share = word.endswith("fr")
    number = most if word == "content" else word[:-2] if share else word
    if word == "content" and not most:
        return Size(cells=999, content=True)
    if not (number.isdecimal() and len(number) < 4 and int(number)):
        raise ValueError(
            f"`{text}` is no size: `3fr` is a share, `12` so many cells, `content 9` 9 rows at most"
        )
    return Size(share=int(number)) if share else Size(cells=int(number), content=word == "content")


def layout(
    name: str,
    title: str,
    columns: str,
    rows: Iterable[tuple[str, str]],
    at_least: tuple[int, int] = (0, 0),
    frames: bool = True,
    safe_to_share: bool = False,
    seats: str = "",
) -> Layout:
    """A layout from its words; raises :class:`Flaws` with all that is not a size, not a pane, or not a rectangle."""
    flaws: list[tuple[str, int, str]] = []

    def size(text: str, key: str, row: int = 0) -> Size:
        try:
            return parse_size(text)
        except ValueError as error:
            flaws.append((key, row, str(error)))
            return Size(share=1)

    across = tuple(size(word, "columns") for word in columns.split())
    down: list[Size] = []
    areas: list[tuple[str, ...]] = []
    for height, names in rows:
        row = len(areas)
        down.append(size(height, "rows", row))
        own = tuple(names.split())
        own = own * len(across) if len(own) == 1 else own
        if len(own) != len(across):
            text = f"row {row + 1} has {len(own)} areas, there are {len(across)} columns"
            flaws.append(("rows", row, text))
        areas.append(own)
    whose = tuple(seats.split()) or (SEATS if safe_to_share else DESKS)
    found = Layout(name, title, across, tuple(down), tuple(areas), *at_least, frames, safe_to_share, whose)
    flaws += [*_flaws_of_rows(found), *_flaws_of_areas(found), *_flaws_of_seats(found)]
    if flaws:
        raise Flaws(flaws)
    return found


def _flaws_of_rows(own: Layout) -> Iterator[tuple[str, int, str]]:
    for row, (size, areas) in enumerate(zip(own.rows, own.areas, strict=True)):
        panes = [pane for area in dict.fromkeys(areas) for pane in area.split("+")]
        for pane in panes:
            if pane not in PANES:
                near = difflib.get_close_matches(pane, PANES, 1)
                hint = f" (did you mean `{near[0]}`?)" if near else ""
                yield "rows", row, f"there is no pane `{pane}`{hint}"
        if size.content and not MEASURED & set(panes):
            yield (
                "rows",
                row,
                f"`content` is for {', '.join(sorted(MEASURED))}: no other pane has a height of its own",
            )


def _flaws_of_areas(own: Layout) -> Iterator[tuple[str, int, str]]:
    names = dict.fromkeys(area for row in own.areas for area in row)
    for area in names:
        cells = [(x, y) for y, row in enumerate(own.areas) for x, name in enumerate(row) if name == area]
        xs, ys = {x for x, _ in cells}, {y for _, y in cells}
        if len(cells) != (max(xs) - min(xs) + 1) * (max(ys) - min(ys) + 1):
            yield "rows", min(ys), f"the area `{area}` is not a rectangle"
    panes = [pane for area in names for pane in area.split("+")]
    for pane in dict.fromkeys(pane for pane in panes if panes.count(pane) > 1):
        row = max(y for y, areas in enumerate(own.areas) for area in areas if pane in area.split("+"))
        yield "rows", row, f"the pane `{pane}` stands in two areas"
    if not {"clock", "stage"} & set(panes) or "banner" not in panes:
        text = (
            "`clock` (or `stage`) and `banner` must be somewhere: they say what is broken and what is halted"
        )
        yield "rows", -1, text


def _flaws_of_seats(own: Layout) -> Iterator[tuple[str, int, str]]:
    for seat in own.seats:
        if seat not in SEATS:
            yield "seats", -1, f"there is no seat `{seat}`; seats are {', '.join(SEATS)}"
    if "audience" in own.seats and not own.safe_to_share:
        yield "seats", -1, "a layout for the audience says `safe-to-share: true`"


FACILITATOR = layout(
    "facilitator",
    "Facilitator",
    "13fr 7fr",
    (
        ("1", "status"),
        ("1", "clock"),
        ("content 4", "banner"),
        ("content 14", "timeline"),
        ("3fr", "metrics experiments"),
        ("2fr", "feed notes"),
        ("1", "keys"),
    ),
    at_least=(100, 30),
)
COMPACT = layout(
    "compact",
    "Compact",
    "3fr 2fr",
    (
        ("1", "status"),
        ("1", "clock"),
        ("content 4", "banner"),
        ("3", "timeline"),
        ("3fr", "metrics experiments"),
        ("2fr", "notes+feed"),
        ("1", "keys"),
    ),
    at_least=(72, 18),
    frames=False,
)
SCRIBE = layout(
    "scribe",
    "Scribe",
    "3fr 2fr",
    (
        ("1", "status"),
        ("1", "clock"),
        ("content 4", "banner"),
        ("5", "timeline"),
        ("1fr", "notes feed"),
        ("1fr", "notes checklist"),
        ("1", "keys"),
    ),
    at_least=(72, 20),
    seats="facilitator scribe",
)
AUDIENCE = layout(
    "audience",
    "Audience",
    "1fr",
    (
        ("content 13", "stage"),
        ("content 4", "banner"),
        ("content 3", "timeline"),
        ("3fr", "vitals"),
        ("content 4", "alerts"),
        ("1fr", "notes"),
        ("1", "keys"),
    ),
    at_least=(60, 20),
    frames=False,
    safe_to_share=True,
    seats="audience",
)
WALL = layout(
    "wall",
    "Wall",
    "9fr 6fr 5fr",
    (
        ("1", "status"),
        ("1", "clock"),
        ("content 4", "banner"),
        ("content 15", "stage stage checklist"),
        ("content 16", "timeline"),
        ("4fr", "metrics experiments alerts"),
        ("3fr", "metrics feed notes"),
        ("1", "keys"),
    ),
    at_least=(200, 50),
)
DEBRIEF = layout(
    "debrief",
    "Debrief",
    "1fr 1fr",
    (
        ("1", "status"),
        ("1", "clock"),
        ("content 4", "banner"),
        ("5", "timeline"),
        ("1fr", "criteria questions"),
        ("1fr", "notes actions"),
        ("1", "keys"),
    ),
    at_least=(72, 22),
)
TINY = layout(
    "tiny",
    "Clock and banners only",
    "1fr",
    (("1", "clock"), ("content 4", "banner"), ("1fr", "metrics"), ("1", "keys")),
    frames=False,
    safe_to_share=True,
)
COMPILED_IN = {own.name: own for own in (FACILITATOR, COMPACT, SCRIBE, AUDIENCE, WALL, DEBRIEF, TINY)}
DEFAULTS = {
    "facilitator": ("wall", "facilitator", "compact"),
    "scribe": ("scribe", "compact"),
    "audience": ("audience",),
}
"""What each seat begins with: the first for which the terminal has room."""


def fits(own: Layout, width: int, height: int, seat: str) -> bool:
    """Whether that seat may choose it in a terminal of that size."""
    return seat in own.seats and own.wide <= width and own.tall <= height


def choose(
    layouts: Mapping[str, Layout], wanted: str | None, width: int, height: int, seat: str = "facilitator"
) -> Layout:
    """The wanted layout if it fits, else what the seat begins with, else the clock alone."""
    for name in (wanted, *DEFAULTS[seat]):
        own = layouts.get(name or "")
        if own is not None and fits(own, width, height, seat):
            return own
    return TINY


def boxes(own: Layout, width: int, height: int, content: Mapping[str, int]) -> dict[str, Box]:
    """Where each area lies. `content`: rows that each pane asks for, its frame included."""
    xs = _tracks(own.columns, width)
    wanted = tuple(
        Size(
            cells=min(
                size.cells, max((content.get(pane, 0) for area in row for pane in area.split("+")), default=0)
            )
        )
        if size.content
        else size
        for size, row in zip(own.rows, own.areas, strict=True)
    )
    ys = _tracks(wanted, height)
    found: dict[str, Box] = {}
    for area in dict.fromkeys(area for row in own.areas for area in row):
        across = [x for row in own.areas for x, name in enumerate(row) if name == area]
        down = [y for y, row in enumerate(own.areas) if area in row]
        x, y = xs[min(across)], ys[min(down)]
        found[area] = Box(x, y, max(0, xs[max(across) + 1] - x), max(0, ys[max(down) + 1] - y))
    return found


def _tracks(sizes: tuple[Size, ...], length: int) -> list[int]:
    """Edges of consecutive tracks within `length` cells; fixed ones come first, shares divide the rest."""
    left = max(0, length - sum(size.cells for size in sizes))
    shares = sum(size.share for size in sizes)
    edges, exact = [0], 0.0
    for size in sizes:
        exact += left * size.share / shares if size.share else size.cells
        edges.append(min(length, round(exact)))
    return edges


def stamps(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What tells whether a folder's layouts were changed: names, sizes and times of its files."""
    found = set()
    for path in folder.glob("*.yaml"):
        with contextlib.suppress(OSError):  # it went while we looked: it is not there
            told = path.stat()
            found.add((path.name, told.st_size, told.st_mtime_ns))
    return frozenset(found)


def read_layouts(folder: Path) -> tuple[dict[str, Layout], list[str]]:
    """The layouts of a folder by name, and for each file that cannot be used what is wrong with it."""
    found: dict[str, Layout] = {}
    troubles: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            own = read_layout(path)
        except LayoutError as error:
            troubles.append(str(error))
        else:
            found[own.name] = own
    return found, troubles


def read_layout(path: Path) -> Layout:
    """One file; raises :class:`LayoutError`."""
    from controlroom.tui.layout_files import parse

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{path.name}: {error}") from error
    return parse(text, path.name)
