"""What happened, as annotations of Grafana: each is the body of one `POST /api/annotations`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.journal.report.page import Page


class Annotation(Value, omit_defaults=True):
    """`time` and `timeEnd` in milliseconds since 1970; without an end it is a moment. The text is HTML."""

    time: int
    tags: tuple[str, ...]
    text: str
    timeEnd: int | None = None


def as_annotations(page: Page) -> bytes:
    """`annotations.json`: a JSON array, by time."""
    found = sorted(_all(page), key=lambda own: (own.time, own.text))
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _all(page: Page) -> Iterator[Annotation]:
    state, times = page.state, page.times
    titles = {phase.id: phase.title for phase in page.plan.phases}
    for phase in state.phases:
        if phase.opened is not None:
            end = times.at(phase.closed) if phase.closed is not None else None
            yield _one(page, "phase", times.at(phase.opened), titles.get(phase.id, phase.id), end)
    names = {own.id: own.title for own in page.plan.experiments}
    for run in state.runs.values():
        again = f" #{run.ordinal}" if run.ordinal > 1 else ""
        text = names.get(run.experiment, run.experiment) + again
        if run.injection is not None:
            yield _one(page, "fault", run.injection.first, text, run.effect_end or run.object_end)
    for alert in state.alerts.values():
        if alert.firing_at is not None:
            yield _one(page, "alert", alert.firing_at, f"{alert.name} firing", alert.resolved_at)
    for mark in state.marks.values():
        if not mark.undone:
            words = mark.milestone.replace("-", " ") + (f": {mark.text}" if mark.text else "")
            yield _one(page, "mark", mark.at, words)
    for note in state.notes.values():
        if not note.private:
            yield _one(page, note.type, note.at, note.text)
    for halt in state.halts:
        end = times.at(halt.finished) if halt.finished is not None else None
        yield _one(page, "halt", times.at(halt.t), f"HALT {halt.reason}".strip(), end)
    for gap in state.gaps:
        end = times.at(gap.end) if gap.end is not None else None
        yield _one(page, "gap", times.at(gap.start), "nobody kept the record", end)


def _one(page: Page, kind: str, start: datetime, text: str, end: datetime | None = None) -> Annotation:
    session = page.state.opened.session if page.state.opened else ""
    return Annotation(
        time=_ms(start),
        timeEnd=_ms(end) if end is not None else None,
        tags=("controlroom", kind, session),
        text=escape(clean(text, 2000), quote=False),
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
