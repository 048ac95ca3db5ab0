"""Raw requests to a Kubernetes API server: JSON bytes out, errors in plain words, streams of lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from controlroom.clock import Clock
from controlroom.core.values import Value
from controlroom.sources.errors import SOURCE, Doing, explain, lost
from controlroom.sources.kubernetes_clock import ServerClock
from controlroom.sources.ports import SourceError

if TYPE_CHECKING:
    from controlroom.sources.kubernetes_login import Login

UNAUTHORIZED = 401
MOST_CONNECTIONS = 64
"""That are held open for a halt; the API server serves hundreds of watches besides."""
MERGE_PATCH = "application/merge-patch+json"
"""RFC 7386; every kind takes it, custom ones too."""


class Timeouts(Value):
    """Real seconds."""

    connect: float = 5.0
    answer: float = 15.0
    """For a whole answer; the API server itself gives a request up after 60."""
    watch: int = 25
    """How long a watch is asked to last; the server then ends it and it goes on from where it was."""
    credential: float = 5.0
    """For a credential plug-in, before what waits for it says so."""
    plug_in: float = 120.0
    """For one run of a credential plug-in, which is then ended."""
    grace: float = 5.0
    """A watch that has not ended this much later is silent: nothing is behind the connection any more."""


class Api:
    """One API server. The connection is made at the first request."""

    def __init__(
        self,
        path: Path | None,
        context: str,
        clock: Clock,
        timeouts: Timeouts | None = None,
        *,
        insecure: bool = False,
    ) -> None:
        """`insecure`: the server's certificate is not verified. To be asked for by a person, and shown."""
        self._path = path
        self._context = context
        self._insecure = insecure
        self._login: Login | None = None
        self.timeouts = timeouts or Timeouts()
        self.clock = ServerClock(clock)

    async def login(self) -> Login:
        """The client, made once; its credential may be missing yet. Raises SourceError."""
        if self._login is None:
            from controlroom.sources.kubernetes_login import Login

            timeouts = self.timeouts
            self._login = Login(
                self._path,
                self._context,
                patience=timeouts.credential,
                limit=timeouts.plug_in,
                insecure=self._insecure,
            )
        await self._login.open()
        return self._login

    async def _ready(self, *, urgent: bool = False) -> Login:
        """The client with its credential."""
        login = await self.login()
        await login.ready(urgent=urgent)
        return login

    async def get(self, path: str, doing: Doing, **query: str) -> bytes:
        return await self.send("GET", path, doing, query=query)

    async def send(
        self,
        method: str,
        path: str,
        doing: Doing,
        *,
        query: Mapping[str, str] = {},
        body: bytes | None = None,
        urgent: bool = False,
    ) -> bytes:
        """The answer's body. Raises SourceError for everything that is not 2xx. A PATCH is a merge patch.

        A deletion is urgent, and so is what else takes a fault back: it goes out with whatever credential there
        is, and asks again at once where there is none.
        """
        urgent = urgent or method == "DELETE"
        login = await self._ready(urgent=urgent)
        try:
            return await self._once(login, method, path, doing, query, body)
        except SourceError as error:
            if error.status != UNAUTHORIZED or not await login.renew(urgent=urgent):
                raise
        return await self._once(login, method, path, doing, query, body)

    async def stand_by(self, connections: int) -> None:
        """So many connections are open and idle, up to :data:`MOST_CONNECTIONS`: what is sent at once opens none.

        Each is used for a small question that every account may ask. Whoever watches tells of a server that is away.
        """
        doing = Doing(what="keep a connection open")
        asked = (self.get("/version", doing) for _ in range(min(connections, MOST_CONNECTIONS)))
        await asyncio.gather(*asked, return_exceptions=True)

    async def _once(
        self, login: Login, method: str, path: str, doing: Doing, query: Mapping[str, str], body: bytes | None
    ) -> bytes:
        doing = msgspec.structs.replace(doing, path=path)
        sent = self.clock.now()
        try:
            async with asyncio.timeout(self.timeouts.answer):
                response = await self._request(login, method, path, query, body, self.timeouts.answer)
                answer = bytes(await response.read())
        except _failures() as error:
            raise lost(error, doing) from error
        self.clock.note(response.headers.get("Date", ""), sent)
        if not 200 <= response.status < 300:
            doing = msgspec.structs.replace(doing, expired=login.expired)
            raise explain(response.status, response.headers, answer, doing)
        return answer

    async def _request(
        self, login: Login, method: str, path: str, query: Mapping[str, str], body: bytes | None, read: float
    ) -> Any:
        import aiohttp
        from multidict import CIMultiDict

        headers = CIMultiDict([("Accept", "application/json"), ("User-Agent", login.client.user_agent)])
        headers.extend(login.headers)
        if method == "PATCH":
            headers["Content-Type"] = MERGE_PATCH
        queries: list[tuple[str, str]] = []
        await login.client.update_params_for_auth(headers, queries, ["BearerToken"], path, method, body)
        url = login.server + path + ("?" + urlencode(query) if query else "")
        return await login.client.rest_client.request(
            method,
            url,
            headers=headers,
            # The library encodes what it is given.
            body=msgspec.json.decode(body) if body is not None else None,
            _request_timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self.timeouts.connect, sock_read=read
            ),
        )

    async def lines(self, path: str, doing: Doing, query: Mapping[str, str]) -> AsyncGenerator[bytes, None]:
        """Lines of an answer as they come, until the server ends it; a cut-off last line is left out.

        Raises SourceError where the connection breaks, or where nothing is behind it any more.
        """
        login = await self._ready()
        doing = msgspec.structs.replace(doing, path=path)
        lasting = self.timeouts.watch + self.timeouts.grace
        end = asyncio.get_running_loop().time() + lasting
        try:
            async with asyncio.timeout(self.timeouts.answer):
                response = await self._request(login, "GET", path, query, None, lasting)
        except _failures() as error:
            raise lost(error, doing) from error
        try:
            if not 200 <= response.status < 300:
                await self._refused(login, response, doing)
            rest = b""
            while chunk := await self._chunk(response, end, doing):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line
        finally:
            response.response.close()

    async def _chunk(self, response: Any, end: float, doing: Doing) -> bytes:
        """What came next; nothing at the end of the answer. `end` is a moment of the loop's clock."""
        try:
            async with asyncio.timeout_at(end):
                return bytes(await response.response.content.readany())
        except TimeoutError as error:
            silent = f"could not {doing.what}: the connection fell silent"
            raise SourceError(SOURCE, silent, hint="it is begun again") from error
        except _failures() as error:
            raise lost(error, doing) from error

    async def _refused(self, login: Login, response: Any, doing: Doing) -> None:
        try:
            async with asyncio.timeout(self.timeouts.answer):
                body = bytes(await response.read())
        except _failures() as error:
            raise lost(error, doing) from error
        if response.status == UNAUTHORIZED:
            await login.renew()
        doing = msgspec.structs.replace(doing, expired=login.expired)
        raise explain(response.status, response.headers, body, doing)

    async def close(self) -> None:
        if self._login is not None:
            await self._login.close()


def _failures() -> tuple[type[Exception], ...]:
    """What a request raises when there is no answer."""
    import aiohttp

    return (aiohttp.ClientError, TimeoutError, OSError)


def path_of(api_version: str, plural: str, namespace: str = "", name: str = "") -> str:
    """The path of a collection, or of one object in it."""
    root = "/apis/" if "/" in api_version else "/api/"
    parts = [root + api_version]
    if namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    if name:
        parts.append(quote(name, safe=""))
    return "/".join(parts)
