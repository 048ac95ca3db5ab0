"""Several screens on one real host: two facilitators, a scribe and a shared screen, and a host that dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from textual.pilot import Pilot

from controlroom.core.info import Seat
from controlroom.room import Room
from controlroom.room.attached import attach
from controlroom.tui.app import ControlRoomApp, Outcome
from controlroom.tui.pane import Pane
from tests.host.killing import lab_pid
from tests.host.live import LiveHost, live_host

PATIENCE = 30.0


class Shown:
    """A screen that is attached to a host."""

    def __init__(self, app: ControlRoomApp, pilot: Pilot[Outcome]) -> None:
        self.app = app
        self._pilot = pilot

    async def until(self, text: str, pane: str = "") -> None:
        """Waits until that is on the screen, or in one of its panes."""
        await self.so(lambda: text in self.text(pane), f"{text!r} in {self.text(pane)}")

    async def so(self, what: Callable[[], bool], say: str = "") -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not what():
                    await self._pilot.pause(0.05)
        except TimeoutError as late:
            raise AssertionError(f"never so: {say or what}") from late

    def text(self, pane: str = "") -> str:
        panes = (
            self.app.screen.query(Pane) if not pane else self.app.room_screen.query(f"#{pane}").results(Pane)
        )
        return "\n".join(own.render_line(y).text.rstrip() for own in panes for y in range(own.size.height))

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)


@contextlib.asynccontextmanager
async def shown(host: LiveHost, seat: Seat, name: str) -> AsyncIterator[Shown]:
    async def enter() -> Room:
        return await attach(host.socket, seat=seat, name=name)

    app = ControlRoomApp(enter)
    async with app.run_test(size=(140, 40)) as pilot:
        found = Shown(app, pilot)
        await found.so(lambda: app.now.plan is not None, "the plan is known")
        yield found


async def test_what_one_does_all_see_and_nobody_does_twice(tmp_path: Path) -> None:
    async with live_host(tmp_path, rate=1.0) as host, shown(host, "facilitator", "robin") as robin:
        async with shown(host, "facilitator", "ann") as ann, shown(host, "audience", "wall") as wall:
            await robin.until("facilitator robin +1 facilitator +1 audience", "status")
            await wall.until("BASELINE", "stage")
            assert wall.app.room_screen.own.name == "audience"

            await robin.press("p")
            await robin.until("begin Inject Chaos")
            await ann.press("p")
            await ann.until("begin Inject Chaos")
            await ann.press("n")
            await robin.until("ann opened Phase 2: Inject Chaos")
            await robin.press("n")
            await robin.press("escape")
            await wall.until("INJECT CHAOS", "stage")
            assert robin.app.now.state.phase == ann.app.now.state.phase == "inject"

            await ann.press("v", "1")
            await ann.until("The audience will read: Pod Kill: has not begun")
            assert "Pod Kill" not in wall.text()
            await ann.press("y")
            await wall.until("REVEALED  Pod Kill", "banner")
            await robin.until("revealed to the audience: Pod Kill", "banner")
        await robin.until("ann (facilitator) left", "feed")
        await robin.until("facilitator robin", "status")


async def test_a_scribe_is_told_of_the_facilitator_who_left_and_of_the_host_that_died(tmp_path: Path) -> None:
    async with live_host(tmp_path, rate=1.0) as host, shown(host, "scribe", "jo") as jo:
        async with shown(host, "facilitator", "robin"):
            await jo.until("scribe jo +1 facilitator", "status")
        await jo.until("NO FACILITATOR in the room", "banner")
        await jo.until(f"controlroom attach {host.folder.name}", "banner")
        async with shown(host, "facilitator", "robin"):
            await jo.until("a facilitator is here again", "feed")
        lab = lab_pid(host.folder)
        os.kill(host.process.pid, signal.SIGKILL)
        os.kill(lab, signal.SIGTERM)  # it would wait for a host that takes the session up again
        await jo.until("CUT OFF", "banner")
        await jo.until(f"controlroom resume {host.folder.name}", "banner")
        await jo.press("comma")
        await jo.until("looking back", "banner")
        await jo.press("q")
    assert jo.app.return_value is not None
    assert f"controlroom resume {host.folder.name}" in jo.app.return_value.farewell
