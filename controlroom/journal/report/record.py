"""`session.json`: one session, complete and self-contained, in one file of published form.

It holds every event as its line in the journal (so the journal can be made from it again, byte for byte), the
samples as one column a metric, where readers that plot want them, and the figures with their evidence.
docs/record.md explains it, docs/schema/session.schema.json is its schema.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

import controlroom
from controlroom.core.assessment import Assessment, Degradation
from controlroom.core.columns import View
from controlroom.core.events import Event, decode_event, encode_event
from controlroom.core.figures.degradation import degradations
from controlroom.core.plan import Bindings, Plan
from controlroom.core.values import Value
from controlroom.journal.report.counted import KIND, SampleColumn, counted, whole
from controlroom.journal.report.unmeasured import Unmeasured, unmeasured

FORMAT = 2
"""Version of the file's form; raised when a reader of the version before would misread it.

1: the samples stood in their events as well. 2: an event has their number (:mod:`.counted`). Both are read.
"""


class RecordError(ValueError):
    """A file that is not a session's record; the text says why."""


class SessionRecord(Value, omit_defaults=False):
    """One session. Moments are UTC; `length` is in seconds."""

    format: int
    session: str
    title: str
    program: str
    """Version of the program that ran the session."""
    opened_at: datetime
    closed_at: datetime | None
    """None: it was not closed when this was written."""
    closed_reason: str
    length: float
    lab: bool
    seed: int | None
    verdict: Literal["passed", "needs improvement", "inconclusive", "pending"]
    assessment: Assessment
    """Criteria, signs and every figure, each with its evidence."""
    unmeasured: tuple[Unmeasured, ...]
    plan: Plan
    """As it was at the end; `session.opened` has it as it began."""
    plan_text: str
    plan_hash: str
    files: dict[str, str]
    """Manifests and rules by the path that the plan names."""
    bindings: Bindings
    versions: dict[str, str]
    samples: tuple[SampleColumn, ...]
    events: tuple[msgspec.Raw, ...]
    """Every event as its line in the journal; of samples only how many (`samples.counted`): `samples` has them."""
    degradation: tuple[Degradation, ...] = ()
    """How far each metric was worst while each run acted."""
    written_by: str = ""
    """Version of the program that made this file: another one may define a figure otherwise."""


_decoder = msgspec.json.Decoder(SessionRecord)
_MARK = b'"' + KIND.encode() + b'"'


def record(events: Iterable[Event], view: View, assessment: Assessment) -> bytes:
    """The file's bytes. Raises :class:`RecordError` where the session was never opened."""
    return msgspec.json.encode(record_of(events, view, assessment)) + b"\n"


def record_of(events: Iterable[Event], view: View, assessment: Assessment) -> SessionRecord:
    """The record as a value. Raises :class:`RecordError` where the session was never opened."""
    state = view.state
    opened, plan = state.opened, state.plan
    if opened is None or plan is None or state.opened_at is None:
        raise RecordError("the session was never opened: there is nothing to record")
    closed = state.status == "closed"
    return SessionRecord(
        format=FORMAT,
        session=opened.session,
        title=plan.title,
        program=opened.program,
        opened_at=state.opened_at,
        closed_at=state.at if closed else None,
        closed_reason=state.closed_reason,
        length=round(state.t, 3),
        lab=opened.lab,
        seed=opened.seed,
        verdict=assessment.verdict,
        assessment=assessment,
        unmeasured=unmeasured(state, assessment),
        degradation=degradations(view, assessment),
        written_by=controlroom.__version__,
        plan=plan,
        plan_text=opened.plan_text,
        plan_hash=opened.plan_hash,
        files=opened.files,
        bindings=opened.bindings,
        versions=opened.versions,
        samples=_columns(view, opened.plan),
        events=tuple(msgspec.Raw(counted(event, view)) for event in events),
    )


def _columns(view: View, plan: Plan) -> tuple[SampleColumn, ...]:
    found = []
    for index, metric in enumerate(plan.metrics):
        series = view.series(index)
        found.append(
            SampleColumn(
                metric=metric.id,
                title=metric.title,
                unit=metric.unit,
                query=metric.query,
                step=series.step,
                first=series.first,
                values=tuple(
                    None if math.isnan(value) else value for value in series.values(range(series.length))
                ),
            )
        )
    return tuple(found)


def read_record(data: bytes) -> SessionRecord:
    """The record in a file's bytes. Raises :class:`RecordError` for anything else, a later format included."""
    try:
        found = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"not a session's record: {error}") from error
    if found.format > FORMAT:
        raise RecordError(f"format {found.format} is from a later version; this one reads up to {FORMAT}")
    return found


def events_of(found: SessionRecord) -> list[Event]:
    """The events of a record. Raises :class:`RecordError` where one of them is none."""
    try:
        return [whole(decode_event(bytes(line)), found.samples) for line in found.events]
    except msgspec.DecodeError as error:
        raise RecordError(f"an event cannot be read: {error}") from error


def journal_of(found: SessionRecord) -> bytes:
    """The journal that the record was made from. Raises :class:`RecordError` where it cannot be made."""
    return b"".join(_line(bytes(line), found) + b"\n" for line in found.events)


def _line(line: bytes, found: SessionRecord) -> bytes:
    if _MARK not in line:
        return line
    try:
        event = decode_event(line)
        return encode_event(whole(event, found.samples)) if event.body.kind() == KIND else line
    except msgspec.DecodeError as error:
        raise RecordError(f"an event cannot be read: {error}") from error
