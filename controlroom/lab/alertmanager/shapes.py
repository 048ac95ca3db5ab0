"""The API's JSON: structs in the wire's key order go out; what comes in is checked as go-openapi does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from controlroom.lab.alertmanager.alerts import Alert, PostedAlert
from controlroom.lab.alertmanager.manager import AlertStatus
from controlroom.lab.alertmanager.matchers import Matcher
from controlroom.lab.alertmanager.silences import Silence, WantedSilence

#: go-openapi's codes of validation errors.
REQUIRED, BAD_TYPE, TOO_FEW = 602, 601, 612


class BadBody(ValueError):
    """A body that is refused: HTTP status, go-openapi code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Named(msgspec.Struct, frozen=True):
    name: str


class AlertStatusOut(msgspec.Struct, frozen=True, rename="camel"):
    inhibited_by: tuple[str, ...]
    silenced_by: tuple[str, ...]
    state: str


class AlertOut(msgspec.Struct, frozen=True, rename="camel"):
    """A `gettableAlert`."""

    annotations: Mapping[str, str]
    ends_at: str
    fingerprint: str
    receivers: tuple[Named, ...]
    starts_at: str
    status: AlertStatusOut
    updated_at: str
    labels: Mapping[str, str]
    generator_url: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="generatorURL")


class GroupOut(msgspec.Struct, frozen=True):
    """An `alertGroup`."""

    alerts: tuple[AlertOut, ...]
    labels: Mapping[str, str]
    receiver: Named


class StateOut(msgspec.Struct, frozen=True):
    state: str


class SilenceOut(msgspec.Struct, frozen=True, rename="camel"):
    """A `gettableSilence`."""

    id: str
    status: StateOut
    updated_at: str
    comment: str
    created_by: str
    ends_at: str
    matchers: tuple[Matcher, ...]
    starts_at: str


class SilenceId(msgspec.Struct, frozen=True):
    silence_id: str = msgspec.field(name="silenceID")


class Complaint(msgspec.Struct, frozen=True):
    code: int
    message: str


class _AlertIn(msgspec.Struct, frozen=True, rename="camel"):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] = {}
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _MatcherIn(msgspec.Struct, frozen=True, rename="camel"):
    name: str | None = None
    value: str | None = None
    is_regex: bool | None = None
    is_equal: bool = True


class _SilenceIn(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    matchers: tuple[_MatcherIn, ...] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    created_by: str | None = None
    comment: str | None = None


def timestamp(seconds: float) -> str:
    """Unix seconds as the API writes them: UTC with three decimals."""
    moment = datetime.fromtimestamp(round(seconds * 1000) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def alert_out(alert: Alert, status: AlertStatus, receivers: list[str]) -> AlertOut:
    """A stored alert as it is listed."""
    return AlertOut(
        annotations=alert.annotations,
        ends_at=timestamp(alert.ends_at),
        fingerprint=alert.fingerprint,
        receivers=tuple(Named(name) for name in receivers),
        starts_at=timestamp(alert.starts_at),
        status=AlertStatusOut(status.inhibited_by, status.silenced_by, status.state),
        updated_at=timestamp(alert.updated_at),
        labels=alert.labels,
        generator_url=alert.generator_url or msgspec.UNSET,
    )


def silence_out(silence: Silence, now: float) -> SilenceOut:
    """A silence as it is listed."""
    return SilenceOut(
        id=silence.id,
        status=StateOut(silence.state(now)),
        updated_at=timestamp(silence.updated_at),
        comment=silence.comment,
        created_by=silence.created_by,
        ends_at=timestamp(silence.ends_at),
        matchers=silence.matchers,
        starts_at=timestamp(silence.starts_at),
    )


def read_alerts(body: bytes) -> list[PostedAlert]:
    """The alerts of a POST; raises :class:`BadBody`."""
    try:
        alerts = msgspec.json.decode(body, type=list[_AlertIn])
    except msgspec.DecodeError as error:
        what = "json: cannot unmarshal object into Go value of type models.PostableAlerts"
        raise BadBody(400, 400, f'parsing alerts body from "" failed, because {what}') from error
    for index, alert in enumerate(alerts):
        if alert.labels is None:
            raise BadBody(422, REQUIRED, f"{index}.labels in body is required")
    return [
        PostedAlert(
            labels=alert.labels or {},
            annotations=alert.annotations,
            starts_at=alert.starts_at.timestamp() if alert.starts_at else None,
            ends_at=alert.ends_at.timestamp() if alert.ends_at else None,
            generator_url=alert.generator_url,
        )
        for alert in alerts
    ]


def read_silence(body: bytes) -> WantedSilence:
    """The silence of a POST; raises :class:`BadBody`."""
    try:
        silence = msgspec.json.decode(body, type=_SilenceIn)
    except msgspec.DecodeError as error:
        raise BadBody(400, 400, f'parsing silence body from "" failed, because {_go_words(error)}') from error
    if silence.comment is None:
        raise BadBody(422, REQUIRED, "comment in body is required")
    if silence.created_by is None:
        raise BadBody(422, REQUIRED, "createdBy in body is required")
    if silence.ends_at is None:
        raise BadBody(422, REQUIRED, "endsAt in body is required")
    if silence.matchers is None:
        raise BadBody(422, REQUIRED, "matchers in body is required")
    if not silence.matchers:
        raise BadBody(422, TOO_FEW, "matchers in body should have at least 1 items")
    if silence.starts_at is None:
        raise BadBody(422, REQUIRED, "startsAt in body is required")
    matchers = sorted(
        (_matcher(one, index) for index, one in enumerate(silence.matchers)), key=lambda one: one.name
    )
    return WantedSilence(
        matchers=tuple(matchers),
        starts_at=silence.starts_at.timestamp(),
        ends_at=silence.ends_at.timestamp(),
        created_by=silence.created_by,
        comment=silence.comment,
        id=silence.id,
    )


def _matcher(given: _MatcherIn, index: int) -> Matcher:
    if given.is_regex is None:
        raise BadBody(422, REQUIRED, f"matchers.{index}.isRegex in body is required")
    if given.name is None:
        raise BadBody(422, REQUIRED, f"matchers.{index}.name in body is required")
    if given.value is None:
        raise BadBody(422, REQUIRED, f"matchers.{index}.value in body is required")
    return Matcher(given.is_equal, given.is_regex, given.name, given.value)


def _go_words(error: msgspec.DecodeError) -> str:
    return re.sub(r"^Expected", "json: expected", str(error))
