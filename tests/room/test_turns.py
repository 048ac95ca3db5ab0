"""A long history comes in without holding up whatever else there is to do."""

from __future__ import annotations

import asyncio

from controlroom.room.attached import TURN, attach
from tests.room.conftest import House

EVENTS = 3000


async def test_a_history_is_read_in_small_turns(house: House) -> None:
    for number in range(EVENTS):
        house.note(f"note {number}")
    room = await attach(house.socket, name="robin")
    most = 0
    async with asyncio.timeout(20.0):
        while room._last < EVENTS:
            before = room._last
            await asyncio.sleep(0)
            most = max(most, room._last - before)
    assert 0 < most <= TURN
    await room.close()
