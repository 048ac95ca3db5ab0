"""What arrives is taken in without holding up a key press, and told once for all that came together."""

from __future__ import annotations

import asyncio

from controlroom.core.assessment import Assessment
from controlroom.tui.follower import Follower
from tests.sessions import synthetic_events
from tests.tui.fake_room import FakeRoom


async def test_a_history_is_taken_in_small_turns() -> None:
    events = synthetic_events(1872.0)
    follower = Follower(FakeRoom(events), lambda view, t: Assessment())
    told: list[int] = []
    following = asyncio.create_task(follower.follow(lambda: told.append(len(follower.history))))
    most = 0
    async with asyncio.timeout(20.0):
        while len(follower.history) < len(events):
            before = len(follower.history)
            await asyncio.sleep(0)
            most = max(most, len(follower.history) - before)
        await asyncio.sleep(0)
    assert 0 < most <= Follower.BURST
    assert told[-1] == len(events)
    assert len(told) <= len(events) / Follower.BURST + 2
    following.cancel()
