"""Columns of metrics by combined range queries, with the expressions that spoil them kept apart."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.ports import MetricColumn, SourceError
from controlroom.sources.prometheus_answers import QueryRefused, Series, column
from controlroom.sources.prometheus_client import PrometheusQueries
from controlroom.sources.promql_combine import LABEL, MOST_BYTES, Combined, Term, combine, complaint, wrapped

LONGEST_REST = 32
"""A refused expression is asked again after 2, 4, 8, … and at most this many turns."""

LEAST_BYTES = 400

_KINDS = {
    "bad_data": "the expression is not valid",
    "execution": "the expression cannot be evaluated",
    "timeout": "the expression takes too long",
    "canceled": "the expression was cancelled",
}


class Apart(Value):
    """An expression that is not combined with others."""

    error: str = ""
    failures: int = 0
    again: int = 0
    """The turn from which it is asked again."""


class MetricReader:
    """Reads the columns of `expressions`, told by their position.

    An expression that does not parse alone, or that the server refuses when wrapped, is asked apart and
    unwrapped from then on: it costs a query of its own and can spoil nothing else.
    """

    def __init__(self, queries: PrometheusQueries, expressions: Sequence[str]) -> None:
        self._queries = queries
        self._expressions = expressions
        self._apart: dict[int, Apart] | None = None
        self._most = MOST_BYTES
        self._turn = 0

    def next_turn(self) -> None:
        """A new tick begins: what rests comes one turn nearer to being asked again."""
        self._turn += 1

    async def read(self, indexes: Sequence[int], first: int, end: int, step: int) -> dict[int, MetricColumn]:
        """Columns from `first` to `end`, inclusive. Raises SourceError where the server does not answer."""
        apart = self._checked()
        together = [index for index in indexes if index not in apart]
        alone = [index for index in indexes if index in apart]
        terms = [Term(id=str(index), query=self._expressions[index]) for index in together]
        span = (first, end, step)
        found = await asyncio.gather(
            *(self._combined(combined, span) for combined in combine(terms, self._most)),
            *(self._alone(index, span) for index in alone),
        )
        return {index: one for columns in found for index, one in columns.items()}

    def _checked(self) -> dict[int, Apart]:
        """Who is apart; at first those whose expression cannot be wrapped."""
        if self._apart is None:
            self._apart = {
                index: Apart() for index, query in enumerate(self._expressions) if complaint(query)
            }
        return self._apart

    async def _combined(self, combined: Combined, span: tuple[int, int, int]) -> dict[int, MetricColumn]:
        try:
            series = await self._queries.range(combined.query, *span)
        except QueryRefused:
            return await self._one_by_one([int(name) for name in combined.ids], span)
        by_metric: defaultdict[str, list[Series]] = defaultdict(list)
        for one in series:
            by_metric[one.metric.get(LABEL, "")].append(one)
        return {int(name): column(by_metric[name], *span) for name in combined.ids}

    async def _one_by_one(self, indexes: list[int], span: tuple[int, int, int]) -> dict[int, MetricColumn]:
        """Finds which of a refused combination is at fault, and reads the others."""
        answers = await asyncio.gather(*(self._wrapped(index, span) for index in indexes))
        refusals = [answer for answer in answers if isinstance(answer, QueryRefused)]
        if not refusals:
            # Only their sum is too much for the server: fewer at once from now on.
            self._most = max(self._most // 2, LEAST_BYTES)
        if len(refusals) == len(indexes) > 1 and all(one.kind == "timeout" for one in refusals):
            raise SourceError(
                refusals[0].source,
                "every query takes too long",
                hint="The server is overloaded; it is asked again.",
                status=refusals[0].status,
            )
        found: dict[int, MetricColumn] = {}
        for index, answer in zip(indexes, answers, strict=True):
            if isinstance(answer, QueryRefused):
                self._checked()[index] = Apart()
                found |= await self._alone(index, span)
            else:
                found[index] = answer
        return found

    async def _wrapped(self, index: int, span: tuple[int, int, int]) -> MetricColumn | QueryRefused:
        term = Term(id=str(index), query=self._expressions[index])
        try:
            return column(await self._queries.range(wrapped(term), *span), *span)
        except QueryRefused as refusal:
            return refusal

    async def _alone(self, index: int, span: tuple[int, int, int]) -> dict[int, MetricColumn]:
        """An expression that is apart, unwrapped; resting after a refusal it keeps its error."""
        apart = self._checked()
        state = apart[index]
        if self._turn < state.again:
            return {index: MetricColumn(error=state.error)}
        try:
            series = await self._queries.range(self._expressions[index], *span)
        except QueryRefused as refusal:
            failures = state.failures + 1
            error = clean(f"{_KINDS.get(refusal.kind, 'the expression is refused')}: {refusal.message}")
            again = self._turn + min(2**failures, LONGEST_REST)
            apart[index] = Apart(error=error, failures=failures, again=again)
            return {index: MetricColumn(error=error)}
        apart[index] = Apart()
        return {index: column(series, *span)}
