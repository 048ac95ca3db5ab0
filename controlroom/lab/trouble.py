"""What can be made to go wrong with a server of the lab, as a middleware that any of them can carry."""

from __future__ import annotations

import asyncio
from enum import StrEnum

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


class TroubleKind(StrEnum):
    """The ways a server fails."""

    NONE = "none"
    STOPPED = "stopped"
    """The connection is closed without an answer."""
    HANG = "hang"
    """No answer for some seconds, then the connection is closed."""
    SLOW = "slow"
    """The right answer, some seconds late."""
    ERROR = "500"
    """An internal server error as text."""
    HTML = "html"
    """The page of a proxy, with status 200."""


class Trouble(msgspec.Struct, frozen=True):
    """The trouble a server is in; `seconds` are real ones and serve `hang` and `slow`."""

    kind: TroubleKind = TroubleKind.NONE
    seconds: float = 30.0


class TroubleSwitch:
    """Holds the trouble of one server; it can be set at any time."""

    def __init__(self) -> None:
        self.value = Trouble()

    def middleware(self) -> Middleware:
        """Answers in the way of the present trouble."""

        @web.middleware
        async def troubled(request: web.Request, handler: Handler) -> web.StreamResponse:
            match self.value.kind:
                case TroubleKind.NONE:
                    return await handler(request)
                case TroubleKind.SLOW:
                    await asyncio.sleep(self.value.seconds)
                    return await handler(request)
                case TroubleKind.ERROR:
                    return web.Response(status=500, text="internal server error\n")
                case TroubleKind.HTML:
                    page = "<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>"
                    return web.Response(text=page, content_type="text/html")
                case TroubleKind.HANG:
                    await asyncio.sleep(self.value.seconds)
            return hung_up(request)

        return troubled


def hung_up(request: web.Request) -> web.Response:
    """Closes the connection under the request; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
