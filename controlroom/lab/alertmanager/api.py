"""Alertmanager's API v2 over HTTP (and the v1 list of alerts that 0.25 still has)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import MultiMapping

from controlroom.clock import Clock
from controlroom.lab.alertmanager import shapes
from controlroom.lab.alertmanager.manager import Alertmanager
from controlroom.lab.alertmanager.matchers import Matcher, MatcherError, all_match, anchored, parse_filters
from controlroom.lab.alertmanager.shapes import AlertOut, BadBody, Named
from controlroom.lab.alertmanager.silences import NoSuchSilence, SilenceError

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_API = "/api/v2"
_V1_HEADERS = {"Cache-Control": "no-cache, no-store, must-revalidate"}


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    branch: str = "lab"
    build_date: str = "20230409-09:50:43"
    build_user: str = "lab"
    go_version: str = "go1.19.8"
    revision: str = "lab"
    version: str = "0.25.0"


class _Cluster(msgspec.Struct, frozen=True):
    peers: tuple[str, ...] = ()
    status: str = "disabled"


class _Config(msgspec.Struct, frozen=True):
    original: str


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    cluster: _Cluster
    config: _Config
    uptime: str
    version_info: _Version


class _StatusV1(msgspec.Struct, frozen=True, rename="camel"):
    state: str
    silenced_by: tuple[str, ...] | None
    inhibited_by: tuple[str, ...] | None


class _AlertV1(msgspec.Struct, frozen=True, rename="camel"):
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str
    ends_at: str
    status: _StatusV1
    receivers: tuple[str, ...]
    fingerprint: str
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _AnswerV1(msgspec.Struct, frozen=True):
    status: Literal["success"]
    data: tuple[_AlertV1, ...]


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value) + b"\n"
    shown = {"Vary": "Origin", **(headers or {})}
    return web.Response(body=body, status=status, content_type="application/json", headers=shown)


@web.middleware
async def _complaints(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in Alertmanager's two shapes: a bare JSON string, or go-openapi's code and message."""
    try:
        return await handler(request)
    except BadBody as error:
        return _json(shapes.Complaint(error.code, str(error)), error.status)
    except web.HTTPMethodNotAllowed as error:
        allowed = sorted(error.allowed_methods - {"HEAD", "OPTIONS"}, reverse=True)
        message = f"method {request.method} is not allowed, but [{','.join(allowed)}] are"
        return _json(shapes.Complaint(405, message), 405, {"Allow": ",".join(allowed)})
    except web.HTTPNotFound:
        return _json(shapes.Complaint(404, f"path {request.path} was not found"), 404)


