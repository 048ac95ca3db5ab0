"""What Accept asks for, and how answers are written."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from controlroom.lab.kubernetes.api import errors, openapi
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.lists import Shape
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import group_versions

CACHE = {"Cache-Control": "no-cache, private"}
TEXT = "text/plain; charset=utf-8"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def dumps(document: Any) -> bytes:
    """Compact JSON with a line feed, as the API server writes it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def json_response(
    document: Document, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=dumps(document),
        status=status,
        content_type="application/json",
        headers={**CACHE, **(headers or {})},
    )


def respond(request: web.Request, answer: Answer) -> web.Response:
    """An answer in JSON, or in YAML where that is what is accepted; with its warnings."""
    accept = request.headers.get("Accept", "")
    if accept.startswith("application/yaml"):
        import yaml

        text = yaml.safe_dump(answer.body, sort_keys=True)
        response = web.Response(
            text=text, status=answer.status, content_type="application/yaml", headers=CACHE
        )
    else:
        response = json_response(answer.body, answer.status)
    for warning in answer.warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def content_type(request: web.Request) -> str:
    """The media type of the body without parameters; empty where the client says none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip()


def shape_of(request: web.Request) -> Shape:
    """The first of the accepted media types that this server can give."""
    for part in request.headers.get("Accept", "").split(","):
        parameters = {
            key.strip(): value for key, _, value in (each.partition("=") for each in part.split(";"))
        }
        if "protobuf" in part:
            continue
        if parameters.get("as") == "Table" and parameters.get("v") == "v1":
            return "Table"
        if parameters.get("as", "").startswith("PartialObjectMetadata"):
            return "PartialObjectMetadata"
        if "as" not in parameters:
            return "Object"
    return "Object"


def check_accept(request: web.Request) -> None:
    """Raises 406 where nothing that is accepted can be given."""
    accept = request.headers.get("Accept", "")
    if not accept:
        return
    for part in accept.split(","):
        media, _, parameters = part.strip().partition(";")
        if media in ("*/*", "application/*", "application/yaml"):
            return
        if media == "application/json" and ("as=" not in parameters or "v=v2;" in f"{parameters};"):
            return
    raise errors.not_acceptable()


def wants_aggregated(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    return "as=APIGroupDiscoveryList" in accept and "v=v2;" in accept.replace(",", ";")


def aggregated_response(request: web.Request, document: Document) -> web.Response:
    """Aggregated discovery with its ETag; 304 where the client has it already."""
    body = dumps(document)
    etag = f'"{hashlib.sha512(body).hexdigest().upper()}"'
    headers = {"Cache-Control": "public", "ETag": etag, "Vary": "Accept"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={**headers, "Content-Type": _AGGREGATED})


def openapi_response(parts: list[str]) -> web.Response:
    """/openapi/v3, its documents, and /openapi/v2 as protobuf; an empty 404 for others."""
    if parts == ["openapi", "v3"]:
        return web.Response(body=dumps(openapi.index()), headers={**CACHE, "Content-Type": TEXT})
    if parts == ["openapi", "v2"]:
        return web.Response(body=openapi.version_2(), headers={**CACHE, "Content-Type": openapi.V2_MEDIA})
    match parts[2:]:
        case ["api", version]:
            pair = ("", version)
        case ["apis", group, version]:
            pair = (group, version)
        case _:
            return web.Response(status=404)
    if pair not in group_versions():
        return web.Response(status=404)
    return json_response(openapi.document(*pair), headers={"Vary": "Accept"})


def text_response(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers={**CACHE, **(headers or {}), "Content-Type": TEXT})


def query_of(raw: str) -> dict[str, str]:
    """The query parameters; one that does not decode is dropped, as Go's parser does."""
    pairs = [pair for pair in raw.split("&") if not _BAD_ESCAPE.search(pair)]
    return dict(parse_qsl("&".join(pairs), keep_blank_values=True))


def all_paths() -> list[str]:
    """The paths that / lists."""
    found = ["/api", "/api/v1", "/apis"]
    for group, version in group_versions():
        if group:
            found += [f"/apis/{group}", f"/apis/{group}/{version}"]
    return sorted([*found, "/healthz", "/livez", "/readyz", "/openapi/v2", "/openapi/v3", "/version"])


def retry_header(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}
