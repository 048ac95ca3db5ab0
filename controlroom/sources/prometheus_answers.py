"""Prometheus's answers as values (HTTP API v1, as recorded from 2.42), and how they become columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value, changed
from controlroom.sources.http import Answer, decoded, not_json, refusal
from controlroom.sources.ports import MetricColumn, Remarks, SourceError

T = TypeVar("T")

Pair = tuple[float, str]
"""Unix seconds and the value as text: `1`, `1e-09`, `NaN`, `+Inf`."""

MOST = 20
"""Remarks of one answer that are kept."""

QUERY_ERRORS = frozenset({"bad_data", "execution", "timeout", "canceled"})
"""Error types that speak of a query, not of the server."""


class Envelope(Value):
    status: str
    data: msgspec.Raw = msgspec.Raw()
    errorType: str = ""
    error: str = ""
    warnings: tuple[str, ...] | None = None
    """Of Thanos: which stores did not answer. Of Prometheus itself: doubts about the expression."""
    infos: tuple[str, ...] | None = None
    isPartial: bool = False
    """VictoriaMetrics: some of its storage nodes did not answer."""


class Result(Value):
    """`data` of a query."""

    resultType: str
    result: msgspec.Raw


class Series(Value):
    """One series of a matrix (`values`) or a vector (`value`)."""

    metric: dict[str, str] = {}
    values: tuple[Pair, ...] = ()
    value: Pair | None = None

    @property
    def samples(self) -> tuple[Pair, ...]:
        return self.values if self.value is None else (self.value,)


ANNOTATION = "PromQL"
"""How Prometheus begins what it remarks of an expression (`PromQL warning: …`): nothing is missing then."""
NODES = "some storage nodes did not answer (isPartial)"


def remarks_of(envelope: Envelope) -> Remarks:
    """What the server said beside its answer."""
    warnings = [clean(text, 300) for text in envelope.warnings or ()]
    infos = [clean(text, 300) for text in envelope.infos or ()]
    partial = [text for text in warnings if not text.startswith(ANNOTATION)]
    doubts = [text for text in warnings if text.startswith(ANNOTATION)]
    nodes = [NODES] if envelope.isPartial and not partial else []
    return Remarks(partial=tuple([*partial, *nodes][:MOST]), others=tuple([*doubts, *infos][:MOST]))


class QueryRefused(SourceError):
    """The server is well, and will not answer this query: the expression is at fault."""

    def __init__(self, source: str, message: str, *, kind: str, status: int) -> None:
        super().__init__(source, message, hint="Correct the expression in the plan.", status=status)
        self.kind = kind


def opened(answer: Answer) -> Envelope:
    """The envelope of a success; raises QueryRefused or another SourceError for anything else."""
    try:
        envelope = msgspec.json.decode(answer.body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise (not_json(answer) if answer.status == 200 else refusal(answer)) from None
    if answer.status == 200 and envelope.status == "success":
        return envelope
    if envelope.errorType in QUERY_ERRORS:
        said = clean(envelope.error, 300)
        raise QueryRefused(answer.source, said, kind=envelope.errorType, status=answer.status)
    if answer.status == 200:
        said = clean(envelope.error, 300) or "without a reason"
        raise SourceError(answer.source, f"{answer.source} refused the query: {said}", status=200)
    raise refusal(answer)


def data(answer: Answer, shape: type[T]) -> T:
    """The `data` of a success in its shape."""
    return decoded(changed(answer, body=bytes(opened(answer).data)), shape)


def series_of(source: str, result: object) -> tuple[Series, ...]:
    """A matrix, a vector, or a scalar (one pair, without a series) as series; raises SourceError."""
    try:
        if isinstance(result, list) and result and not isinstance(result[0], dict):
            return (Series(value=msgspec.convert(result, Pair)),)
        return msgspec.convert(result, tuple[Series, ...])
    except msgspec.ValidationError as error:
        raise SourceError(
            source, f"{source} answered in a shape that is not known: {clean(str(error), 160)}"
        ) from error


def number(text: str) -> float | None:
    """A sample's value; None for NaN and for infinities, which mean that there was nothing to divide by."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def column(series: Iterable[Series], first: int, end: int, step: int) -> MetricColumn:
    """One value a step from `first` to `end`, inclusive, in Unix seconds.

    A step on which several series have a sample is unknown: which of them was meant cannot be told. Series
    that follow each other (a label changed) are one metric, so a step means the same however much is asked.
    """
    length = (end - first) // step + 1
    values: list[float | None] = [None] * length
    counts = [0] * length
    for one in series:
        for at, text in one.samples:
            index = round((at - first) / step)
            if 0 <= index < length:
                counts[index] += 1
                values[index] = number(text)
    several = max(counts, default=0)
    if several > 1:
        values = [value if count == 1 else None for value, count in zip(values, counts, strict=True)]
    return MetricColumn(values=tuple(values), remark=_remark(values, counts, several))


def _remark(values: Sequence[float | None], counts: Sequence[int], several: int) -> str:
    missing = {count for value, count in zip(values, counts, strict=True) if value is None}
    remarks = []
    if 0 in missing:
        remarks.append("no series" if several == 0 else "no data at some steps")
    if 1 in missing:
        remarks.append("not a number")
    if several > 1:
        remarks.append(f"{several} series, expected one")
    return "; ".join(remarks)


def joined(parts: Sequence[MetricColumn]) -> MetricColumn:
    """Columns of consecutive stretches as one; one that failed makes the whole column fail."""
    if error := next((part.error for part in parts if part.error), ""):
        return MetricColumn(error=error)
    remarks = dict.fromkeys(part.remark for part in parts if part.remark)
    return MetricColumn(
        values=tuple(value for part in parts for value in part.values), remark="; ".join(remarks)
    )
