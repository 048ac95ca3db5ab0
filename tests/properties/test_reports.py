"""A made-up session says the same at each event, whichever way one looks: live, attached, replayed, `show --at`, JSON,
Markdown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.core.events import Event
from controlroom.core.figures import assess
from controlroom.core.playhead import History
from controlroom.core.state import State
from controlroom.journal.folder import SessionFolder
from controlroom.journal.report.escaping import escaped
from controlroom.journal.report.markdown import markdown
from controlroom.journal.report.page import page_of
from controlroom.journal.report.record import events_of, read_record, record
from controlroom.journal.report.words import cell, figure
from controlroom.journal.showing import show
from controlroom.room.recorded import open_recorded
from controlroom.wire.messages import EventLine, decode_down, event_line
from tests.conductor.fakes import MemoryWriter
from tests.core.sessions import OPENED
from tests.properties.believable_faults import session

_FIGURES = ("injected", "ttd", "tta", "tti", "ttm", "ttr")

Record = Callable[[str, object], None]
Recorded = tuple[list[Event], list[State], View, list[bytes]]


async def lived(seed: int) -> Recorded:
    """The session at the recorder, on a clock that is moved: its events, its states, its samples, its lines."""
    clock = HeldClock(OPENED.timestamp())
    recorder, states = Recorder(clock, MemoryWriter()), []
    for own in session(seed):
        await clock.advance(max(0.0, own.t - recorder.now()), turns=0)
        recorder.record(own.body, actor=own.actor, at=own.at, clock=own.clock)
        states.append(recorder.state)
    return recorder.events, states, recorder.view, list(recorder.lines)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(text: str, heading: str) -> str:
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, heading
    return found[1]


def check_files(events: list[Event], view: View) -> None:
    """Both files of the session as it stood, against what the room computed."""
    shown = assess(view)
    found = read_record(record(events, view, shown))
    assert found.assessment == shown and events_of(found) == events
    check_report(markdown(view, shown), view, shown)


def check_report(text: str, view: View, shown: Assessment) -> None:
    page = page_of(view, shown)
    assert page is not None
    assert re.search(rf"^\*\*Verdict: \S+ {shown.verdict}\*\*$", text, re.M)
    overview = rows(section(text, "## Experiments"))[2:]
    own = [shown.runs[run] for run in view.state.runs]
    for row, figures in zip(overview, [*own, shown.day], strict=False):
        told = [escaped(figure(getattr(figures, name), page.times)) for name in _FIGURES]
        assert row[1:] == told
    tables = section(text, "## Metrics").partition("<details><summary>Baselines")[0]
    told_rows = {row[0]: row[1:] for row in rows(tables)}
    for metric_row in shown.rows:
        metric = page.plan.metric(metric_row.metric)
        title = escaped(metric.title) + (f" ({escaped(metric.unit)})" if metric.unit == "%" else "")
        pre, during, post = told_rows[title]
        assert (pre, post) == tuple(
            escaped(cell(part, metric, page.times)) for part in (metric_row.pre, metric_row.post)
        )
        assert during.startswith(escaped(cell(metric_row.during, metric, page.times)))
    judged = {row[0]: row[1] for row in rows(section(text, "## Success criteria")) if len(row) > 1}
    for result in (*shown.criteria, *shown.signs):
        assert judged[escaped(result.text)].endswith(f" {result.status}")


def check_attached(lines: list[bytes], live: list[Assessment]) -> None:
    """A viewer who takes in what comes down the wire computes at each event what the host did."""
    history = History()
    for line, shown in zip(lines, live, strict=True):
        message = decode_down(event_line(line))
        assert isinstance(message, EventLine)
        history.append(message.decoded())
        assert assess(View(history.head, history.columns), history.head.t) == shown


def check_later(folder: SessionFolder, events: list[Event], live: list[Assessment]) -> None:
    """Whoever goes there in the record: in the room of a recording, and with `show --at`."""
    past = open_recorded(folder).past()
    times = [event.t for event in events]
    for t in dict.fromkeys(times):
        shown = live[bisect_right(times, t) - 1]
        assert assess(past.view(t), t) == shown
        told = msgspec.json.decode(show(folder, repr(t), hindsight=False, as_json=True))
        assert told["assessment"] == msgspec.json.decode(msgspec.json.encode(shown))


async def check(seed: int, path: Path, record_property: Record) -> None:
    events, states, view, lines = await lived(seed)
    views = [View(state, view.columns) for state in states]
    live = [assess(own) for own in views]
    for seq, own in enumerate(views, 1):
        check_files(events[:seq], own)
    check_attached(lines, live)
    folder = SessionFolder(path)
    folder.journal.write_bytes(b"".join(line + b"\n" for line in lines))
    check_later(folder, events, live)
    record_property("looks compared", 5 * len(events))


@pytest.mark.parametrize("seed", range(5))
async def test_every_way_to_look_shows_the_same_at_every_event(
    seed: int, tmp_path: Path, record_property: Record
) -> None:
    await check(seed, tmp_path, record_property)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5, 55))
async def test_so_does_every_way_for_fifty_more(seed: int, tmp_path: Path, record_property: Record) -> None:
    await check(seed, tmp_path, record_property)
