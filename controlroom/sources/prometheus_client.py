"""Queries through prometheus-api-client, in threads of their own, with time-outs that hold.

The library is used as measured to be safe: no retries of its own (they take seconds and lose the server's
reason), a time-out on connecting and on reading, and a hook of its `requests` session that reads every answer
before the library does, so that an error keeps its status and words.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from controlroom.sources.http import (
    Answer,
    is_loopback,
    seconds_to_wait,
    timed_out,
    told,
    unreachable,
)
from controlroom.sources.login import Login, session_of
from controlroom.sources.prometheus_answers import Result, Series, data, series_of

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
                return await loop.run_in_executor(self._pool, functools.partial(self._ask, ask))
        except TimeoutError:
            raise timed_out(self._source, self._url, CONNECT + self._timeout) from None

    def _ask(self, ask: Callable[[Library], object]) -> tuple[Series, ...]:
        import requests

        try:
            with self._opening:
                library = self._opened()
            result = ask(library)
        except requests.RequestException as error:
            raise unreachable(self._source, self._url, error, self._timeout) from error
        return series_of(self._source, result)

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
        data(
            Answer(
                source=self._source,
                url=self._url,
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                body=told(self._login, response.status_code, response.content),
                retry_after=seconds_to_wait(response.headers.get("retry-after")),
            ),
            Result,
        )

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._library is not None:
            self._library.close()
            self._library = None
