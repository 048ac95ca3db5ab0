"""A small HTTP server on loopback whose answers a test decides, and which remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

RECORDINGS = Path(__file__).parent.parent / "recordings"

Reply = Callable[["Asked"], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request: its path, and its query or body as text values."""

    method: str
    path: str
    query: dict[str, str]
    length: int
    request: web.Request
    body: str = ""


@dataclass
class Stub:
    url: str
    reply: Reply
    asked: list[Asked] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            length=len(request.raw_path),
            request=request,
            body=await request.text(),
        )
        self.asked.append(asked)
        return await self.reply(asked)

    async def hang(self, asked: Asked) -> web.StreamResponse:
        """Says nothing until the test is over."""
        await self.released.wait()
        return web.Response()

    async def cut(self, asked: Asked) -> web.StreamResponse:
        """Begins an answer and closes the connection in the middle of it."""
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
        await response.prepare(asked.request)
        await response.write(b'{"status":"success","data":{"resu')
        assert asked.request.transport is not None
        asked.request.transport.close()
        return response


@asynccontextmanager
async def stub(reply: Reply | None = None) -> AsyncIterator[Stub]:
    """A server on a port that the kernel chooses; `reply` may be set later, too."""

    async def unset(asked: Asked) -> web.StreamResponse:
        raise AssertionError(f"nobody expects {asked.path}")

    server = Stub(url="", reply=reply or unset)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()


def fixed(status: int, text: str, kind: str = "application/json", **headers: str) -> Reply:
    """The same answer to everything."""

    async def reply(asked: Asked) -> web.StreamResponse:
        return web.Response(status=status, body=text.encode(), headers={"Content-Type": kind, **headers})

    return reply


def success(result_type: str, result: object) -> web.Response:
    """Prometheus's envelope."""
    return web.json_response({"status": "success", "data": {"resultType": result_type, "result": result}})


def query_error(status: int, kind: str, error: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": kind, "error": error}, status=status)


def recorded(name: str) -> dict[str, object]:
    """A recording by its path below tests/recordings, without `.json`."""
    content: dict[str, object] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return content


def recordings(folder: str) -> list[str]:
    """Names of all recordings in a folder, for parametrised tests."""
    paths = sorted((RECORDINGS / folder).glob("*.json"))
    assert paths, f"no recordings in {folder}"
    return [str(path.relative_to(RECORDINGS).with_suffix("")) for path in paths]
