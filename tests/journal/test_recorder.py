"""The conductor's recorder on a real journal: dense numbers, an unbroken chain, the same fold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core.events import Body, Event, Unknown
from controlroom.core.figures import assess
from controlroom.core.fold import fold
from controlroom.journal.reader import parse, read_events, verify
from controlroom.journal.report.making import view_of
from controlroom.journal.writer import JournalWriter
from tests.conductor.fakes import MemoryWriter
from tests.journal.books import bodies, day, opening


@pytest.fixture
async def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
async def recorder(clock: HeldClock, tmp_path: Path) -> AsyncIterator[Recorder]:
    writer = JournalWriter(tmp_path / "journal.jsonl")
    yield Recorder(clock, writer)
    await asyncio.to_thread(writer.close)


async def test_a_day_through_the_recorder_is_the_day_that_is_read_back(
    recorder: Recorder, clock: HeldClock, tmp_path: Path
) -> None:
    for event in day(1300.0):
        await clock.advance(max(0.0, event.t - recorder.now()), turns=0)
        if isinstance(event.body, Unknown):
            continue
        recorder.record(event.body, actor=event.actor, at=event.at, clock=event.clock)
    _, there = await recorder.durably(e.NoteWritten(note="n", type="note", text="done"))
    assert there
    journal = tmp_path / "journal.jsonl"
    read = read_events(journal)
    assert [event.seq for event in read] == list(range(1, len(read) + 1))
    assert verify(journal) == []
    assert read == recorder.events
    assert fold(read) == recorder.state
    assert assess(view_of(read)) == assess(recorder.view)


class Wayward:
    """A clock whose readings may go back, as no clock should."""

    rate = 1.0

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


known_bodies = bodies.filter(lambda body: isinstance(body, Body))


@given(st.lists(st.tuples(known_bodies, st.floats(-100, 100)), max_size=15))
def test_whatever_happens_numbers_are_dense_t_never_goes_back_and_the_chain_holds(
    happened: list[tuple[Body, float]],
) -> None:
    clock, writer = Wayward(), MemoryWriter()
    recorder = Recorder(clock, writer)
    recorder.record(opening())
    for body, elapsed in happened:
        clock.now += elapsed
        recorder.record(body)
    read = list(parse(b"".join(line + b"\n" for line in writer.lines)))
    assert read == recorder.events
    assert [event.seq for event in read] == list(range(1, len(read) + 1))
    assert [event.t for event in read] == sorted(event.t for event in read)
    assert [event.prev for event in read] == ["", *(e.digest(line) for line in writer.lines[:-1])]
    assert fold(read) == recorder.state


async def test_who_follows_gets_everything_once_in_order_and_then_the_end(recorder: Recorder) -> None:
    seen: list[Event] = []

    async def follow() -> None:
        async for event in recorder.follow(1):
            seen.append(event)

    for number in range(3):
        recorder.record(e.LoadStopped(reason=str(number)))
    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    assert [event.seq for event in seen] == [2, 3]
    recorder.record(e.LoadStopped(reason="live"))
    recorder.close()
    await following
    assert seen == recorder.events[1:]


async def test_a_disk_that_does_not_answer_keeps_nobody_longer_than_their_patience(clock: HeldClock) -> None:
    writer = MemoryWriter()
    writer.hanging = True
    recorder = Recorder(clock, writer)
    event, there = await recorder.durably(e.HaltRequested(), patience=0.01)
    assert not there
    assert recorder.events == [event]
    writer.hanging, writer.refusing = False, True
    assert (await recorder.durably(e.Unlocked()))[1] is False
