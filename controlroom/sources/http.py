"""HTTP as a source sees it: a JSON answer of a known shape, or a SourceError in plain words.

What an answer or a failure means is said once, here, for whichever client was used.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.login import LOOK_EVERY, Login
from controlroom.sources.ports import SourceError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

Query = Mapping[str, str] | None


class Answer(Value):
    """What a server sent back."""

    source: str
    url: str
    status: int
    content_type: str = ""
    body: bytes = b""
    retry_after: float | None = None
    date: str = ""
    """The server's own time (RFC 9110), in whole seconds."""


def shown(url: str) -> str:
    """An address fit for the screen: without user, password, query and fragment."""
    parts = urlsplit(url)
    return clean(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")), 120)


def is_loopback(url: str) -> bool:
    """The address is this machine's own, where no proxy of the environment is meant to stand between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def seconds_to_wait(header: str | None) -> float | None:
    """Retry-After as real seconds; its form as a date is not used by these servers."""
    return float(header) if header is not None and header.isdigit() else None


def decoded(answer: Answer, shape: type[T]) -> T:
    """The body of a good answer in its shape; raises SourceError for every other answer."""
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.ValidationError as error:
        raise SourceError(
            answer.source,
            f"{answer.source} answered in a shape that is not known: {clean(str(error), 160)}",
            hint=f"Is {shown(answer.url)} the right address, and a supported version?",
            status=answer.status,
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise not_json(answer) from None


def not_json(answer: Answer) -> SourceError:
    """Something else than JSON came, or only the beginning of it."""
    what = "with an empty answer"
    hint = f"Is {shown(answer.url)} the right address?"
    if _is_page(answer):
        what = "with a web page instead of data"
        hint = f"A login page or a proxy may stand before {shown(answer.url)}."
    elif answer.body.lstrip()[:1] in (b"{", b"["):
        what = "with broken or cut-off JSON"
        hint = "Something between here and the server cuts answers; it is asked again."
    elif answer.body:
        what = f"with something that is not JSON: {_text(answer, 80)}"
    message = f"{answer.source} answered {what} (HTTP {answer.status})"
    return SourceError(answer.source, message, hint=hint, status=answer.status)


def refusal(answer: Answer) -> SourceError:
    """What an answer that is not 2xx means, and what to do next."""
    said = _said(answer)
    message = f"{answer.source} answered HTTP {answer.status}" + (f": {said}" if said else "")
    return SourceError(
        answer.source,
        message,
        hint=_hint(answer),
        status=answer.status,
        retry_after=answer.retry_after,
    )


def _hint(answer: Answer) -> str:
    where = shown(answer.url)
    match answer.status:
        case 401:
            return f"{where} wants a credential, or the one given has expired."
        case 403:
            return f"The credential given may not read {where}."
        case 404:
            return f"Is {where} the right address? Nothing of that name is served there."
        case 429:
            return "It is overloaded or limits requests; it is asked again more slowly."
        case 502 | 504:
            return f"A proxy before {where} does not reach the server."
        case 503:
            return "It is starting, overloaded, or the query took too long; it is asked again."
        case status if 300 <= status < 400:
            return f"{where} leads elsewhere: give the final address."
        case status if status >= 500:
            return "The fault is on the server's side; its log says more. It is asked again."
    return ""


def _said(answer: Answer) -> str:
    """The server's own words: Prometheus's `error`, go-openapi's `message`, a bare JSON string, or text."""
    if _is_page(answer):
        return "a web page instead of data"
    try:
        body: object = json.loads(answer.body)
    except ValueError:
        return _text(answer, 200)
    if isinstance(body, dict):
        body = body.get("error") or body.get("message") or ""
    return clean(body, 300).strip() if isinstance(body, str) else ""


def _is_page(answer: Answer) -> bool:
    start = answer.body.lstrip()[:9].lower()
    return "html" in answer.content_type.lower() or start.startswith((b"<!doctype", b"<html"))


def _text(answer: Answer, most: int) -> str:
    return clean(answer.body[: 4 * most].decode("utf-8", "replace"), most).strip()


def refused(source: str, url: str) -> SourceError:
    return SourceError(
        source,
        f"nothing answers at {shown(url)}: the connection is refused",
        hint=f"Is {source} running, and its port forwarded?",
    )


def unresolved(source: str, url: str) -> SourceError:
    host = clean(urlsplit(url).hostname or "", 80)
    return SourceError(source, f"the name {host} is not known here", hint="Check the address and the VPN.")


def unverified(source: str, url: str, why: str) -> SourceError:
    return SourceError(
        source,
        f"the certificate of {shown(url)} is not accepted: {clean(why, 160)}",
        hint="Name its authority as `ca` in the plan's bindings, or add it to the machine's trusted ones.",
    )


def timed_out(source: str, url: str, seconds: float, *, unsure: bool = False) -> SourceError:
    return SourceError(
        source,
        f"no answer from {shown(url)} within {seconds:g} s",
        hint="It hangs or is overloaded; it is asked again.",
        unsure=unsure,
    )


def broken_off(source: str, url: str, *, unsure: bool = False) -> SourceError:
    return SourceError(
        source,
        f"{shown(url)} closed the connection before it had answered",
        hint="It may be restarting; it is asked again.",
        unsure=unsure,
    )


def unreachable(
    source: str, url: str, error: BaseException, seconds: float, *, unsure: bool = False
) -> SourceError:
    """A connection that failed, told apart by the chain of its causes, as clients wrap them.

    `seconds`: the time-out that was set.
    """
    told = _told(error)
    if "timed out" in told or "timeout" in told:
        return timed_out(source, url, seconds, unsure=unsure)
    if "certificate" in told or "ssl" in told:
        return unverified(source, url, str(error))
    if "refused" in told:
        return refused(source, url)
    if "gaierror" in told or "resolution" in told:
        return unresolved(source, url)
    if "unreachable" in told or "no route" in told:
        return SourceError(source, f"there is no way to {shown(url)}", hint="Check the network and the VPN.")
    return broken_off(source, url, unsure=unsure)


def _told(error: BaseException) -> str:
    """The names of an error and its causes, and the innermost one's words: the outer ones quote addresses."""
    names: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(names) < 12:
        names.append(type(cause).__name__)
        error, cause = cause, cause.__cause__ or cause.__context__
        if isinstance(error, BaseExceptionGroup):  # several addresses of one name were tried
            cause = error.exceptions[0]
    return f"{' '.join(names)} {error}".lower()


def told(login: Login | None, status: int, body: bytes) -> bytes:
    """The body of an answer. A refusal may quote what was sent, and is shown: secrets are taken out of it."""
    if login is None or 200 <= status < 300:
        return body
    if status in (401, 403):
        login.forget()
    return login.secrets.hidden(body.decode("utf-8", "replace")).encode()


class JsonClient:
    """JSON over HTTP with one time-out for the whole of a request, in real seconds.

    `httpx` is imported and its connection pool made with the first request.
    """

    def __init__(
        self,
        source: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        login: Login | None = None,
        timeout: float = 5.0,
    ) -> None:
        self.source = source
        self.url = url.rstrip("/")
        self._headers = dict(headers or {})
        self._login = login
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None
        self._stamps: tuple[tuple[int, int], ...] = ()
        self._looked = 0.0

    async def get(self, path: str, shape: type[T], query: Query = None) -> T:
        """The answer's body in that shape; raises SourceError."""
        return decoded(await self.request("GET", path, query=query), shape)

    async def change(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """PUT or POST; raises SourceError, unsure where the request may have taken effect."""
        answer = await self.request(method, path, body=body)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer

    async def request(
        self, method: str, path: str, *, query: Query = None, body: Mapping[str, object] | None = None
    ) -> Answer:
        """Whatever the server answered; raises SourceError where there was no answer."""
        import httpx

        changes = method != "GET"
        client: httpx.AsyncClient | None = None
        try:
            async with asyncio.timeout(self._timeout):
                client, headers = await self._ready()
                response = await client.request(
                    method, self.url + path, params=query, json=body, headers=headers
                )
        except TimeoutError:
            unsure = changes and client is not None
            raise timed_out(self.source, self.url, self._timeout, unsure=unsure) from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise unreachable(self.source, self.url, error, self._timeout, unsure=changes) from error
        return Answer(
            source=self.source,
            url=self.url,
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=told(self._login, response.status_code, response.content),
            retry_after=seconds_to_wait(response.headers.get("retry-after")),
            date=response.headers.get("date", ""),
        )

    async def _ready(self) -> tuple[httpx.AsyncClient, dict[str, str]]:
        """The client, with certificates as they are now, and what lets it in."""
        login = self._login
        if login is None:
            return self._opened(), {}
        now = time.monotonic()
        if self._client is not None and now - self._looked > LOOK_EVERY:
            self._looked = now
            if await asyncio.to_thread(login.stamps) != self._stamps:
                await self._replace(login)
        headers = (
            await asyncio.to_thread(login.headers, self.source) if login.reads else login.headers(self.source)
        )
        return self._opened(), headers

    async def _replace(self, login: Login) -> None:
        """Lets the old connections go, where what is in the files now can be loaded: it may be half of a new pair."""
        with contextlib.suppress(SourceError):
            await asyncio.to_thread(login.tls, self.source)
            await self.close()

    def _opened(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            if self._login is not None:
                self._stamps, self._looked = self._login.stamps(), time.monotonic()
            self._client = httpx.AsyncClient(
                headers={"Accept": "application/json", **self._headers},
                timeout=self._timeout,
                trust_env=not is_loopback(self.url),
                verify=self._login.tls(self.source) if self._login is not None else True,
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None
