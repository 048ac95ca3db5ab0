"""The lab's own HTTP API: its clock, its load, its troubles, its ground truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from controlroom.lab.kubernetes.trouble import Trouble as ClusterTrouble
from controlroom.lab.prometheus.api import PrometheusApi
from controlroom.lab.settings import FASTEST, Addresses
from controlroom.lab.staging import Staging
from controlroom.lab.trouble import Trouble, TroubleKind, TroubleSwitch
from controlroom.lab.truth import encode_samples

Asked = TypeVar("Asked")


class ClockReading(msgspec.Struct, frozen=True):
    """Virtual now (Unix seconds) and virtual seconds in one real second."""

    now: float
    rate: float


class RateWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /clock; 0 holds the clock."""

    rate: float


class LoadWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /load."""

    running: bool


class ResponderWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /responder."""

    on: bool


class PrometheusTrouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /trouble/prometheus: as the others', and `nan` for a server whose every value is NaN."""

    kind: Literal["none", "stopped", "hang", "slow", "500", "html", "nan"] = "none"
    seconds: float = 30.0


class LabStatus(msgspec.Struct, frozen=True):
    """GET /status; `behind` is how many virtual seconds the world has still to live through."""

    now: float
    rate: float
    behind: float
    seed: int
    defect: str | None
    load: bool
    responder: bool
    orders_accepted: int
    orders_stored: int
    addresses: Addresses | None


class Complaint(msgspec.Struct, frozen=True):
    """The body of every error."""

    error: str


class ControlApi:
    """Serves one staging environment; `stop` ends the lab."""

    def __init__(
        self,
        staging: Staging,
        prometheus: PrometheusApi,
        alertmanager_trouble: TroubleSwitch,
        stop: Callable[[], None],
    ) -> None:
        self.addresses: Addresses | None = None
        self._staging = staging
        self._prometheus = prometheus
        self._alertmanager_trouble = alertmanager_trouble
        self._stop = stop

    def make_app(self) -> web.Application:
        """The application, to be run by the caller."""
        app = web.Application()
        app.router.add_get("/clock", self._clock)
        app.router.add_put("/clock", self._set_rate)
        app.router.add_put("/load", self._set_load)
        app.router.add_put("/responder", self._set_responder)
        app.router.add_get("/truth", self._truth)
        app.router.add_get("/truth/samples", self._samples)
        app.router.add_get("/status", self._status)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_put("/trouble/kubernetes", self._trouble_kubernetes)
        app.router.add_put("/trouble/prometheus", self._trouble_prometheus)
        app.router.add_put("/trouble/alertmanager", self._trouble_alertmanager)
        app.router.add_post("/stop", self._stop_lab)
        return app

    def _reading(self) -> ClockReading:
        clock = self._staging.clock
        return ClockReading(clock.time(), clock.rate)

    async def _clock(self, _request: web.Request) -> web.Response:
        return _json(self._reading())

    async def _set_rate(self, request: web.Request) -> web.Response:
        rate = (await _body(request, RateWanted)).rate
        if not 0.0 <= rate <= FASTEST:
            raise _refused(f"the rate is {rate:g}, and must be from 0 (held) to {FASTEST:g}")
        self._staging.clock.set_rate(rate)
        return _json(self._reading())

    async def _set_load(self, request: web.Request) -> web.Response:
        wanted = await _body(request, LoadWanted)
        self._staging.set_load(wanted.running)
        return _json(wanted)

    async def _set_responder(self, request: web.Request) -> web.Response:
        wanted = await _body(request, ResponderWanted)
        self._staging.on_call.enabled = wanted.on
        return _json(wanted)

    async def _truth(self, _request: web.Request) -> web.Response:
        return _json(self._staging.truth())

    async def _samples(self, _request: web.Request) -> web.Response:
        lines = b"".join(encode_samples(self._staging.prometheus.storage))
        return web.Response(body=lines, content_type="application/jsonl")

    async def _status(self, _request: web.Request) -> web.Response:
        staging = self._staging
        now = staging.clock.time()
        ledger = staging.world.fulfilment
        defect = staging.settings.defect
        return _json(
            LabStatus(
                now=now,
                rate=staging.clock.rate,
                behind=max(0.0, now - staging.position),
                seed=staging.settings.seed,
                defect=defect.value if defect else None,
                load=staging.world.load,
                responder=staging.on_call.enabled,
                orders_accepted=ledger.accepted,
                orders_stored=ledger.stored,
                addresses=self.addresses,
            )
        )

    async def _metrics(self, _request: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(text=self._staging.exposition.text(), headers=headers)

    async def _trouble_kubernetes(self, request: web.Request) -> web.Response:
        trouble = await _body(request, ClusterTrouble)
        self._staging.cluster.trouble = trouble
        return _json(trouble)

    async def _trouble_prometheus(self, request: web.Request) -> web.Response:
        wanted = await _body(request, PrometheusTrouble)
        self._prometheus.answers_nan = wanted.kind == "nan"
        kind = "none" if wanted.kind == "nan" else wanted.kind
        self._prometheus.trouble.value = Trouble(TroubleKind(kind), wanted.seconds)
        return _json(wanted)

    async def _trouble_alertmanager(self, request: web.Request) -> web.Response:
        trouble = await _body(request, Trouble)
        self._alertmanager_trouble.value = trouble
        return _json(trouble)

    async def _stop_lab(self, _request: web.Request) -> web.Response:
        self._stop()
        return web.Response(status=202)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _refused(message: str) -> web.HTTPBadRequest:
    text = msgspec.json.encode(Complaint(message)).decode()
    return web.HTTPBadRequest(text=text, content_type="application/json")


async def _body(request: web.Request, wanted: type[Asked]) -> Asked:
    """The body as a value; a 400 that says what is wrong with it."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=wanted)
    except msgspec.DecodeError as error:
        raise _refused(str(error)) from error
