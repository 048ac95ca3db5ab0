"""Samples stand once in `session.json`: in its columns. Their events there say how many each batch brought.

With the columns a batch is what it was, byte for byte. One that would not be (a step that was told twice, with
another value) stays as it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import msgspec

from controlroom.core.columns import NAN, View
from controlroom.core.events import Event, Samples, Unknown, encode_event
from controlroom.core.values import Value, changed

KIND = "samples.counted"


class SamplesCounted(Value, tag_field="kind", tag=KIND):
    """In place of `samples`: so many steps of the metrics' columns, from `start` (Unix seconds) on.

    In the file only, never in a journal.
    """

    start: int
    step: int
    count: int = 0
    """Of every metric; 0: they differ, and `counts` has them."""
    counts: tuple[int | None, ...] = ()
    """By metric; null where the batch did not speak of it."""


class SampleColumn(Value):
    """The samples of one metric on its grid: `values[i]` is the one at `first + i × step`."""

    metric: str
    title: str
    unit: str
    query: str
    step: int
    """Seconds between two samples."""
    first: int | None = None
    """Unix seconds of the first sample, by Prometheus's clock; None: there is none."""
    values: tuple[float | None, ...] = ()
    """null: unknown (no data, NaN, or nobody kept the record)."""


_decoder = msgspec.json.Decoder(SamplesCounted)


def counted(event: Event, view: View) -> bytes:
    """The event's line for the file."""
    body = event.body
    if not isinstance(body, Samples) or not _held(body, view):
        return encode_event(event)
    counts = tuple(None if values is None else len(values) for values in body.columns)
    short = SamplesCounted(start=body.start, step=body.step, counts=counts)
    if len(set(counts)) == 1 and counts[0] and len(counts) == len(view.columns.columns):
        short = SamplesCounted(start=body.start, step=body.step, count=counts[0])
    return encode_event(changed(event, body=Unknown(name=KIND, raw=msgspec.Raw(msgspec.json.encode(short)))))


def _held(batch: Samples, view: View) -> bool:
    """Whether the columns have exactly what the batch brought."""
    if len(batch.columns) > len(view.columns.columns) or batch.step != view.columns.step:
        return False
    for index, values in enumerate(batch.columns):
        series = view.series(index)
        if values is None:
            continue
        if series.first is None or (batch.start - series.first) % series.step:
            return False
        at = (batch.start - series.first) // series.step
        brought = array("d", [NAN if value is None else value for value in values])
        if at < 0 or series.values(range(at, at + len(values))).tobytes() != brought.tobytes():
            return False
    return True


def whole(event: Event, columns: Sequence[SampleColumn]) -> Event:
    """The event as it stands in the journal. Raises msgspec.DecodeError where the columns do not have its samples."""
    if not isinstance(event.body, Unknown) or event.body.name != KIND:
        return event
    short = _decoder.decode(event.body.raw)
    counts = short.counts or (short.count,) * (len(columns) if short.count else 0)
    if len(counts) > len(columns):
        raise msgspec.DecodeError(f"event {event.seq} has samples of more metrics than there are columns")
    found: list[tuple[float | None, ...] | None] = []
    for count, column in zip(counts, columns, strict=False):
        if count is None:
            found.append(None)
            continue
        at = 0 if column.first is None else (short.start - column.first) // column.step
        values = column.values[at : at + count] if at >= 0 else ()
        if len(values) != count:
            raise msgspec.DecodeError(f"event {event.seq} has samples that the column {column.metric} lacks")
        found.append(values)
    return changed(event, body=Samples(start=short.start, step=short.step, columns=tuple(found)))
