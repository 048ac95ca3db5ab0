"""A real browser, headless: what a page asks for, what it complains of, and what stands in it at the end."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system import require

PATIENCE = 60.0
"""Real seconds for the browser to start, and for a page."""

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--disable-default-apps", "--remote-debugging-port=0"),
    # The browser's own errands: none of them finds a server.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@dataclass
class Seen:
    """What a page did while it was loaded."""

    asked: list[str] = field(default_factory=list)
    """Addresses that it wanted, its own one first; what is in the page itself (`data:`) does not count."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings, as its console has them."""
    value: Any = None
    """Of the expression that was asked for."""


class Browser:
    """One page at a time, by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

    def __init__(self, page: aiohttp.ClientWebSocketResponse) -> None:
        self._page = page
        self._numbers = itertools.count(1)
        self._seen = Seen()
        self._loaded = False

    async def open(self, path: Path, expression: str = "document.title") -> Seen:
        """Loads a file, and evaluates an expression in it (a promise is waited for)."""
        self._seen, self._loaded = Seen(), False
        async with asyncio.timeout(PATIENCE):
            for domain in ("Page", "Network", "Log", "Runtime"):
                await self._do(f"{domain}.enable")
            self._seen, self._loaded = Seen(), False  # the page before may still have had something to say
            await self._do("Page.navigate", url=path.as_uri())
            while not self._loaded:
                self._take(await self._page.receive_json())
            found = await self._do(
                "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
            )
        self._seen.value = found["result"].get("value", found.get("exceptionDetails"))
        return self._seen

    async def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._page.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = await self._page.receive_json()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._take(answer)

    def _take(self, said: dict[str, Any]) -> None:
        own = said.get("params", {})
        match said.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent" if not own["request"]["url"].startswith("data:"):
                self._seen.asked.append(own["request"]["url"])
            case "Log.entryAdded" if own["entry"]["level"] in ("error", "warning"):
                self._seen.complaints.append(own["entry"]["text"])
            case "Runtime.consoleAPICalled" if own["type"] in ("error", "warning", "assert"):
                self._seen.complaints.append(str([one.get("value") for one in own["args"]]))
            case "Runtime.exceptionThrown":
                self._seen.complaints.append(own["exceptionDetails"]["text"])


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Browser]:
    """A browser with an empty profile below `folder`; skips the test where there is none."""
    program = require("chromium", "chromium")
    process = await asyncio.create_subprocess_exec(
        str(program), *_FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    draining: asyncio.Task[bytes] | None = None
    try:
        address, said = "", []
        async with asyncio.timeout(PATIENCE):
            while line := (await process.stderr.readline()).decode(errors="replace"):
                said.append(line)
                if found := re.search(r"DevTools listening on ws://(127\.0\.0\.1:\d+)/", line):
                    address = found[1]
                    break
            else:
                pytest.fail(f"chromium ended: {''.join(said)[-2000:]}")
        draining = asyncio.create_task(process.stderr.read())
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"http://{address}/json/new?about:blank") as answer,
            session.ws_connect((await answer.json())["webSocketDebuggerUrl"], max_msg_size=0) as page,
        ):
            yield Browser(page)
    finally:
        if process.returncode is None:
            process.kill()  # an empty profile has nothing to keep
        await process.wait()
        if draining is not None:
            draining.cancel()
