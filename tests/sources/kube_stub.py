"""A stub of a Kubernetes API on loopback: each path answers what a test has laid ready, in order."""

from __future__ import annotations

import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
CONTEXT = "staging-bookstore"


class Stub:
    """Replies by method and path; the last reply laid ready for a path is given again and again."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.asked: list[tuple[str, str, dict[str, str], bytes, str]] = []
        """Method, path, query, body, Authorization."""
        self.port = 0
        self.requests: list[web.Request] = []
        self.subjects: list[str] = []
        """Of each request the name in the client's certificate; empty: it showed none."""

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self.replies[f"{method} {path}"] += replies

    def queries(self, path: str) -> list[dict[str, str]]:
        return [query for _, asked, query, _, _ in self.asked if asked == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append(request)
        told = (request.get_extra_info("peercert") or {}).get("subject", ())
        self.subjects.append(str(dict(pair for names in told for pair in names).get("commonName", "")))
        authorization = request.headers.get("Authorization", "")
        self.asked.append((request.method, request.path, dict(request.query), body, authorization))
        method = "WATCH" if request.query.get("watch") else request.method
        waiting = self.replies.get(f"{method} {request.path}")
        if not waiting:
            return web.Response(status=404, text="404 page not found\n")
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return await reply(request)

    def kubeconfig(self, folder: Path, user: dict[str, Any] | None = None) -> Path:
        path = folder / "kubeconfig"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "another",
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
                    "users": [{"name": "u", "user": user or {"token": "first"}}],
                    "contexts": [
                        {"name": CONTEXT, "context": {"cluster": "c", "user": "u"}},
                        {"name": "another", "context": {"cluster": "c", "user": "u"}},
                    ],
                }
            )
        )
        return path


@asynccontextmanager
async def served(tls: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stub.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    stub.port = runner.addresses[0][1]
    try:
        yield stub
    finally:
        await runner.cleanup()


def says(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """A whole answer; a text goes out as it is, anything else as JSON."""

    async def reply(_: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return reply


def streams(*lines: Any, then: str = "end", rest: bytes = b"") -> Reply:
    """A watch: these lines, then its end: `end` clean, `cut` broken off, `hang` silent for good."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for line in lines:
            await response.write(json.dumps(line).encode() + b"\n")
        if rest:
            await response.write(rest)
        if then == "hang":
            await hang(request)
        if then == "cut":
            assert request.transport is not None
            request.transport.abort()
        return response

    return reply


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answers; ends when the client goes."""
    import asyncio

    await asyncio.Event().wait()
    raise AssertionError("never set")


def item(name: str, version: int, **fields: Any) -> dict[str, Any]:
    """A pod as the API has it."""
    ready = fields.pop("ready", True)
    meta = {
        "name": name,
        "namespace": "bookstore",
        "uid": fields.pop("uid", f"uid-{name}"),
        "resourceVersion": str(version),
        "creationTimestamp": "2026-11-23T19:00:00Z",
        "labels": {"app": "inventory-service"},
    }
    condition = {
        "type": "Ready",
        "status": "True" if ready else "False",
        "lastTransitionTime": "2026-11-23T19:00:30Z",
    }
    return {
        "metadata": meta | fields,
        "spec": {"nodeName": "staging-node-1"},
        "status": {"phase": "Running", "conditions": [condition]},
    }


def listed(version: int, *items: Any, following: str = "") -> dict[str, Any]:
    return {
        "kind": "PodList",
        "metadata": {"resourceVersion": str(version), **({"continue": following} if following else {})},
        "items": list(items),
    }


def event(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": thing}


def bookmark(version: int) -> dict[str, Any]:
    return {
        "type": "BOOKMARK",
        "object": {
            "kind": "Pod",
            "metadata": {"resourceVersion": str(version)},
            "spec": {"containers": None},
            "status": {},
        },
    }


TOO_OLD = {
    "type": "ERROR",
    "object": {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (1177)",
        "reason": "Expired",
        "code": 410,
    },
}
