"""The poll loop by a clock that a test moves: pace, back-off, time-out, failure and recovery, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.sources.poll import Failure, Pace, Reading, poll
from controlroom.sources.ports import SourceError


class Time:
    """Counts what was waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.back_offs: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    async def back_off(self, seconds: float) -> None:
        self.back_offs.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def scripted(*answers: object) -> Callable[[], Awaitable[object]]:
    remaining = list(answers)

    async def read() -> object:
        answer = remaining.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return read


async def outcomes(
    read: Callable[[], Awaitable[object]], count: int, time: Time, pace: Pace
) -> list[Reading[object] | Failure]:
    found: list[Reading[object] | Failure] = []
    loop = poll(
        read,
        "Prometheus",
        pace,
        pause=time.pause,
        back_off=time.back_off,
        monotonic=lambda: time.now,
        spread=lambda: 0.0,
    )
    async with aclosing(loop) as readings:
        async for outcome in readings:
            found.append(outcome)
            if len(found) == count:
                break
    return found


def down(**more: float) -> SourceError:
    return SourceError("Prometheus", "refused", **more)


async def test_readings_come_at_their_pace() -> None:
    time = Time()
    found = await outcomes(scripted(1, 2, 3), 3, time, Pace(every=2.0))
    assert found == [Reading(1), Reading(2), Reading(3)]
    assert (time.pauses, time.back_offs) == ([2.0, 2.0], [])


async def test_failures_back_off_and_recovery_tells_how_long_it_was_away() -> None:
    time = Time()
    found = await outcomes(scripted(1, down(), down(), down(), 5, 6), 6, time, Pace(every=2.0, first=0.5))
    failures = [one for one in found if isinstance(one, Failure)]
    assert [(one.attempt, one.again) for one in failures] == [(1, 0.5), (2, 1.0), (3, 2.0)]
    assert time.back_offs == [0.5, 1.0, 2.0]
    assert found[4] == Reading(5, away=3.5)
    assert found[5] == Reading(6)


async def test_the_server_may_ask_for_patience() -> None:
    time = Time()
    await outcomes(scripted(down(retry_after=7.0), 1), 2, time, Pace(every=1.0))
    assert time.back_offs == [7.0]


async def test_a_reading_that_hangs_is_a_failure_in_words() -> None:
    time = Time()
    stopped = asyncio.Event()

    async def hang() -> object:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    (failure,) = await outcomes(hang, 1, time, Pace(every=1.0, timeout=0.01))
    assert isinstance(failure, Failure)
    assert failure.error.message == "no reading from Prometheus within 0.01 s"
    assert stopped.is_set()


async def test_our_own_errors_are_not_taken_for_the_sources() -> None:
    with pytest.raises(KeyError):
        await outcomes(scripted(KeyError("ours")), 1, Time(), Pace(every=1.0))


async def test_readings_never_overlap_and_cancelling_ends_the_one_under_way() -> None:
    under_way = 0
    most = 0
    begun = asyncio.Event()

    async def read() -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            under_way -= 1
        return 0

    async def follow() -> None:
        async for _ in poll(read, "Prometheus", Pace(every=0.0)):
            pass

    task = asyncio.create_task(follow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (under_way, most) == (0, 1)


@given(st.integers(1, 2000), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_back_off_is_bounded(attempt: int, spread: float, asked: float | None) -> None:
    pace = Pace(every=1.0, first=0.5, most=30.0)
    seconds = pace.back_off(attempt, asked, spread)
    assert 0.5 <= seconds <= 60.0
    assert pace.back_off(attempt + 1, asked, spread) >= seconds
