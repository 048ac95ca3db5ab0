"""What the screen is told when it opens, and what it tells when it is left."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from controlroom.core.bookmarks import Bookmark
from controlroom.core.info import Seat
from controlroom.room import Room
from controlroom.tui.keymap import Keys
from controlroom.tui.moment import Moment
from controlroom.tui.shelf import Shelf
from controlroom.tui.tones import Palette

Enter = Callable[[], Awaitable[Room]]


class Notebook(Protocol):
    """The bookmarks of one recording. Both raise OSError, whose text says what to do."""

    def read(self) -> tuple[Bookmark, ...]: ...

    def write(self, found: Sequence[Bookmark]) -> None: ...


@dataclass(frozen=True)
class Settings:
    """How the screen looks and behaves; everything has a default."""

    layout: str | None = None
    """Name of the layout that is wanted where it fits."""
    theme: str | None = None
    """Name of the theme to begin with; None: what the terminal has colours for."""
    palettes: Mapping[str, Palette] = field(default_factory=dict)
    """Themes of one's own."""
    ascii: bool = False
    """Plain ASCII only."""
    low_motion: bool | None = None
    """Few repaints; None: over SSH."""
    mouse: bool = True
    """Clicks choose panes and lines; without it the terminal selects text as it always does."""
    troubles: Sequence[str] = ()
    """What of the configuration could not be used, a line each."""
    layouts: Path | None = None
    """Folder with layouts of one's own; None: those that are shipped."""
    shelf: Shelf | None = None
    """The saved sessions; None: there are none to be looked at."""
    beside: Enter | None = None
    """Enters the recording that is shown beside this one; None: none is."""
    notebook: Callable[[str], Notebook] | None = None
    """The bookmarks of the recording in that folder; None: none are kept."""
    compared: Sequence[Path] = ()
    """Sessions that are shown side by side as soon as the room is."""
    seat: Seat = "facilitator"
    """The seat that is asked for: what the first paint is laid out for."""
    keys: Keys = field(default_factory=Keys)
    """The keys of one's own."""
    socket: Path | None = None
    """Where another account's session was reached; None: it is found by its name."""


@dataclass(frozen=True)
class Outcome:
    """How the screen was left."""

    word: str
    """`left`, `ended`, `open` (another session was chosen), `signalled` or `failed`."""
    message: str = ""
    """Why it failed, in one line."""
    path: Path | None = None
    """The session that was chosen."""
    signal: int = 0
    """What ended the screen; a terminal that is gone counts as SIGHUP."""
    farewell: str = ""
    """How to come back, in one line; empty: there is nothing to come back to."""


def come_back(moment: Moment, socket: Path | None = None) -> str:
    """The command that brings one back to the same seat."""
    seat = "" if moment.info.seat == "facilitator" else f" --seat {moment.info.seat}"
    where = moment.info.session if socket is None else f"--socket {shlex.quote(str(socket))}"
    return f"controlroom attach {where}{seat}"


def farewell(moment: Moment, socket: Path | None = None) -> str:
    """What to say on leaving: how to come back to a session that goes on, or to one whose host is gone."""
    if not moment.info.live or not moment.info.session or moment.state.status == "closed":
        return ""
    if moment.trouble and socket is not None:
        return f"its host does not answer: {moment.trouble}"
    if moment.trouble:
        again = f"controlroom resume {moment.info.session}"
        return f"its host does not answer ({moment.trouble}); to take it up again: {again}"
    return f"it goes on; to look at it again: {come_back(moment, socket)}"
