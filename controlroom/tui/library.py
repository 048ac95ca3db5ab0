"""What a screen does with recordings: bookmarks, another one beside it, the saved sessions, their comparison.

A part of :class:`~controlroom.tui.app.ControlRoomApp`, which has what is only named here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from textual import on, work
from textual.screen import Screen

from controlroom.core.bookmarks import Bookmark
from controlroom.core.comparing.values import Comparison
from controlroom.room import Room
from controlroom.tui.desk import Desk
from controlroom.tui.follower import Assess, Follower
from controlroom.tui.keyboard import InOrder
from controlroom.tui.moment import Moment
from controlroom.tui.outcome import Enter, Notebook, Outcome, Settings
from controlroom.tui.shelf import Shelf, ShelfError
from controlroom.tui.spine import Timeline

T = TypeVar("T")


class Library(InOrder[Outcome]):
    settings: Settings
    follower: Follower | None
    _now: Moment
    _assess: Assess
    _real: Callable[[], float]
    _notebook: Notebook | None = None
    _other: Follower | None = None
    """The recording beside this one."""

    def say(self, text: str, *, wrong: bool = False) -> None:
        raise NotImplementedError

    def open(self, sheet: Screen[T], then: Callable[[T | None], None] | None = None) -> None:
        raise NotImplementedError

    def moved(self) -> None:
        raise NotImplementedError

    def _after_paint(self, what: Callable[[], None]) -> None:
        raise NotImplementedError

    @work(group="beside", exit_on_error=False)
    async def enter_beside(self, enter: Enter) -> None:
        """Opens the other recording, and shows both once the room is there."""
        self._other = Follower(await enter(), self._assess, self._real)
        self._after_paint(self.beside)
        await self._other.follow(lambda: None)  # what comes there is seen by the sheet, which looks by itself

    def beside(self) -> None:
        """Both recordings on one clock."""
        from controlroom.tui.screens.beside import BesideSheet

        if self._other is None or self.follower is None or not len(self.follower.history):
            self.say("no other recording is open: controlroom replay A --beside B shows two")
            return
        self.open(BesideSheet(self._now, self.follower, self._other))

    def _read_bookmarks(self, room: Room) -> None:
        """Those of a recording; a live session has marks and notes, which are part of the record."""
        if room.info.live or self.settings.notebook is None or self.follower is None:
            return
        self._notebook = self.settings.notebook(room.info.folder)
        try:
            self.follower.bookmarks = self._notebook.read()
        except OSError as error:
            self.say(f"bookmarks: {error}", wrong=True)

    def keep_bookmarks(self, found: Sequence[Bookmark]) -> bool:
        if self._notebook is None:
            self.say("bookmarks are not kept here", wrong=True)
            return False
        try:
            self._notebook.write(found)
        except OSError as error:
            self.say(f"bookmarks: {error}", wrong=True)
            return False
        return True

    @on(Timeline.Pointed)
    def go_where_pointed(self, event: Timeline.Pointed) -> None:
        """A click or a drag on the timeline of a recording; a live room is not left by a slip of the hand."""
        if self.follower is not None and not self._now.info.live:
            self.follower.seek(event.t)
            self.moved()

    def sessions(self) -> None:
        from controlroom.tui.screens.sessions import SessionsSheet

        if self.settings.shelf is None:
            self.say("no folder of sessions was given")
            return
        self.open(SessionsSheet(self._now, self.settings.shelf, cast(Desk, self)), self._open_session)

    def _open_session(self, path: str | None) -> None:
        if path is not None:
            self.exit(Outcome("open", path=Path(path)))

    def compare(self, paths: Sequence[Path] = ()) -> None:
        here = self._now.info.folder
        chosen = tuple(paths) or ((Path(here),) if here else ())
        if self.settings.shelf is None or not chosen:
            self.say("no folder of sessions was given")
        else:
            self._compare(self.settings.shelf, chosen)

    @work(group="comparing", thread=True, exclusive=True, exit_on_error=False)
    def _compare(self, shelf: Shelf, paths: Sequence[Path]) -> None:
        """Reads them beside the screen: long sessions take their time."""
        try:
            found = shelf.compare(paths)
        except (ShelfError, OSError) as error:
            self.call_from_thread(self.say, str(error), wrong=True)
        else:
            self.call_from_thread(self._compared, found)

    def _compared(self, found: Comparison) -> None:
        from controlroom.tui.screens.compare import CompareSheet

        self.open(CompareSheet(self._now, cast(Desk, self), found))