class _Api:
    def __init__(self, manager: Alertmanager, clock: Clock, started_at: float) -> None:
        self._manager = manager
        self._clock = clock
        self._started_at = started_at

    async def alerts(self, request: web.Request) -> web.Response:
        try:
            return _json(self._listed(request.query))
        except MatcherError as error:
            return _json(str(error), 400)

    def _listed(self, query: MultiMapping[str]) -> list[AlertOut]:
        """The alerts that a query asks for; raises :class:`MatcherError`."""
        filters, receiver = _filters(query)
        wanted = {flag: query.get(flag, "true") == "true" for flag in ("active", "silenced", "inhibited")}
        now = self._clock.time()
        found = []
        for alert in self._manager.firing(now):
            status = self._manager.status(alert, now)
            receivers = self._manager.receivers(alert)
            if not all_match(filters, alert.labels) or not any(receiver.match(name) for name in receivers):
                continue
            hidden = (
                (status.state == "active" and not wanted["active"])
                or (status.silenced_by and not wanted["silenced"])
                or (status.inhibited_by and not wanted["inhibited"])
            )
            if not hidden:
                found.append(shapes.alert_out(alert, status, receivers))
        return found

    async def groups(self, request: web.Request) -> web.Response:
        try:
            listed = {alert.fingerprint: alert for alert in self._listed(request.query)}
        except MatcherError as error:
            return _json(str(error), 400)
        groups = [
            shapes.GroupOut(alerts, dict(group.labels), Named(group.route.receiver))
            for group, members in self._manager.groups(self._clock.time())
            if (alerts := tuple(listed[one.fingerprint] for one in members if one.fingerprint in listed))
        ]
        return _json(groups)

    async def post_alerts(self, request: web.Request) -> web.Response:
        _require_json(request)
        posted = shapes.read_alerts(await request.read())
        now = self._clock.time()
        for alert in posted:
            if not alert.labels:
                return _json("at least one label pair required", 400)
            starts_at = now if alert.starts_at is None else alert.starts_at
            if alert.ends_at is not None and alert.starts_at is not None and alert.ends_at < starts_at:
                return _json("start time must be before end time", 400)
        self._manager.post(posted, now)
        return _empty()

    async def silences(self, request: web.Request) -> web.Response:
        now = self._clock.time()
        try:
            filters = parse_filters(request.query.getall("filter", []))
        except MatcherError as error:
            return _json(str(error), 400)
        return _json([shapes.silence_out(one, now) for one in self._manager.silences.listed(filters, now)])

    async def post_silence(self, request: web.Request) -> web.Response:
        _require_json(request)
        wanted = shapes.read_silence(await request.read())
        try:
            silence = self._manager.silences.put(wanted, self._clock.time())
        except SilenceError as error:
            return _json(str(error), 400)
        except NoSuchSilence:
            return _json("silence not found", 404)
        return _json(shapes.SilenceId(silence.id))

    async def get_silence(self, request: web.Request) -> web.Response:
        try:
            silence = self._manager.silences.get(_silence_id(request))
        except NoSuchSilence:
            return _empty(404)
        return _json(shapes.silence_out(silence, self._clock.time()))

    async def delete_silence(self, request: web.Request) -> web.Response:
        try:
            self._manager.silences.expire(_silence_id(request), self._clock.time())
        except NoSuchSilence:
            return _json("silence not found", 500)
        return _empty()

    async def receivers(self, _request: web.Request) -> web.Response:
        return _json([Named(name) for name in self._manager.configuration.receivers])

    async def status(self, _request: web.Request) -> web.Response:
        config = _Config(self._manager.configuration.text)
        return _json(_Status(_Cluster(), config, shapes.timestamp(self._started_at), _Version()))

    async def v1_alerts(self, request: web.Request) -> web.Response:
        data = tuple(
            _AlertV1(
                labels=alert.labels,
                annotations=alert.annotations,
                starts_at=alert.starts_at,
                ends_at=alert.ends_at,
                status=_StatusV1(
                    alert.status.state, alert.status.silenced_by or None, alert.status.inhibited_by or None
                ),
                receivers=tuple(one.name for one in alert.receivers),
                fingerprint=alert.fingerprint,
                generator_url=alert.generator_url or "",
            )
            for alert in self._listed(request.query)
        )
        return _json(_AnswerV1("success", data), headers=_V1_HEADERS)

    async def healthy(self, _request: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def root(self, _request: web.Request) -> web.Response:
        page = '<!DOCTYPE html>\n<html lang="en">\n<head><title>Alertmanager</title></head>\n</html>\n'
        return web.Response(text=page, content_type="text/html", headers=_V1_HEADERS)


def make_app(manager: Alertmanager, clock: Clock, *middlewares: Middleware) -> web.Application:
    """The web application; `middlewares` see each request first, `clock` says what now is."""
    api = _Api(manager, clock, started_at=clock.time())
    app = web.Application(middlewares=[*middlewares, _complaints])
    app.router.add_get(f"{_API}/alerts", api.alerts, allow_head=False)
    app.router.add_post(f"{_API}/alerts", api.post_alerts)
    app.router.add_get(f"{_API}/alerts/groups", api.groups, allow_head=False)
    app.router.add_get(f"{_API}/silences", api.silences, allow_head=False)
    app.router.add_post(f"{_API}/silences", api.post_silence)
    app.router.add_get(f"{_API}/silence/{{id}}", api.get_silence, allow_head=False)
    app.router.add_delete(f"{_API}/silence/{{id}}", api.delete_silence)
    app.router.add_get(f"{_API}/receivers", api.receivers, allow_head=False)
    app.router.add_get(f"{_API}/status", api.status, allow_head=False)
    app.router.add_get("/api/v1/alerts", api.v1_alerts, allow_head=False)
    app.router.add_get("/-/healthy", api.healthy)
    app.router.add_get("/-/ready", api.healthy)
    app.router.add_get("/", api.root)
    return app


def _filters(query: MultiMapping[str]) -> tuple[tuple[Matcher, ...], re.Pattern[str]]:
    try:
        receiver = anchored(query.get("receiver", ".*"))
    except MatcherError as error:
        raise MatcherError(f"failed to parse receiver param: {error}") from error
    return parse_filters(query.getall("filter", [])), receiver


def _require_json(request: web.Request) -> None:
    if request.content_type != "application/json":
        message = f'unsupported media type "{request.content_type}", only [application/json] are allowed'
        raise BadBody(415, 415, message)


def _silence_id(request: web.Request) -> str:
    given = request.match_info["id"]
    if _UUID.fullmatch(given) is None:
        raise BadBody(422, shapes.BAD_TYPE, f'silenceID in path must be of type uuid: "{given}"')
    return given


def _empty(status: int = 200) -> web.Response:
    return web.Response(status=status, headers={"Vary": "Origin"})
