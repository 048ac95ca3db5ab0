"""One handler for everything, on a free port of loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Timed(RequestHandler):
    """Knows when bytes came in last. A handler's own time is later by all that the server did meanwhile for others."""

    came = 0.0
    """Monotonic seconds."""

    def data_received(self, data: bytes) -> None:
        self.came = time.monotonic()
        super().data_received(data)


def came(request: web.Request) -> float:
    """When that request was there, in monotonic seconds."""
    assert isinstance(request.protocol, Timed)
    return request.protocol.came


@asynccontextmanager
async def served(handle: Handle) -> AsyncIterator[str]:
    """Its address."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    loop = asyncio.get_running_loop()
    assert runner.server is not None
    taking = await loop.create_server(lambda: Timed(runner.server, loop=loop), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{taking.sockets[0].getsockname()[1]}"
    finally:
        taking.close()
        await runner.cleanup()
