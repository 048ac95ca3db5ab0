"""The embedded lab: the staging environment, its servers on loopback, and the loop that keeps it alive.

The lab owns virtual time. It runs `rate` times as fast as real time; where the machine cannot keep up,
virtual time slows and nothing is skipped; it never overtakes the wall clock.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import nullcontext, suppress
from email.utils import formatdate
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from controlroom.clock import ScaledClock, WallClock
from controlroom.lab.alertmanager.api import make_app as make_alertmanager_app
from controlroom.lab.control import ControlApi
from controlroom.lab.kubernetes.bookstore import NAMESPACE
from controlroom.lab.kubernetes.kubeconfig import kubeconfig
from controlroom.lab.kubernetes.server import make_app as make_kubernetes_app
from controlroom.lab.prometheus.api import PrometheusApi
from controlroom.lab.settings import FASTEST, Addresses, LabSettings
from controlroom.lab.staging import Staging, StagingSettings, start_before
from controlroom.lab.trouble import TroubleSwitch

#: Real seconds between two looks at what is due, and how long one may take before requests get a turn.
_TICK = 0.02
_BUDGET = 0.1
#: Virtual time stays at least this many seconds behind the wall clock.
_MARGIN = 60.0
#: Real seconds after which a session's lab takes it that its host died.
_ALONE = 5.0


class Presence:
    """Whether anybody speaks to the lab."""

    def __init__(self) -> None:
        self._open = 0
        self._last = time.monotonic()

    @property
    def silent_for(self) -> float:
        """Real seconds since the last request ended; 0 while one is open."""
        return 0.0 if self._open else time.monotonic() - self._last

    def __enter__(self) -> None:
        self._open += 1

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        self._last = time.monotonic()


class Lab:
    """One lab: :meth:`start` it, :meth:`wait` until it ends, :meth:`stop` it."""

    def __init__(self, settings: LabSettings) -> None:
        """Raises RuleFileError for rules that Prometheus would refuse, ValueError for another bad setting."""
        if not 0.0 <= settings.rate <= FASTEST:
            raise ValueError(f"the rate is {settings.rate:g}, and must be from 0 (held) to {FASTEST:g}")
        if settings.namespace != NAMESPACE:
            raise ValueError(
                f"the namespace is {settings.namespace!r}; the lab's bookstore lives in {NAMESPACE!r}"
            )
        self.settings = settings
        self._wall = WallClock()
        start = start_before(self._wall.time())
        # Held until the servers are up: time begins when somebody can see it.
        self.clock = ScaledClock(start, 0.0)
        self.staging = Staging(
            StagingSettings(
                seed=settings.seed,
                start=start,
                rules=settings.rules,
                context=settings.context,
                namespace=settings.namespace,
                defect=settings.defect,
                responder=settings.responder,
            ),
            self.clock,
        )
        self._presence = Presence()
        self._led: float | None = None
        """The rate at which its host led it, while the host is away."""
        self._ended = asyncio.Event()
        self._runners: list[web.AppRunner] = []
        self._life: asyncio.Task[None] | None = None

    async def start(self) -> Addresses:
        """Starts the servers on loopback, on ports the kernel chooses, and sets virtual time going."""
        settings, staging = self.settings, self.staging
        kubernetes = await self._serve(make_kubernetes_app(staging.cluster))
        alertmanager_trouble = TroubleSwitch()
        alertmanager = await self._serve(
            make_alertmanager_app(staging.alertmanager, self.clock, alertmanager_trouble.middleware())
        )
        prometheus_api = PrometheusApi(staging.prometheus, alertmanager_url=alertmanager)
        prometheus = await self._serve(prometheus_api.make_app())
        control_api = ControlApi(staging, prometheus_api, alertmanager_trouble, self.end)
        control = await self._serve(control_api.make_app(), host=True)
        if settings.kubeconfig is not None:
            text = kubeconfig(kubernetes, settings.context, settings.namespace)
            _write_private(settings.kubeconfig, text)
        addresses = Addresses(
            kubeconfig=str(settings.kubeconfig.resolve()) if settings.kubeconfig else "",
            kubernetes=kubernetes,
            prometheus=prometheus,
            alertmanager=alertmanager,
            control=control,
            context=settings.context,
            namespace=settings.namespace,
        )
        control_api.addresses = addresses
        self.clock.set_rate(settings.rate)
        self._life = asyncio.create_task(self._live(), name="lab")
        return addresses

    async def wait(self) -> None:
        """Returns when the lab was told to stop or nobody has spoken to it for the idle time; raises what broke it."""
        if self._life is None:
            raise RuntimeError("the lab has not been started")
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({ended, self._life}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if self._life.done() and not self._life.cancelled():
            self._life.result()

    def end(self) -> None:
        """Lets :meth:`wait` return."""
        self._ended.set()

    async def stop(self) -> None:
        """Stops time and servers, and writes the ground truth where that was asked for."""
        self._ended.set()
        if self._life is not None:
            self._life.cancel()
            with suppress(asyncio.CancelledError):
                await self._life
        for runner in self._runners:
            await runner.cleanup()
        if self.settings.truth is not None:
            self.staging.write_truth(self.settings.truth)

    def catch_up(self) -> None:
        """Lives through what is due; where that takes too long, virtual time slows down to what was reached."""
        now = self.clock.time()
        self.staging.run_until(now, time.monotonic() + _BUDGET)
        if self.staging.position < now:
            self.clock.slow_to(self.staging.position)
        if self.clock.rate > 1.0 and self.clock.time() > self._wall.time() - _MARGIN:
            self.clock.set_rate(1.0)

    async def _live(self) -> None:
        while self._presence.silent_for < self.settings.idle_timeout:
            if self.settings.hosted and self._presence.silent_for > _ALONE and self.clock.rate > 1.0:
                self._led = self.clock.rate
                self.clock.set_rate(1.0)
            self.catch_up()
            await asyncio.sleep(_TICK)
        self._ended.set()

    def _greet(self) -> None:
        """A host is there (again): its rate holds."""
        if self._led is not None:
            led, self._led = self._led, None
            self.clock.set_rate(led)

    async def _serve(self, app: web.Application, *, host: bool = False) -> str:
        """Starts an application; its base URL. `host`: it is the one at which a host asks."""
        app.middlewares.insert(0, self._attended(host))
        app.on_response_prepare.append(self._date)
        runner = web.AppRunner(
            app, handle_signals=False, handler_cancellation=True, shutdown_timeout=0.1, access_log=None
        )
        self._runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _date(self, request: web.Request, response: web.StreamResponse) -> None:
        """A server's Date is by its own clock, and the clock of all of these is virtual."""
        response.headers["Date"] = formatdate(self.clock.time(), usegmt=True)

    def _attended(self, host: bool) -> Middleware:
        counts = host or not self.settings.hosted

        @web.middleware
        async def attended(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Every answer is as of now: what is due before the request is lived through first."""
            with self._presence if counts else nullcontext():
                if host:
                    self._greet()
                self.catch_up()
                return await handler(request)

        return attended


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(text)
