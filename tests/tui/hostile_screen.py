"""A screen all of whose texts mean harm, on the terminal it is started on: `python -m tests.tui.hostile_screen TOUR`.

It presses every key of the registry by itself, looks through what opens, and compares what the program means to show
with what an emulator of a terminal makes of the very text that was written. What did not match goes to the file
that is named; the bytes are for whoever holds the other end of the terminal.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pyte
from textual.pilot import Pilot
from wcwidth import wcwidth

from controlroom.core import events as e
from controlroom.core.events import Actor, Event
from controlroom.core.intents import Refused
from controlroom.core.projection import project
from controlroom.room import Room, RoomInfo
from controlroom.tui.actions import ACTIONS, possible
from controlroom.tui.app import ControlRoomApp, Outcome, Settings
from controlroom.tui.pane import ListPane
from controlroom.tui.terminal import Line, Terminal
from tests.hostile import COUNT, Sully, hostile
from tests.properties.believable_faults import session
from tests.pseudoterminal import KITTY
from tests.sessions import HOST, moment, synthetic_events
from tests.tui.fake_room import FakeRoom

WORD = re.compile(r"h(\d+)q")
"""What each hostile text is known again by."""
LOOKS = 25
"""Pauses in which all must have been painted."""
LEFT_OUT = frozenset({"quit", "picture", "halt", "halt_typing"})
"""Keys that end the tour, write files, or are open to a question of their own: pressed apart."""


class Emulated(Terminal):
    """The terminal, and beside it an emulator that is told the same."""

    def __init__(self, app: ControlRoomApp, *arguments: object, **options: object) -> None:
        super().__init__(app, *arguments, **options)
        self.screen = pyte.Screen(*app.console.size)
        stream = pyte.Stream(self.screen)

        class Heard(Line):
            def write(self, text: str) -> int:
                stream.feed(KITTY.sub(b"", text.encode()).decode())
                return super().write(text)

        self._file = Heard(self._file, self._hung_up)  # type: ignore[assignment]


class Tour:
    """Goes through one room."""

    def __init__(self, events: list[Event], info: RoomInfo, sully: Sully) -> None:
        self.room = FakeRoom(events, info)
        self.room.answer = Refused(reason=sully.text("refused"), hint=sully.text("do otherwise"))
        self.app = ControlRoomApp(self._enter, info.title, Settings(seat=info.seat))
        self.app.driver_class = Emulated
        self.app.LATEST_KEY = 0.003  # nobody types ahead here
        self.crooked: list[tuple[str, str, str]] = []
        self.looked = 0
        self.shown: set[int] = set()
        """Numbers of the texts that were read off the terminal."""
        self.pilot: Pilot[Outcome]

    async def _enter(self) -> Room:
        return self.room

    async def go(self, pilot: Pilot[Outcome]) -> None:
        try:
            self.pilot = pilot
            await self.until(lambda: self.app.now.entered and self.app.layouts_read)
            await self.until(lambda: len(self.app.follower.history) == self.room.count)  # type: ignore[union-attr]
            await self.room_in_every_layout()
            self.app.room_screen.wanted = "scribe"  # the longest lists
            self.app.room_screen.lay_out()
            for pane in ("notes", "feed", "timeline"):
                await self.through(pane)
            for action in ACTIONS:
                if action.key and action.id not in LEFT_OUT and possible(action, self.app.now):
                    await self.into(action.key.split(",")[0], action.id)
            if self.app.now.info.live and self.app.now.info.seat == "facilitator":
                await self.into("!", "halt")
                await self.into("q", "quit", deep=False)  # the others leave at once
        finally:
            self.app.exit(Outcome("left"))

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self.pilot.pause()

    async def press(self, key: str) -> None:
        self.app.simulate_key(key)
        await self.pilot.pause()

    async def room_in_every_layout(self) -> None:
        for _ in range(8):
            await self.look("layout")
            await self.press("l")

    async def through(self, pane: str) -> None:
        """The whole of a list."""
        self.app.choose(pane)
        chosen = self.app.room_screen.query_one(f"#{pane}", ListPane)
        if not chosen.size.height:
            return
        step = chosen.size.height if pane in ("notes", "feed") else 10
        pages = chosen.count(self.app.now) // step + 1
        for _ in range(pages if pane != "timeline" else 10):
            await self.look(pane)
            chosen.action_move(step)

    async def into(self, key: str, what: str, deep: bool = True) -> None:
        """What the key opens, some way into it, and back."""
        await self.press(key)
        await self.look(what)
        if self.app.screen is self.app.room_screen:
            return
        for inner in ("pagedown", "enter") if deep else ():
            await self.press(inner)
        await self.look(f"{what}, further in")
        for _ in range(6):
            if self.app.screen is not self.app.room_screen:
                await self.press("escape")
        assert self.app.screen is self.app.room_screen, f"{what}: no way out of {self.app.screen}"

    async def look(self, where: str) -> None:
        """What is shown is what is meant, cell for cell, as soon as all has been painted."""
        self.looked += 1
        painted = asyncio.Event()
        self.app.screen.call_after_refresh(painted.set)
        await painted.wait()
        crooked = self._crooked()
        for _ in range(LOOKS):
            if not crooked:
                break
            await self.pilot.pause()
            crooked = self._crooked()
        self.crooked += [(where, *lines) for lines in crooked]
        self.shown.update(int(number) for line in self._seen() for number in WORD.findall(line))

    def _seen(self) -> list[str]:
        driver = self.app._driver
        assert isinstance(driver, Emulated)
        return [_line(driver.screen, y) for y in range(driver.screen.lines)]

    def _crooked(self) -> list[tuple[str, str]]:
        """Lines as they are meant and as they are seen, where these differ."""
        meant = ["".join(part.text for part in line) for line in self.app.screen._compositor.render_strips()]
        return [
            (ours.rstrip(), theirs.rstrip())
            for ours, theirs in zip(meant, self._seen(), strict=False)
            if _same(ours) != _same(theirs)
        ]


def _line(screen: pyte.Screen, y: int) -> str:
    """What stands in a line. The emulator's own fails on half of a wide sign, whose other half was written over and
    whose place is still to come; a terminal shows nothing there."""
    found, wide = [], False
    for x in range(screen.columns):
        sign = screen.buffer[y][x].data
        if not wide:
            found.append(sign or " ")
        wide = not wide and bool(sign) and wcwidth(sign[0]) == 2
    return "".join(found)


def _same(line: str) -> str:
    """Without marks on a frame or a blank: the sign that they stood on is covered by a sheet, and they with it."""
    return unicodedata.normalize("NFC", re.sub("(?<=[│─╭╮╰╯ ])[\u0300-\u036f]+", "", line)).rstrip()


def facilitator(sully: Sully) -> Tour:
    """A live day at its busiest, with every hostile text as a note and as an event of the cluster."""
    known = list(synthetic_events(2900.0))
    for number in range(COUNT):
        note = e.NoteWritten(
            note=f"n{number}",
            type="note",
            text=sully.give(f"note {number}", number),
            private=bool(number % 2),
        )
        event = e.KubeEvent(
            namespace="shop",
            about=sully.give(f"Pod/p{number}", number),
            reason=sully.give(f"reason {number}", number + 1),
            message=sully.give(f"message {number}", number + 2),
            type="Warning",
        )
        known += [_event(note), _event(event)]
    troubles = (
        e.SourceFailed(source="prometheus", error="no answer", hint="is it up?"),
        e.AbortBreached(rule="errors-out-of-hand", value=27.4, countdown=10.0),
        e.RecordTroubled(error="no space left", seconds=4.0),
        e.SeatTaken(viewer="viewer-2", seat="scribe", name="jo"),
        e.SeatTaken(viewer="viewer-3", seat="audience", name="wall"),
        e.Revealed(experiment="pod-kill"),
        e.AbortHeld(rule="errors-out-of-hand"),
        e.AbortCleared(rule="errors-out-of-hand"),
        e.AlertSuppressed(name="OrderLatencyHigh", labels={"service": "order"}, silenced_by=("robin",)),
        e.FaultFailed(run="network-latency#1", error="no route", hint="look at the server"),
        e.FaultRefused(experiment="memory-stress", run="memory-stress#2", reason="too wide"),
        e.StopFailed(run="network-latency#1", error="no answer", attempt=2, hint="it is tried again"),
        e.LoadObserved(message="12 pods run", pods=12),
        e.LoadFailed(error="exit code 1"),
        e.MetricTroubled(metric="order-p95", reason="parse error"),
        e.NoteWritten(note="again", type="note", text="written"),
        e.NoteEdited(note="again", type="todo", text="written again"),
        e.PodObserved(namespace="shop", name="p" * 300, uid="u", app="shop", phase="Pending", ready=False),
        e.SeatLeft(viewer="viewer-3", reason="slow"),
        e.SourceRecovered(source="prometheus", seconds=4.0),
        e.SourceFailed(source="kubernetes", error="401", hint="who are you?"),
        e.ClockHeld(reason="a break"),
    )
    known += [_event(body) for body in troubles]
    info = RoomInfo(
        session=sully.text("day"), title=sully.text("Game Day"), name=sully.text("robin"), viewer="viewer-1"
    )
    return Tour(_sullied(known, sully), info, sully)


def audience(sully: Sully) -> Tour:
    known = [*synthetic_events(2900.0), _event(e.Revealed(experiment="pod-kill"))]
    info = RoomInfo(session=sully.text("day"), title=sully.text("Game Day"), seat="audience")
    return Tour(list(project(_sullied(known, sully), "audience")), info, sully)


def recorded(sully: Sully) -> Tour:
    """Days on which everything went wrong."""
    known = [
        Event(seq=0, t=own.t, at=own.at, actor=own.actor, body=own.body, clock=own.clock)
        for own in session(5)
    ]
    info = RoomInfo(session=sully.text("day"), title=sully.text("Day"), live=False, recorded="2026-11-22")
    return Tour(_sullied(known, sully), info, sully)


TOURS = {"facilitator": facilitator, "audience": audience, "recorded": recorded}


def _event(body: e.Body) -> Event:
    return Event(seq=0, t=2900.0, at=moment(2900.0), actor=HOST, body=body)


def _sullied(known: list[Event], sully: Sully) -> list[Event]:
    return [
        sully.event(Event(seq=seq, t=own.t, at=own.at, actor=own.actor or Actor(role="host"), body=own.body))
        for seq, own in enumerate(known, 1)
    ]


def main(names: list[str], target: Path) -> None:
    found = {}
    for name in names:
        tour = TOURS[name](Sully(hostile()))
        tour.app.run(auto_pilot=tour.go)
        kinds = sorted({type(event.body).__name__ for event in tour.room.known})
        found[name] = {
            "kinds": kinds,
            "looked": tour.looked,
            "crooked": tour.crooked,
            "shown": sorted(tour.shown),
        }
    target.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[2:], Path(sys.argv[1]))
