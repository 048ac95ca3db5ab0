"""The cluster in trouble in mid-session: what the screen says, what the record holds, and that nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from controlroom.core import intents as i
from controlroom.core.intents import Accepted, Refused
from tests.acceptance.trouble_rows import AT_ONCE, ROWS, Lived, Room, Row, missing, unseen
from tests.host.live import live_host

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Rooms:
    """One session for most rows, one after the other; and one for each that takes real seconds, beside it."""

    def __init__(self, place: Path, stack: AsyncExitStack) -> None:
        self._place, self._stack = place, stack
        self._shared: Room | None = None
        self._beside: dict[str, asyncio.Task[Lived]] = {}

    async def enter(self, name: str, rate: float) -> Room:
        host = await self._stack.enter_async_context(live_host(self._place / name, rate=rate))
        room = Room(host, await host.viewer())
        self._stack.push_async_callback(room.close)
        await room.viewer.do(i.NextPhase())
        await room.viewer.do(i.HoldClock(reason="the table takes its time"))
        return room

    def begin(self) -> None:
        for row in ROWS:
            if row.own_host:
                self._beside[row.name] = asyncio.create_task(self._alone(row))

    async def _alone(self, row: Row) -> Lived:
        return await (await self.enter(row.name.replace(" ", "-"), 10.0)).live(row)

    async def lived(self, row: Row) -> Lived:
        if row.own_host:
            return await self._beside[row.name]
        if self._shared is None:
            self._shared = await self.enter("shared", 30.0)
        return await self._shared.live(row)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    async with AsyncExitStack() as stack:
        found = Rooms(tmp_path_factory.mktemp("trouble"), stack)
        found.begin()
        yield found


@pytest.mark.parametrize(
    "row", [pytest.param(own, id=own.name) for own in sorted(ROWS, key=lambda own: own.own_host)]
)
async def test_the_room_says_it_records_it_and_leaves_nothing(rooms: Rooms, row: Row) -> None:
    lived = await rooms.lived(row)
    assert not unseen(row.screen, lived.screen), lived.screen
    assert not missing(row.record, lived.events), [event.body for event in lived.events]
    assert lived.left == ()
    assert max(lived.answers) < AT_ONCE
    if row.answer:
        assert isinstance(lived.started, Refused)
        assert row.answer in lived.started.reason
    elif row.do == "start":
        assert isinstance(lived.started, Accepted)
    assert (lived.run.state if lived.run else "") == row.ends
