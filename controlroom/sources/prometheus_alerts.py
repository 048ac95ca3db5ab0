"""Alert episodes from the raw samples that Prometheus itself writes at each evaluation of its rules.

`ALERTS{alertname, alertstate, …}` has a sample of 1 an evaluation while the alert is pending or firing (two
series); `ALERTS_FOR_STATE`, stamped alike, has the start of pending in whole Unix seconds as its value, so
equal values are one episode. At the evaluation at which an alert is no more, both get a staleness marker.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from controlroom.clock import utc
from controlroom.core.clean import clean
from controlroom.core.events import AlertObserved
from controlroom.core.values import Value
from controlroom.sources.http import JsonClient
from controlroom.sources.login import Login
from controlroom.sources.prometheus_answers import Series, data, number
from controlroom.sources.prometheus_client import PrometheusQueries

Key = tuple[tuple[str, str], ...]
"""An alert's labels with its name, without state, sorted."""

USUAL_INTERVAL = 15.0
"""Seconds between evaluations where neither the rules nor the samples tell."""

OVERLAP = 30.0
"""Seconds read again each time: an evaluation writes its samples a moment after its own time."""

HISTORY = 3600.0
"""Seconds before the first stretch that are read too, so that an alert's start is found."""

RESOLUTION = 0.001
"""Samples are stamped in milliseconds."""

_UNTOLD = frozenset({"__name__", "alertstate"})


def key_of(metric: Mapping[str, str]) -> Key:
    """What tells an alert: its labels, cleaned."""
    return tuple(
        sorted((clean(name, 200), clean(value)) for name, value in metric.items() if name not in _UNTOLD)
    )


@dataclass(slots=True)
class _Episode:
    active: float
    first: float
    last: float
    firing_at: float | None = None
    uncertainty: float = 0.0
    ended: float | None = None
    annotations: dict[str, str] | None = None


class AlertTracker:
    """Follows episodes over overlapping readings. All times are Unix seconds of Prometheus's clock."""

    def __init__(self) -> None:
        self._episodes: defaultdict[Key, list[_Episode]] = defaultdict(list)
        self._intervals: dict[Key, float] = {}

    def learn(
        self,
        alerts: Iterable[Series],
        for_state: Iterable[Series],
        present: Collection[Key],
        until: float,
        intervals: Mapping[str, float],
    ) -> None:
        """Takes in raw samples up to `until`.

        `present`: the alerts that an instant query at `until` still shows, which a staleness marker ends at
        once. `intervals`: seconds between evaluations by alert name, as far as the rules tell them.
        """
        starts = {key_of(one.metric): _starts(one) for one in for_state}
        samples: defaultdict[Key, list[tuple[float, bool]]] = defaultdict(list)
        for one in alerts:
            firing = one.metric.get("alertstate") == "firing"
            samples[key_of(one.metric)] += [(at, firing) for at, _ in one.samples]
        for key, own in samples.items():
            own.sort()
            self._intervals[key] = self._interval(key, own, intervals)
            self._extend(key, own, starts.get(key, {}))
        for key, episodes in self._episodes.items():
            self._end(key, episodes, present, until)

    def _interval(
        self, key: Key, samples: Sequence[tuple[float, bool]], intervals: Mapping[str, float]
    ) -> float:
        told = intervals.get(dict(key).get("alertname", ""))
        if told is not None:
            return told
        known = self._intervals.get(key, math.inf)
        spacing = min((later - at for (at, _), (later, _) in pairwise(samples)), default=math.inf)
        shortest = min(known, spacing)
        return shortest if math.isfinite(shortest) else USUAL_INTERVAL

    def _extend(self, key: Key, samples: Sequence[tuple[float, bool]], starts: Mapping[int, float]) -> None:
        episodes = self._episodes[key]
        interval = self._intervals[key]
        for at, firing in samples:
            newest = episodes[-1] if episodes else None
            if newest is not None and at <= newest.last:
                continue
            active = starts.get(_ms(at))
            if active is None:
                goes_on = newest is not None and at - newest.last <= 2.5 * interval
                active = newest.active if newest is not None and goes_on else float(math.floor(at))
            if newest is None or newest.active != active:
                newest = _Episode(active=active, first=at, last=at)
                episodes.append(newest)
            if firing and newest.firing_at is None:
                newest.firing_at = at
                newest.uncertainty = _firing_uncertainty(newest, at, interval)
            newest.last, newest.ended = at, None

    def _end(self, key: Key, episodes: list[_Episode], present: Collection[Key], until: float) -> None:
        interval = self._intervals.get(key, USUAL_INTERVAL)
        for episode, following in pairwise(episodes):
            if episode.ended is None:
                episode.ended = min(episode.last + interval, following.first)
        newest = episodes[-1] if episodes else None
        if newest is not None and newest.ended is None and key not in present:
            over = newest.last + interval
            if until >= over:
                newest.ended = over

    def unannotated(self) -> bool:
        """An episode is still open whose annotations were not looked for."""
        return any(
            episode.annotations is None and episode.ended is None
            for episodes in self._episodes.values()
            for episode in episodes
        )

    def annotate(self, annotations: Mapping[Key, Mapping[str, str]]) -> None:
        """Gives open episodes the texts of the alerts that exist now; the first ones stay."""
        for key, episodes in self._episodes.items():
            for episode in episodes:
                if episode.annotations is None and episode.ended is None:
                    texts = annotations.get(key, {})
                    episode.annotations = {clean(name, 200): clean(text) for name, text in texts.items()}

    def observed(self, since: float) -> list[AlertObserved]:
        """Episodes that were pending or firing at or after `since`, by the start of pending."""
        found = [
            _observation(key, episode)
            for key, episodes in self._episodes.items()
            for episode in episodes
            if episode.ended is None or episode.ended >= since
        ]
        return sorted(found, key=lambda one: (one.active_at, one.name))

    def forget(self, before: float) -> None:
        """Drops what ended before; a later reading must not reach so far back."""
        for key in list(self._episodes):
            kept = [one for one in self._episodes[key] if one.ended is None or one.ended >= before]
            if kept:
                self._episodes[key] = kept
            else:
                del self._episodes[key]


