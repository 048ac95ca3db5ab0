"""A Grafana on loopback, as far as it is used here: annotations, its settings, and pictures of panels.

Answers are those of Grafana 12: `POST /api/annotations` gives `{"message", "id"}`, `PATCH` a message, errors are
`{"message", …}`; without a renderer a picture that says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.sources.loopback import Asked

TOKEN = "glsa_planted_secret_token"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"


@dataclass
class FakeGrafana:
    """`reply` is the stub's reply; what `failing` holds for a method is its answer instead."""

    renderer: bool | None = True
    annotations: dict[int, dict[str, Any]] = field(default_factory=dict)
    failing: dict[str, web.Response] = field(default_factory=dict)
    swallowed: bool = False
    """A POST is done, and its answer lost."""
    pictures: list[dict[str, str]] = field(default_factory=list)
    picture: bytes = PNG
    headers: list[dict[str, str]] = field(default_factory=list)

    async def reply(self, asked: Asked) -> web.StreamResponse:
        self.headers.append(dict(asked.request.headers))
        if asked.path == "/api/frontend/settings":
            return web.json_response({"rendererAvailable": self.renderer, "buildInfo": {}})
        kind = "PICTURE" if asked.path.startswith("/render/") else asked.method
        if (answer := self.failing.get(kind)) is not None:
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers.copy())
        if kind == "PICTURE":
            self.pictures.append({"path": asked.path, **asked.query})
            return web.Response(body=self.picture, content_type="image/png")
        return self._annotations(asked)

    def _annotations(self, asked: Asked) -> web.StreamResponse:
        if asked.method == "GET":
            wanted = asked.query.get("tags")
            found = [
                {"id": n, **own} for n, own in self.annotations.items() if not wanted or wanted in own["tags"]
            ]
            return web.json_response(found)
        body = json.loads(asked.body)
        if asked.method == "PATCH":
            number = int(asked.path.rpartition("/")[2])
            self.annotations[number].update(body)
            return web.json_response({"message": "Annotation patched"})
        number = len(self.annotations) + 1
        self.annotations[number] = body
        if self.swallowed:
            assert asked.request.transport is not None
            asked.request.transport.abort()
        return web.json_response({"message": "Annotation added", "id": number})


def refusal(status: int, message: str, **headers: str) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)
