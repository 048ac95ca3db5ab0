"""The API server over plain HTTP, as an aiohttp application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from controlroom.lab.kubernetes.api import access, bodies, discovery, errors, negotiation, reviews
from controlroom.lab.kubernetes.api.admission import TIMEOUT
from controlroom.lab.kubernetes.api.dispatch import Request, dispatch, verb_of
from controlroom.lab.kubernetes.api.lists import Shape
from controlroom.lab.kubernetes.api.options import list_options
from controlroom.lab.kubernetes.api.routes import Route, parse_route
from controlroom.lab.kubernetes.api.watches import Watch
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.resources import PODS
from controlroom.lab.kubernetes.trouble import Refusal

_HEALTH = ("/readyz", "/healthz", "/livez")


def make_app(cluster: Cluster) -> web.Application:
    """Serves `cluster`. To be run with `handler_cancellation=True`, so that a watch ends with its client."""
    app = web.Application(client_max_size=2 * bodies.LARGEST)
    server = _Server(cluster)
    app.router.add_route("*", "/{path:.*}", server.handle)
    return app


class _Server:
    """Turns HTTP requests into verbs and their outcomes into responses."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        trouble = self._cluster.trouble
        if trouble.api_down:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the API is down")
        if trouble.slow_seconds:
            await asyncio.sleep(trouble.slow_seconds)
        self._cluster.catch_up()
        try:
            return await self._answer(request)
        except errors.StatusError as error:
            return negotiation.json_response(
                error.body, error.code, negotiation.retry_header(error.retry_after)
            )
        except errors.PlainError as error:
            return negotiation.text_response(
                error.text, error.code, negotiation.retry_header(error.retry_after)
            )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        user = access.authenticate(request.headers.get("Authorization", ""))
        path = request.rel_url.raw_path
        trimmed = path.rstrip("/") or "/"
        parts = trimmed.split("/")[1:]
        if parts[0] in ("api", "apis") and len(parts) > (2 if parts[0] == "api" else 3):
            if parts[1] in discovery.REVIEW_GROUPS:
                return await self._review(request, user, parts)
            return await self._resource(request, user, path)
        if request.method not in ("GET", "HEAD"):
            raise errors.method_not_allowed()
        return self._discover(request, trimmed, parts)

    def _discover(self, request: web.Request, path: str, parts: list[str]) -> web.Response:
        if path in _HEALTH:
            return negotiation.text_response("ok")
        if path == "/version":
            text = json.dumps(discovery.VERSION, indent=2)
            return web.Response(text=text, content_type="application/json", headers=negotiation.CACHE)
        if parts[0] == "openapi":
            return negotiation.openapi_response(parts)
        negotiation.check_accept(request)
        if path == "/":
            return negotiation.json_response({"paths": negotiation.all_paths()})
        if parts[0] == "api":
            return self._discover_core(request, parts)
        if parts[0] != "apis":
            raise errors.page_not_found()
        if len(parts) == 1:
            if negotiation.wants_aggregated(request):
                return negotiation.aggregated_response(request, discovery.aggregated(core=False))
            return negotiation.json_response(discovery.api_group_list())
        if parts[1] not in discovery.groups():
            raise errors.page_not_found()
        if len(parts) == 2:
            return negotiation.json_response(discovery.api_group(parts[1]))
        found = discovery.api_resource_list(parts[1], parts[2])
        if not found["resources"]:
            raise errors.page_not_found()
        return negotiation.json_response(found)

    def _discover_core(self, request: web.Request, parts: list[str]) -> web.Response:
        if len(parts) == 1:
            if negotiation.wants_aggregated(request):
                return negotiation.aggregated_response(request, discovery.aggregated(core=True))
            return negotiation.json_response(discovery.api_versions(request.host))
        if parts[1] != "v1":
            raise errors.page_not_found()
        return negotiation.json_response(discovery.api_resource_list("", "v1"))

    async def _review(self, request: web.Request, user: access.User, parts: list[str]) -> web.Response:
        if request.method != "POST":
            raise errors.method_not_allowed()
        body = await request.read()
        answer = reviews.review(parts[3], user, body, negotiation.content_type(request), self._cluster.now)
        return negotiation.json_response(answer.body, answer.status)

    async def _resource(self, request: web.Request, user: access.User, path: str) -> web.StreamResponse:
        route = parse_route(path)
        query = negotiation.query_of(request.rel_url.raw_query_string)
        if request.method == "HEAD":
            return web.Response(status=405, headers={**negotiation.CACHE, "Content-Type": "application/json"})
        verb = verb_of(request.method, route, query)
        access.authorize(user, verb, route)
        self._refuse(verb, route)
        shape = negotiation.shape_of(request)
        if verb == "watch":
            return await self._watch(request, route, query, shape)
        if route.resource is PODS and route.subresource == "log":
            return self._log(route)
        body = await request.read()
        bodies.check_size(body)
        await self._wait_for_webhook(verb, route)
        answer = dispatch(
            self._cluster,
            Request(
                verb=verb,
                route=route,
                query=query,
                content_type=negotiation.content_type(request),
                body=body,
                agent=request.headers.get("User-Agent", ""),
                shape=shape,
            ),
        )
        return negotiation.respond(request, answer)

    def _log(self, route: Route) -> web.Response:
        if self._cluster.store.get(PODS, route.namespace, route.name) is None:
            raise errors.not_found(PODS, route.name)
        return negotiation.text_response("The pods of the lab write no log.\n")

    async def _wait_for_webhook(self, verb: str, route: Route) -> None:
        """A webhook that does not answer takes its time-out in real seconds before the error."""
        hooked = route.resource.custom and verb in ("create", "update", "patch")
        if hooked and self._cluster.trouble.webhook_timeout:
            await asyncio.sleep(TIMEOUT)

    def _refuse(self, verb: str, route: Route) -> None:
        for refusal in self._cluster.trouble.refusals:
            if refusal.verb in ("*", verb) and refusal.kind in ("*", route.resource.plural):
                raise _refusal_error(refusal, verb, route)

    async def _watch(
        self, request: web.Request, route: Route, query: Mapping[str, str], shape: Shape
    ) -> web.StreamResponse:
        watch = Watch(self._cluster, route, list_options(query), shape)
        response = web.StreamResponse(headers=negotiation.CACHE)
        wants_stream = "stream=watch" in request.headers.get("Accept", "").partition(",")[0]
        response.content_type = "application/json"
        if wants_stream:
            response.headers["Content-Type"] = "application/json;stream=watch"
        response.enable_chunked_encoding()
        try:
            await response.prepare(request)
            async for event in watch.events():
                await response.write(negotiation.dumps(event))
        finally:
            watch.close()
        await response.write_eof()
        return response


def _refusal_error(refusal: Refusal, verb: str, route: Route) -> Exception:
    """The error that a trouble of the cluster asks for."""
    match refusal.status:
        case 401:
            return errors.unauthorized()
        case 403:
            name = "" if verb in ("create", "list", "watch", "deletecollection") else route.name
            user = access.VIEWER.name
            return errors.forbidden(route.resource, name, verb, user, route.namespace, route.subresource)
        case 409:
            return errors.modified(route.resource, route.name)
        case 410:
            return errors.expired("The resourceVersion for the provided list is too old.")
        case 429:
            return errors.too_many_requests(refusal.retry_after)
        case 500:
            return errors.internal("etcdserver: request timed out")
