"""While the disk does not take the record the room says so, with what waits, since when, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.core.events import NoteWritten, RecordTroubled
from controlroom.core.figures import assess
from controlroom.core.info import RoomInfo
from controlroom.core.playhead import Playhead
from controlroom.host.disk import troubled
from controlroom.journal.trouble import Trouble, words
from controlroom.tui.draw.banner import banner_rows
from controlroom.tui.draw.head import status_row
from controlroom.tui.moment import Moment
from tests.conductor.fakes import Bench

JOURNAL = Path("/srv/sessions/20261122-130000-day-x2f9/journal.jsonl")


def moment(bench: Bench, *, live: bool = True) -> Moment:
    view = bench.recorder.view
    t = bench.recorder.now()
    info = RoomInfo(session="day", title="", live=live)
    return Moment(info=info, view=view, figures=assess(view), playhead=Playhead(), t=t, head=t)


def said(bench: Bench, **how: bool) -> list[str]:
    return ["".join(text for text, _ in row).strip() for row in banner_rows(moment(bench, **how), 160)]


def status(bench: Bench) -> str:
    return "".join(text for text, _ in status_row(moment(bench), 160))


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_a_full_disk(bench: Bench) -> None:
    assert "◉ REC" in status(bench)
    error, hint = words(OSError(28, "No space left on device"), JOURNAL)
    bench.recorder.record(troubled(Trouble(error=error, hint=hint, kept=1)))
    for text in ("one", "two"):
        bench.recorder.record(NoteWritten(note=text, type="note", text=text))
    await bench.clock.advance(65.0, turns=0)
    first, second = said(bench)[:2]
    assert first == f"NOT ON DISK for 1:05, 3 lines wait in memory: No space left on device: {JOURNAL}"
    assert second.startswith("nothing is started meanwhile; stop and halt go out.  make room on the disk")
    assert "✗ NOT ON DISK" in status(bench)
    assert not any("NOT ON DISK" in row for row in said(bench, live=False)), "a recording is on disk"
    bench.recorder.record(troubled(Trouble(seconds=65.0, kept=4)))
    assert not any("NOT ON DISK" in row for row in said(bench))
    assert "◉ REC" in status(bench)


async def test_a_disk_that_hangs_counts_from_when_it_fell_silent(bench: Bench) -> None:
    await bench.clock.advance(60.0, turns=0)
    bench.recorder.record(troubled(Trouble(error="the disk does not answer: j", silent=2.0, kept=1)))
    await bench.clock.advance(8.0, turns=0)
    assert said(bench)[0] == "NOT ON DISK for 0:10, 1 line waits in memory: the disk does not answer: j"


async def test_the_reason_may_change_and_the_moment_stays(bench: Bench) -> None:
    bench.recorder.record(RecordTroubled(error="it hangs", seconds=0.0, kept=1))
    await bench.clock.advance(5.0, turns=0)
    bench.recorder.record(RecordTroubled(error="it is full", seconds=0.0, kept=1))
    await bench.clock.advance(5.0, turns=0)
    trouble = bench.state.record_trouble
    assert trouble is not None and (trouble.since, trouble.error) == (0.0, "it is full")
    assert said(bench)[0].startswith("NOT ON DISK for 0:10")
