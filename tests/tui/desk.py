"""Opens the screen on a fake room, with time standing still until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot

from controlroom.core.events import Actor, Body, Event
from controlroom.core.intents import Intent
from controlroom.room import Room, RoomInfo
from controlroom.tui.app import ControlRoomApp, Outcome, Settings
from controlroom.tui.pane import Pane
from tests.sessions import HOST, moment, synthetic_events
from tests.tui.fake_room import FakeRoom

Asked = TypeVar("Asked", bound=Intent)


class Desk:
    """The app, its pilot, its room, and the real seconds that it is told."""

    def __init__(self, events: Iterable[Event], info: RoomInfo | None, settings: Settings) -> None:
        self.room = FakeRoom(events, info)
        self.real = 100.0
        self.app = ControlRoomApp(self._enter, self.room.info.title, settings, real=lambda: self.real)
        self.pilot: Pilot[Outcome]

    async def ready(self, pilot: Pilot[Outcome]) -> None:
        """Waits until the room is entered and everything that was said in it is shown."""
        self.pilot = pilot
        app, count = self.app, self.room.count
        await self.until(lambda: app.follower is not None, "the room is entered")
        follower = app.follower
        assert follower is not None
        await self.until(lambda: len(follower.history) == count, "all events are taken in")
        await self.show()
        await self.until(lambda: app.layouts_read, "the layouts are read")
        await self.show()

    async def _enter(self) -> Room:
        return self.room

    async def until(self, true: Callable[[], bool], what: str = "") -> None:
        """Lets the app work until that holds."""
        for _ in range(400):
            if true():
                return
            await self.pilot.pause()
        raise AssertionError(f"never came true: {what or true}")

    async def show(self) -> None:
        """Shows what is known now, with fresh figures."""
        if self.app.follower is not None:
            self.app.follower.again()
        self.app.moved()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        names = {
            " ": "space",
            ":": "colon",
            "!": "exclamation_mark",
            "-": "minus",
            "+": "plus",
            "#": "number_sign",
        }
        await self.press(*(names.get(char, char) for char in text))

    async def feed(self, *bodies: Body, t: float | None = None, by: Actor = HOST) -> None:
        """What happens next, one event for each body; shown at once."""
        follower = self.app.follower
        assert follower is not None
        seq, at = follower.history.head.seq, follower.history.head.t if t is None else t
        await self.room.feed(
            *(
                Event(seq=seq + n, t=at, at=moment(at), actor=by, body=body)
                for n, body in enumerate(bodies, 1)
            )
        )
        await self.until(lambda: follower.history.head.seq == seq + len(bodies), "the events arrive")
        await self.show()

    def pane(self, name: str) -> str:
        """The text of a pane of the room."""
        return "\n".join(self._lines(self.app.room_screen.query_one(f"#{name}", Pane)))

    def sheet(self) -> str:
        """The text of the sheet on top."""
        assert self.app.screen is not self.app.room_screen, "no sheet is open"
        return "\n".join(line for pane in self.app.screen.query(Pane) for line in self._lines(pane))

    def _lines(self, pane: Pane) -> list[str]:
        return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]

    def screen_lines(self) -> list[str]:
        """The whole screen as it is painted, without colours."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    def asked(self, kind: type[Asked]) -> Asked:
        """The only intent of that kind."""
        found = [intent for intent in self.room.asked if isinstance(intent, kind)]
        assert len(found) == 1, self.room.asked
        return found[0]

    @property
    def said(self) -> list[str]:
        """Short messages on screen."""
        return [notice.message for notice in self.app._notifications]


def made(
    t: float = 1872.0,
    info: RoomInfo | None = None,
    layout: str | None = None,
    layouts: Path | None = None,
    ascii: bool = False,
    events: Iterable[Event] | None = None,
    theme: str = "control-dark",
) -> Desk:
    """The screen on the synthetic day up to session second t, not yet running."""
    known = synthetic_events(t) if events is None else events
    return Desk(known, info, Settings(layout=layout, layouts=layouts, ascii=ascii, theme=theme))


@asynccontextmanager
async def desk(
    t: float = 1872.0,
    size: tuple[int, int] = (120, 36),
    info: RoomInfo | None = None,
    layout: str | None = None,
    layouts: Path | None = None,
    ascii: bool = False,
    events: Iterable[Event] | None = None,
    theme: str = "control-dark",
) -> AsyncIterator[Desk]:
    """The same, running; time stands still there."""
    own = made(t, info, layout, layouts, ascii, events, theme)
    async with own.app.run_test(size=size) as pilot:
        await own.ready(pilot)
        yield own