def _starts(series: Series) -> dict[int, float]:
    """Start of pending by the time of the sample in milliseconds, where it is a number."""
    found = {_ms(at): number(value) for at, value in series.samples}
    return {at: value for at, value in found.items() if value is not None}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _firing_uncertainty(episode: _Episode, at: float, interval: float) -> float:
    """How much earlier it may have begun to fire: what was not seen between the sample before and this one."""
    after_pending = at - episode.last - interval
    at_once = at - episode.active - 1.0  # the start of pending is cut to whole seconds
    return max(after_pending if episode.first < at else at_once, RESOLUTION)


def _observation(key: Key, episode: _Episode) -> AlertObserved:
    labels = dict(key)
    name = labels.pop("alertname", "")
    state: Literal["pending", "firing", "resolved"] = "pending" if episode.firing_at is None else "firing"
    if episode.ended is not None:
        state = "resolved"
    return AlertObserved(
        name=name,
        labels=labels,
        state=state,
        active_at=utc(episode.active),
        firing_at=None if episode.firing_at is None else utc(episode.firing_at),
        resolved_at=None if episode.ended is None else utc(episode.ended),
        annotations=episode.annotations or {},
        uncertainty=round(episode.uncertainty, 3),
    )


class ActiveAlert(Value):
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class Rule(Value):
    name: str
    type: str
    alerts: tuple[ActiveAlert, ...] = ()


class Group(Value):
    name: str
    interval: float
    rules: tuple[Rule, ...] = ()


class Rules(Value):
    """`data` of /api/v1/rules."""

    groups: tuple[Group, ...] = ()

    def intervals(self) -> dict[str, float]:
        """Seconds between evaluations by alert name; the longest where a name is used twice."""
        found: dict[str, float] = {}
        for group in self.groups:
            for rule in group.rules:
                if rule.type == "alerting":
                    found[rule.name] = max(group.interval, found.get(rule.name, 0.0))
        return found

    def annotations(self) -> dict[Key, dict[str, str]]:
        alerts = (alert for group in self.groups for rule in group.rules for alert in rule.alerts)
        return {key_of(alert.labels): alert.annotations for alert in alerts}


class AlertReader:
    """Asks for the samples of a stretch and follows the episodes in them."""

    def __init__(
        self,
        source: str,
        url: str,
        queries: PrometheusQueries,
        *,
        login: Login | None,
        timeout: float,
    ) -> None:
        self._queries = queries
        self._http = JsonClient(source, url, login=login, timeout=timeout)
        self._tracker = AlertTracker()
        self._intervals: dict[str, float] = {}
        self._looked_up: set[str] = set()
        self._read_before = False

    async def read(self, since: float, until: float) -> list[AlertObserved]:
        """Episodes with anything pending or firing between `since` and `until`, Unix seconds."""
        start = since - (OVERLAP if self._read_before else HISTORY)
        span = f"{math.ceil((until - start) * 1000)}ms"
        alerts, for_state, present = await asyncio.gather(
            self._queries.instant(f"ALERTS[{span}]", until),
            self._queries.instant(f"ALERTS_FOR_STATE[{span}]", until),
            self._queries.instant("ALERTS", until),
        )
        names = {one.metric.get("alertname", "") for one in alerts}
        rules = await self._rules() if names - self._looked_up else None
        if rules is not None:
            self._intervals = rules.intervals()
            self._looked_up |= names
        shown = {key_of(one.metric) for one in present}
        self._tracker.learn(alerts, for_state, shown, until, self._intervals)
        if self._tracker.unannotated():
            self._tracker.annotate((rules or await self._rules()).annotations())
        self._read_before = True
        found = self._tracker.observed(since)
        self._tracker.forget(start - OVERLAP)
        return found

    async def names(self) -> list[str]:
        """Names of all alerts that there are rules for; empty where a store has no ruler."""
        return sorted((await self._rules()).intervals())

    async def _rules(self) -> Rules:
        """The rules; none where a store answers that it has no ruler: the samples then tell the interval."""
        answer = await self._http.request("GET", "/api/v1/rules", query={"type": "alert"})
        if answer.status in (400, 404, 405, 501):
            return Rules()
        return data(answer, Rules)

    async def close(self) -> None:
        await self._http.close()
