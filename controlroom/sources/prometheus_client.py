"""Queries through prometheus-api-client, in threads of their own, with time-outs that hold.

The library is used as measured to be safe: no retries of its own (they take seconds and lose the server's
reason), a time-out on connecting and on reading, and a hook of its `requests` session that reads every answer
before the library does, so that an error keeps its status and words.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from controlroom.core.values import changed
from controlroom.sources.http import (
    Answer,
    decoded,
    is_loopback,
    seconds_to_wait,
    timed_out,
    told,
    unreachable,
)
from controlroom.sources.login import Login, session_of
from controlroom.sources.ports import Remarks
from controlroom.sources.prometheus_answers import Result, Series, opened, remarks_of, series_of

if TYPE_CHECKING:
    import requests

THREADS = 4
CONNECT = 1.0
"""Real seconds to wait for a connection."""


class Library(Protocol):
    """What is used of PrometheusConnect, which has no types."""

    def custom_query(self, query: str, params: dict[str, str]) -> object: ...

    def custom_query_range(
        self, query: str, start_time: datetime, end_time: datetime, step: str, params: dict[str, str]
    ) -> object: ...

    def close(self) -> None: ...


_ASKING: contextvars.ContextVar[Heard | None] = contextvars.ContextVar("asking", default=None)


class Heard:
    """Gathers the remarks of all queries that are made within it, in whatever order they come."""

    def __init__(self) -> None:
        self._partial: set[str] = set()
        self._others: set[str] = set()

    def __enter__(self) -> Heard:
        self._before = _ASKING.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _ASKING.reset(self._before)

    def add(self, remarks: Remarks) -> None:
        self._partial |= set(remarks.partial)
        self._others |= set(remarks.others)

    @property
    def remarks(self) -> Remarks:
        """In an order of their own, so that the same remarks are the same."""
        return Remarks(partial=tuple(sorted(self._partial)), others=tuple(sorted(self._others)))


class PrometheusQueries:
    """Instant and range queries. A call that is cancelled or out of time leaves a thread behind that ends by
    the time-out on reading."""

    def __init__(self, source: str, url: str, *, login: Login | None = None, timeout: float = 5.0) -> None:
        self._source = source
        self._url = url.rstrip("/")
        self._login = login or Login()
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="prometheus")
        self._library: Library | None = None
        self._opening = threading.Lock()
        self._said = threading.local()
        """Of each thread, what the server remarked on the answer that it has just read."""

    async def instant(self, query: str, at: float | None = None) -> tuple[Series, ...]:
        """A vector, a scalar or raw samples at a moment (Unix seconds; None: the server's now)."""
        params = {"timeout": f"{self._timeout:g}"}
        if at is not None:
            params["time"] = f"{at:.3f}"
        return await self._in_thread(lambda library: library.custom_query(query, params))

    async def range(self, query: str, first: int, end: int, step: int) -> tuple[Series, ...]:
        """The steps from `first` to `end`, inclusive, in whole Unix seconds."""
        start_time, end_time = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(end, UTC)
        params = {"timeout": f"{self._timeout:g}"}
        return await self._in_thread(
            lambda library: library.custom_query_range(query, start_time, end_time, str(step), params)
        )

    async def _in_thread(self, ask: Callable[[Library], object]) -> tuple[Series, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT + self._timeout):
                series, said = await loop.run_in_executor(self._pool, functools.partial(self._ask, ask))
        except TimeoutError:
            raise timed_out(self._source, self._url, CONNECT + self._timeout) from None
        if (heard := _ASKING.get()) is not None:
            heard.add(said)
        return series

    def _ask(self, ask: Callable[[Library], object]) -> tuple[tuple[Series, ...], Remarks]:
        import requests

        self._said.remarks = Remarks()
        try:
            with self._opening:
                library = self._opened()
            result = ask(library)
        except requests.RequestException as error:
            raise unreachable(self._source, self._url, error, self._timeout) from error
        return series_of(self._source, result), self._said.remarks

    def _opened(self) -> Library:
        if self._library is None:
            from prometheus_api_client import PrometheusConnect
            from urllib3 import Retry

            session = session_of(self._login, self._source)
            session.trust_env = not is_loopback(self._url)
            session.hooks["response"].append(self._judge)
            self._library = PrometheusConnect(
                self._url,
                headers={"Accept": "application/json"},
                timeout=(CONNECT, self._timeout),
                retry=Retry(total=0),
                session=session,
            )
        return self._library

    def _judge(self, response: requests.Response, *args: object, **options: object) -> None:
        """Raises SourceError for whatever is not a success, with what the server said."""
        if response.is_redirect:
            return
        answer = Answer(
            source=self._source,
            url=self._url,
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=told(self._login, response.status_code, response.content),
            retry_after=seconds_to_wait(response.headers.get("retry-after")),
        )
        envelope = opened(answer)
        decoded(changed(answer, body=bytes(envelope.data)), Result)
        self._said.remarks = remarks_of(envelope)

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._library is not None:
            self._library.close()
            self._library = None
