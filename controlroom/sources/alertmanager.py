"""Alertmanager (API v2) as a source: silences, and which alerts are suppressed by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

from controlroom.clock import Clock
from controlroom.core.clean import clean
from controlroom.core.events import AlertSuppressed, SilenceObserved
from controlroom.core.values import Value
from controlroom.sources.http import JsonClient
from controlroom.sources.login import Login
from controlroom.sources.ports import ClockReading, SourceError

SOURCE = "Alertmanager"


class _Named(Value, rename="camel"):
    pass


class Matcher(_Named):
    name: str
    value: str
    is_regex: bool
    is_equal: bool = True


class SilenceStatus(Value):
    state: Literal["pending", "active", "expired"]


class Silence(_Named):
    """As GET /api/v2/silences lists it."""

    id: str
    status: SilenceStatus
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str = ""
    comment: str = ""


class AlertStatus(_Named):
    state: Literal["active", "suppressed", "unprocessed"]
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


class Receiver(Value):
    name: str


class ReceivedAlert(_Named):
    """An alert as Alertmanager holds it; its labels include Prometheus's external ones."""

    fingerprint: str
    labels: dict[str, str]
    status: AlertStatus
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    annotations: dict[str, str] = {}
    receivers: tuple[Receiver, ...] = ()


class _Version(Value):
    version: str


class Status(_Named):
    """What GET /api/v2/status tells; its configuration holds secrets and is not read."""

    uptime: datetime
    version_info: _Version


class AlertmanagerSource:
    """Implements `AlertSource`. `clock` is the session's; `timeout`: real seconds for one request."""

    def __init__(self, url: str, clock: Clock, *, login: Login | None = None, timeout: float = 5.0) -> None:
        self._http = JsonClient(SOURCE, url, login=login, timeout=timeout)
        self._clock = clock

    async def silences(self) -> Sequence[SilenceObserved]:
        """All that Alertmanager remembers, expired ones too, by their start."""
        listed = await self._http.get("/api/v2/silences", tuple[Silence, ...])
        return sorted((observed(one) for one in listed), key=lambda one: (one.starts_at, one.silence))

    async def alerts(self) -> Sequence[ReceivedAlert]:
        """What is firing by Alertmanager's account, with who suppresses it."""
        return [
            msgspec.structs.replace(one, labels=_texts(one.labels), annotations=_texts(one.annotations))
            for one in await self._http.get("/api/v2/alerts", tuple[ReceivedAlert, ...])
        ]

    async def suppressed(self) -> Sequence[AlertSuppressed]:
        """Silenced and inhibited alerts, by name; on whose account, as far as Alertmanager still knows."""
        listed = await self.alerts()
        if all(one.status.state != "suppressed" for one in listed):
            return []
        by = {one.silence: one.by or one.silence for one in await self.silences()}
        names = {one.fingerprint: one.labels.get("alertname", one.fingerprint) for one in listed}
        found = [
            AlertSuppressed(
                name=one.labels.get("alertname", ""),
                labels={name: value for name, value in one.labels.items() if name != "alertname"},
                silenced_by=_named(one.status.silenced_by, by),
                inhibited_by=_named(one.status.inhibited_by, names),
            )
            for one in listed
            if one.status.state == "suppressed"
        ]
        return sorted(found, key=lambda one: (one.name, sorted(one.labels.items())))

    async def receivers(self) -> Sequence[str]:
        return [clean(one.name) for one in await self._http.get("/api/v2/receivers", tuple[Receiver, ...])]

    async def status(self) -> Status:
        return await self._http.get("/api/v2/status", Status)

    async def clock(self) -> ClockReading:
        """By the Date header, which is cut to whole seconds: half a second is added to its uncertainty."""
        await self._http.request("GET", "/-/healthy")  # the connection is open when it counts
        before = self._clock.time()
        answer = await self._http.request("GET", "/-/healthy")
        after = self._clock.time()
        theirs = _seconds(answer.date)
        if theirs is None:
            raise SourceError(SOURCE, f"{SOURCE} does not tell its time", status=answer.status)
        return ClockReading(
            offset=theirs + 0.5 - (before + after) / 2, uncertainty=(after - before) / 2 + 0.5
        )

    async def close(self) -> None:
        await self._http.close()


def observed(silence: Silence) -> SilenceObserved:
    """A silence as an event's body, its texts cleaned."""
    return SilenceObserved(
        silence=clean(silence.id, 80),
        matchers=tuple(
            (clean(one.name, 200), clean(one.value), one.is_regex, one.is_equal) for one in silence.matchers
        ),
        by=clean(silence.created_by, 120),
        comment=clean(silence.comment),
        starts_at=silence.starts_at.astimezone(UTC),
        ends_at=silence.ends_at.astimezone(UTC),
        state=silence.status.state,
    )


def _named(ids: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({names.get(own, clean(own, 80)) for own in ids}))


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {clean(name, 200): clean(text) for name, text in texts.items()}


def _seconds(date: str) -> float | None:
    """An HTTP date as Unix seconds; None where it is missing or not one."""
    try:
        found = parsedate_to_datetime(date)
    except ValueError:
        return None
    return found.timestamp() if found.utcoffset() == timedelta(0) else None
