"""Made-up sessions through the recorder: what was live is what is read back, wherever the journal is cut."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pytest

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.core.events import Event
from controlroom.core.events.envelope import kinds
from controlroom.core.figures import assess
from controlroom.core.fold import fold
from controlroom.core.playhead import History
from controlroom.core.state import State
from controlroom.journal.reader import parse, read_events, verify
from controlroom.journal.report.making import view_of
from controlroom.journal.writer import JournalWriter
from tests.core.sessions import OPENED
from tests.properties.believable_faults import session

Record = Callable[[str, object], None]

LOOKS = 25
"""Moments of a session at which its figures are compared."""
TORN = 300
"""Bytes of a session at which its journal is cut, drawn from all of them."""
SMALL = 20
"""Events of the small journal that is cut at every byte."""


@dataclass(frozen=True)
class Lived:
    """A session as it was while it was recorded."""

    recorder: Recorder
    states: list[State]
    """After each event."""
    figures: dict[int, Assessment]
    """As they stood after some of the events, by seq."""
    path: Path
    journal: bytes

    @property
    def ends(self) -> list[int]:
        """Where each line of the journal ends, its line feed included."""
        return list(accumulate(len(line) + 1 for line in self.recorder.lines))


async def lived(seed: int, folder: Path) -> Lived:
    """Lives through a made-up session at the recorder, on a clock that is moved from event to event."""
    told = session(seed)
    looks = {*random.Random(seed).sample(range(1, len(told) + 1), LOOKS), len(told)}
    clock, path = HeldClock(OPENED.timestamp()), folder / f"journal-{seed}.jsonl"
    writer = JournalWriter(path)
    recorder = Recorder(clock, writer)
    states: list[State] = []
    figures: dict[int, Assessment] = {}
    for seq, own in enumerate(told, 1):
        await clock.advance(max(0.0, own.t - recorder.now()), turns=0)
        recorder.record(own.body, actor=own.actor, at=own.at, clock=own.clock)
        states.append(recorder.state)
        assert recorder.state.lengths == recorder.view.columns.lengths()
        if seq in looks:
            figures[seq] = assess(recorder.view)
    assert await asyncio.to_thread(writer.close)
    return Lived(recorder, states, figures, path, path.read_bytes())


def check_replay(day: Lived) -> None:
    """What is read back is what was recorded, as events, as state and as figures."""
    read = read_events(day.path)
    assert verify(day.path) == []
    assert read == day.recorder.events
    assert fold(read) == day.recorder.state
    assert assess(view_of(read)) == assess(day.recorder.view)


def check_seeking(day: Lived, chance: random.Random) -> None:
    """A viewer who goes anywhere in any order finds the states that were live."""
    history = History()
    for event in parse(day.journal):
        history.append(event)
    times = [event.t for event in day.recorder.events]
    assert times == sorted(times)
    for t in chance.sample(times, len(times)):
        assert history.at(t) == day.states[bisect_right(times, t) - 1]
    for seq, figures in day.figures.items():
        assert assess(View(day.states[seq - 1], history.columns)) == figures


def check_every_event(day: Lived) -> int:
    """The journal cut behind any of its events folds to the state that was live there; so do its figures."""
    for seq, end in enumerate(day.ends, 1):
        cut = list(parse(day.journal[:end]))
        assert fold(cut) == day.states[seq - 1], f"event {seq}"
        if seq in day.figures:
            assert assess(view_of(cut)) == day.figures[seq], f"figures after event {seq}"
    return len(day.ends)


def check_bytes(journal: bytes, events: list[Event], cuts: list[int]) -> int:
    """The journal cut at those bytes opens with its whole lines."""
    for cut in cuts:
        assert list(parse(journal[:cut])) == events[: journal.count(b"\n", 0, cut)], f"byte {cut}"
    return len(cuts)


def check(day: Lived, seed: int, record: Record) -> None:
    chance = random.Random(seed)
    check_replay(day)
    check_seeking(day, chance)
    events = day.recorder.events
    record("cuts at events", check_every_event(day))
    around = [end + off for end in chance.sample(day.ends, LOOKS) for off in (-1, 0, 1)]
    cuts = around + chance.sample(range(len(day.journal) + 1), TORN)
    torn = check_bytes(day.journal, events, cuts)
    small = day.ends[SMALL - 1]
    torn += check_bytes(day.journal[:small], events[:SMALL], list(range(small + 1)))
    record("cuts at bytes", torn)


@pytest.mark.parametrize("seed", range(20))
async def test_live_is_replayed_is_cut_anywhere(seed: int, tmp_path: Path, record_property: Record) -> None:
    check(await lived(seed, tmp_path), seed, record_property)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200))
async def test_live_is_replayed_is_cut_anywhere_for_two_hundred_journals(
    seed: int, tmp_path: Path, record_property: Record
) -> None:
    check(await lived(seed, tmp_path), seed, record_property)


async def test_a_journal_torn_on_disk_opens_and_is_gone_on_with(tmp_path: Path) -> None:
    day = await lived(3, tmp_path)
    end = day.ends[40]
    day.path.write_bytes(day.journal[: end + 30])
    assert read_events(day.path) == day.recorder.events[:41]
    writer = JournalWriter(day.path)
    for line in day.recorder.lines[41:]:
        writer.append(line)
    assert await asyncio.to_thread(writer.close)
    assert day.path.read_bytes() == day.journal


async def test_the_made_up_sessions_are_worth_reading(tmp_path: Path) -> None:
    days = [await lived(seed, tmp_path) for seed in range(20)]
    seen = {type(event.body) for day in days for event in day.recorder.events}
    assert {kind.__name__ for kind in kinds()} == {kind.__name__ for kind in seen}
    last = [assess(day.recorder.view) for day in days]
    assert {found.verdict for found in last} >= {"passed", "needs improvement", "inconclusive"}
    runs = [run for found in last for run in found.runs.values()]
    for name in ("ttd", "tta", "tti", "ttm", "ttr"):
        known = {getattr(run, name).status for run in runs}
        assert {"known", "absent"} & known and len(known) > 1, (name, known)
