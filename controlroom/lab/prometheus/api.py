"""The HTTP API of the lab's Prometheus: paths, shapes, statuses and errors of 2.42."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import MultiDict, MultiMapping

from controlroom.lab.prometheus import status_pages
from controlroom.lab.prometheus.answers import STATUS, Json, data_of, error_of
from controlroom.lab.prometheus.engine import MatrixResult, Result, ScalarResult, VectorResult
from controlroom.lab.prometheus.errors import ParseError, QueryError
from controlroom.lab.prometheus.labels import is_label_name
from controlroom.lab.prometheus.parameters import invalid, query_of, span_of, time_or, timeout_of
from controlroom.lab.prometheus.parsing import parse_selector
from controlroom.lab.prometheus.server import LabPrometheus
from controlroom.lab.prometheus.storage import StoredSeries
from controlroom.lab.trouble import TroubleSwitch

#: Real seconds that an evaluation may take where the request says nothing.
QUERY_TIMEOUT = 120.0

Answer = Callable[[web.Request], Awaitable[Json]]

_ENCODER = msgspec.json.Encoder()


class PrometheusApi:
    """Serves one LabPrometheus; what a query without a time means by now is the server's clock.

    `trouble` makes the whole server fail in transport; with `answers_nan` set every value of every query is
    NaN. Both may be changed at any time. `alertmanager_url` is what /alertmanagers names.
    """

    def __init__(self, prometheus: LabPrometheus, alertmanager_url: str = "") -> None:
        self.trouble = TroubleSwitch()
        self.answers_nan = False
        self._prometheus = prometheus
        self._alertmanager_url = alertmanager_url

    def make_app(self) -> web.Application:
        """The application, to be run by the caller."""
        app = web.Application(middlewares=[self.trouble.middleware(), _errors()])
        in_forms_too: dict[str, Answer] = {
            "/query": self._query,
            "/query_range": self._query_range,
            "/labels": self._labels,
            "/series": self._series,
        }
        for path, answer in in_forms_too.items():
            app.router.add_get(f"/api/v1{path}", _json(answer), allow_head=False)
            app.router.add_post(f"/api/v1{path}", _json(answer))
        by_url: dict[str, Answer] = {
            "/label/{name}/values": self._label_values,
            "/metadata": self._metadata,
            "/alerts": self._alerts,
            "/rules": self._rules,
            "/targets": self._targets,
            "/alertmanagers": self._alertmanagers,
            "/status/buildinfo": self._build,
            "/status/runtimeinfo": self._runtime,
            "/status/flags": self._flags,
            "/status/config": self._configuration,
        }
        for path, answer in by_url.items():
            app.router.add_get(f"/api/v1{path}", _json(answer), allow_head=False)
        app.router.add_get("/-/healthy", _text("Prometheus Server is Healthy.\n"))
        app.router.add_get("/-/ready", _text("Prometheus Server is Ready.\n"))
        app.router.add_get("/", _root)
        return app

    def _now_ms(self) -> int:
        return int(self._prometheus.clock.time() * 1000)

    async def _query(self, request: web.Request) -> Json:
        parameters = await _parameters(request)
        at = time_or(parameters, "time", self._now_ms())
        deadline = time.monotonic() + timeout_of(parameters, QUERY_TIMEOUT)
        expr = query_of(parameters)
        result = self._prometheus.engine.instant(expr, at, deadline=deadline)
        return data_of(self._troubled(result), at)

    async def _query_range(self, request: web.Request) -> Json:
        parameters = await _parameters(request)
        span = span_of(parameters)
        deadline = time.monotonic() + timeout_of(parameters, QUERY_TIMEOUT)
        expr = query_of(parameters)
        engine = self._prometheus.engine
        result = engine.range(expr, span.start_ms, span.end_ms, span.step_ms, deadline=deadline)
        return data_of(self._troubled(result), span.end_ms)

    def _troubled(self, result: Result) -> Result:
        if not self.answers_nan:
            return result
        match result:
            case ScalarResult():
                return ScalarResult(math.nan)
            case VectorResult():
                return VectorResult([replace(one, value=math.nan) for one in result.elements])
            case MatrixResult():
                return MatrixResult(
                    [replace(one, values=[math.nan] * len(one.times)) for one in result.series]
                )
            case _:
                return result

    def _matched(self, parameters: MultiMapping[str]) -> list[StoredSeries] | None:
        """The series chosen by `match[]` within `start` and `end`; None where there is no `match[]`."""
        first, last = time_or(parameters, "start", 0), time_or(parameters, "end", 2**62)
        selectors = parameters.getall("match[]", [])
        if not selectors:
            return None
        found: dict[int, StoredSeries] = {}
        for text in selectors:
            try:
                matchers = parse_selector(text)
            except ParseError as error:
                raise invalid("match[]", error.message) from error
            for series in self._prometheus.storage.select(matchers):
                if series.times and series.times[0] <= last and series.times[-1] >= first:
                    found[id(series)] = series
        return list(found.values())

    async def _series(self, request: web.Request) -> Json:
        matched = self._matched(await _parameters(request))
        if matched is None:
            raise QueryError("bad_data", "no match[] parameter provided")
        return [{**one.labels.as_dict()} for one in sorted(matched, key=lambda one: one.labels)]

    async def _labels(self, request: web.Request) -> Json:
        matched = self._matched(await _parameters(request))
        return [*self._prometheus.storage.label_names(matched)]

    async def _label_values(self, request: web.Request) -> Json:
        name = request.match_info["name"]
        if not is_label_name(name):
            raise QueryError("bad_data", f'invalid label name: "{name}"')
        matched = self._matched(request.query)
        return [*self._prometheus.storage.label_values(name, matched)]

    async def _metadata(self, request: web.Request) -> Json:
        return status_pages.metadata(self._prometheus, request.query.get("metric", ""))

    async def _alerts(self, _: web.Request) -> Json:
        return {"alerts": [status_pages.alert_of(alert) for alert in self._prometheus.alerts()]}

    async def _rules(self, request: web.Request) -> Json:
        kind = request.query.get("type", "").lower()
        if kind not in ("", "alert", "record"):
            raise invalid("type", f'not supported value "{kind}"')
        return {"groups": [status_pages.group_of(group, kind) for group in self._prometheus.groups]}

    async def _targets(self, request: web.Request) -> Json:
        dropped_only = request.query.get("state", "").lower() == "dropped"
        targets = [] if dropped_only else self._prometheus.targets()
        active: list[Json] = [status_pages.target_of(self._prometheus, one) for one in targets]
        return {"activeTargets": active, "droppedTargets": []}

    async def _alertmanagers(self, _: web.Request) -> Json:
        url = self._alertmanager_url
        active: list[Json] = [{"url": f"{url}/api/v2/alerts"}] if url else []
        return {"activeAlertmanagers": active, "droppedAlertmanagers": []}

    async def _build(self, _: web.Request) -> Json:
        return status_pages.build_information()

    async def _runtime(self, _: web.Request) -> Json:
        return status_pages.runtime_information(self._prometheus)

    async def _flags(self, _: web.Request) -> Json:
        return status_pages.flags()

    async def _configuration(self, _: web.Request) -> Json:
        return status_pages.configuration(self._prometheus)


async def _parameters(request: web.Request) -> MultiMapping[str]:
    """Those of a form body, then those of the URL; another kind of body is not read, as in Go."""
    parameters: MultiDict[str] = MultiDict()
    if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        parameters.extend((name, value) for name, value in form.items() if isinstance(value, str))
    parameters.extend(request.query)
    return parameters


def _answer(body: Mapping[str, Json], status: int = 200) -> web.Response:
    return web.Response(body=_ENCODER.encode(body), status=status, content_type="application/json")


def _json(answer: Answer) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            return _answer({"status": "success", "data": await answer(request)})
        except QueryError as error:
            return _answer(error_of(error), STATUS[error.error_type])

    return handler


def _text(text: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=text)

    return handler


async def _root(_: web.Request) -> web.Response:
    return web.Response(
        status=302,
        text='<a href="/classic/graph">Found</a>.\n\n',
        content_type="text/html",
        headers={"Location": "/classic/graph"},
    )


def _errors() -> Middleware:
    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        """A path or a method that is not served is answered in text, as Go's routers do."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.Response(status=404, text="404 page not found\n")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted({*error.allowed_methods, "OPTIONS"}))
            return web.Response(status=405, text="Method Not Allowed\n", headers={"Allow": allowed})

    return errors
