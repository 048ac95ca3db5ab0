"""What a check asks of Prometheus beyond a day's readings: its rules, where it sends alerts, how fresh its data are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

import msgspec

from controlroom.clock import Clock
from controlroom.core.check_facts import MetricFact, RuleFact
from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.http import JsonClient
from controlroom.sources.login import Login
from controlroom.sources.ports import ClockReading, SourceError
from controlroom.sources.prometheus import SOURCE, PrometheusSource
from controlroom.sources.prometheus_answers import QueryRefused, Series, data, number
from controlroom.sources.prometheus_client import THREADS, Heard, PrometheusQueries
from controlroom.sources.promql_selectors import selectors_of

NO_RULER = frozenset({400, 404, 405, 501})
"""Answers of a store that evaluates no rules itself."""

SAME = 5.0
"""Real seconds in which a selector that stands in several expressions is asked for once."""


class _Alert(Value):
    labels: dict[str, str] = {}
    state: str = ""


class _Rule(Value):
    name: str
    type: str = ""
    duration: float = 0.0
    labels: dict[str, str] = {}
    alerts: tuple[_Alert, ...] = ()
    health: str = "ok"
    lastError: str = ""


class _Group(Value):
    interval: float = 0.0
    rules: tuple[_Rule, ...] = ()


class _Rules(Value):
    groups: tuple[_Group, ...] = ()


class _Url(Value):
    url: str = ""


class _Alertmanagers(Value):
    activeAlertmanagers: tuple[_Url, ...] = ()


class _Configuration(Value):
    yaml: str = ""


class PrometheusLooks:
    """One Prometheus. `clock` is the session's; `timeout`: real seconds for a request."""

    def __init__(self, url: str, clock: Clock, *, login: Login | None = None, timeout: float = 5.0) -> None:
        self._queries = PrometheusQueries(SOURCE, url, login=login, timeout=timeout)
        self._http = JsonClient(SOURCE, url, login=login, timeout=timeout)
        self._source = PrometheusSource(url, (), clock, login=login, timeout=timeout)
        self._turns = asyncio.Semaphore(THREADS)
        """A query waits here for a thread, so that its time-out counts from when it is sent."""
        self._ages: dict[str, tuple[float, asyncio.Task[float | None]]] = {}

    async def clock(self) -> ClockReading:
        return await self._source.clock()

    async def metric(self, query: str) -> MetricFact:
        """The expression's value now, and how old the samples are that it looks at."""
        try:
            with Heard() as heard:
                series = await self._instant(f"(\n{query}\n)")
        except QueryRefused as refusal:
            return MetricFact(refused=refusal.message)
        names = selectors_of(query)
        ages = await asyncio.gather(*(self._age(name) for name in names))
        samples = series[0].samples if len(series) == 1 else ()
        return MetricFact(
            value=number(samples[-1][1]) if samples else None,
            series=len(series),
            newest={clean(name, 160): age for name, age in zip(names, ages, strict=True)},
            partial=heard.remarks.partial,
        )

    async def _age(self, selector: str) -> float | None:
        """Seconds since the newest sample of a selector; None: it has no series in the last minutes.

        An instant query alone would not tell: it takes samples that are up to five minutes old.
        """
        now = asyncio.get_running_loop().time()
        known = self._ages.get(selector)
        if known is None or now - known[0] > SAME:
            asked = self._instant(f"time() - max(timestamp({selector}))")
            known = self._ages[selector] = now, asyncio.create_task(_first(asked), name="age")
        return await asyncio.shield(known[1])

    async def _instant(self, query: str) -> tuple[Series, ...]:
        async with self._turns:
            return await self._queries.instant(query)

    async def rules(self) -> Sequence[RuleFact]:
        """The alerting rules. Raises SourceError, too, where a store has no ruler."""
        answer = await self._http.request("GET", "/api/v1/rules", query={"type": "alert"})
        if answer.status in NO_RULER:
            raise SourceError(
                SOURCE,
                f"it does not tell its alert rules (HTTP {answer.status})",
                hint="bind the Prometheus or ruler that evaluates them",
            )
        groups = data(answer, _Rules).groups
        return [
            _rule(rule, group.interval) for group in groups for rule in group.rules if rule.type == "alerting"
        ]

    async def alertmanagers(self) -> int:
        """How many it sends alerts to."""
        answer = await self._http.request("GET", "/api/v1/alertmanagers")
        return len(data(answer, _Alertmanagers).activeAlertmanagers)

    async def external_labels(self) -> Mapping[str, str]:
        """The labels that it adds to all it sends; raises SourceError where its configuration is not to be had."""
        import yaml

        text = data(await self._http.request("GET", "/api/v1/status/config"), _Configuration).yaml
        try:
            found = msgspec.convert(yaml.safe_load(text), _Config)
        except (yaml.YAMLError, msgspec.ValidationError) as error:
            raise SourceError(SOURCE, "its configuration cannot be read") from error
        labels = (found.global_ or _Global()).external_labels or {}
        return {clean(name, 200): clean(str(value)) for name, value in labels.items()}

    async def close(self) -> None:
        tasks = [task for _, task in self._ages.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self._queries.close(), self._http.close(), self._source.close())


class _Global(Value):
    external_labels: dict[str, object] | None = None


class _Config(Value):
    global_: _Global | None = msgspec.field(default=None, name="global")


async def _first(asked: Awaitable[tuple[Series, ...]]) -> float | None:
    series = await asked
    samples = series[0].samples if series else ()
    return number(samples[-1][1]) if samples else None


def _rule(rule: _Rule, interval: float) -> RuleFact:
    return RuleFact(
        name=clean(rule.name, 200),
        labels=_texts(rule.labels),
        lasting=rule.duration,
        interval=interval,
        health=clean(rule.health, 40),
        error=clean(rule.lastError),
        alerts=tuple((_texts(alert.labels), clean(alert.state, 40)) for alert in rule.alerts),
    )


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {clean(name, 200): clean(text) for name, text in texts.items()}
