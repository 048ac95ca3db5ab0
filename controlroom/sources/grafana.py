"""Grafana: stretches of time marked on dashboards, and pictures of panels by its image renderer.

HTTP API of Grafana 8 to 13: `/api/annotations`, `/render/d-solo/…`. The token is in the header of the requests
and nowhere else.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

from controlroom.core.clean import clean
from controlroom.core.plan import Panel
from controlroom.core.telling import Mark
from controlroom.core.values import Value
from controlroom.sources.hiding import Secrets
from controlroom.sources.http import Answer, JsonClient, decoded, refusal
from controlroom.sources.ports import SourceError

T = TypeVar("T")

SOURCE = "Grafana"
RENDERING = 60.0
"""Real seconds that a picture may take."""
LARGEST = 20_000_000
"""Bytes of one picture that are kept."""
WIDTH, HEIGHT = 1000, 500
TOKEN = (
    "Give GRAFANA_TOKEN (or the name in the plan) the token of a service account that may write annotations."
)
RENDERER = "Pictures need Grafana's image renderer, and a token that may read the dashboard."
ADDRESS = "Is the plan's address of Grafana right?"
_ABOUT = {"phases": "phase", "faults": "fault"}
_ADDRESS = re.compile(r"([^:/?#]*://)?(?:([^/?#]*)@)?([^?#]*)")
_PNG = b"\x89PNG\r\n\x1a\n"


class _Posted(Value):
    id: int


class _Listed(Value):
    id: int
    tags: tuple[str, ...] = ()


class _Settings(Value, rename="camel"):
    renderer_available: bool | None = None


class Grafana:
    """Implements `Dashboards`. `pictures`: the folder for them; `dashboard`: uid of the only one to be marked."""

    def __init__(
        self,
        url: str,
        token: str,
        pictures: Path,
        session: str,
        *,
        dashboard: str | None = None,
        zone: str = "UTC",
        timeout: float = 5.0,
        rendering: float = RENDERING,
    ) -> None:
        address, login = _without_login(url)
        self._secrets = Secrets(token, login)
        self._token = token.strip()
        headers = _authorization(self._token, login)
        self._api = JsonClient(SOURCE, address, headers=headers, timeout=timeout)
        self._render = JsonClient(
            SOURCE, address, headers={**headers, "Accept": "image/png"}, timeout=rendering
        )
        self._pictures = pictures
        self._session = f"session:{session}"
        self._dashboard = dashboard
        self._zone = zone
        self._rendered: bool | None = None
        """Whether there is an image renderer; None: not known."""

    async def reachable(self) -> None:
        """Raises SourceError where it does not answer, or not to this token."""
        query = {"limit": "1"}
        await self._safely(lambda: self._api.get("/api/annotations", tuple[_Listed, ...], query))

    async def find(self, mark: Mark) -> str:
        """Among what is tagged with the session, by its own name, which is a tag too."""
        query = {"tags": self._session, "limit": "1000"}
        listed = await self._safely(lambda: self._api.get("/api/annotations", tuple[_Listed, ...], query))
        return next((str(one.id) for one in listed if mark.name in one.tags), "")

    async def mark(self, mark: Mark) -> str:
        body = {
            "time": _ms(mark.start),
            "tags": ["controlroom", _ABOUT[mark.about], self._session, mark.name],
            "text": mark.text,
        }
        if mark.end is not None:
            body["timeEnd"] = _ms(mark.end)
        if self._dashboard:
            body["dashboardUID"] = self._dashboard
        answer = await self._safely(lambda: self._api.change("POST", "/api/annotations", body))
        return str(decoded(answer, _Posted).id)

    async def amend(self, reference: str, mark: Mark) -> None:
        assert mark.end is not None, "a mark is amended by its end"
        body = {"timeEnd": _ms(mark.end), "text": mark.text}
        path = f"/api/annotations/{quote(reference, safe='')}"
        await self._safely(lambda: self._api.change("PATCH", path, body))

    async def picture(self, panel: Panel, start: datetime, end: datetime, name: str) -> str:
        """Asks the renderer, which opens the dashboard in a browser of its own: this takes seconds."""
        await self._ask_for_renderer()
        query = {
            "panelId": panel.panel,
            "from": str(_ms(start)),
            "to": str(_ms(end)),
            "width": str(WIDTH),
            "height": str(HEIGHT),
            "tz": self._zone,
            **{f"var-{key}": value for key, value in panel.variables.items()},
        }
        path = f"/render/d-solo/{quote(panel.dashboard, safe='')}/_"

        async def fetch() -> bytes:
            return _png(await self._render.request("GET", path, query=query))

        data = await self._safely(fetch)
        return await asyncio.to_thread(self._save, data, f"{name}.png")

    async def _ask_for_renderer(self) -> None:
        """Without one Grafana answers with a picture all the same, which says so: that is none to keep."""
        if self._rendered is None:
            try:
                settings = await self._safely(lambda: self._api.get("/api/frontend/settings", _Settings))
            except SourceError:
                return  # it may not be asked; the picture's own answer has to do
            self._rendered = settings.renderer_available
        if self._rendered is False:
            self._rendered = None
            raise SourceError(SOURCE, "this Grafana has no image renderer", hint=RENDERER, status=404)

    def _save(self, data: bytes, name: str) -> str:
        """In one step and 0600. A name that is taken is not overwritten: the next free number is added to it."""
        try:
            self._pictures.mkdir(mode=0o700, exist_ok=True)
            path, number = self._pictures / name, 1
            while path.exists():
                number += 1
                path = self._pictures / f"{Path(name).stem}-{number}.png"
            fresh = self._pictures / f".{path.name}.{os.getpid()}"
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            fresh.replace(path)
        except OSError as error:
            reason = f"the picture could not be saved: {error.strerror}"
            raise SourceError(SOURCE, reason, hint=f"Is there room in {self._pictures}?") from error
        return path.name

    async def _safely(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Errors tell what is missing in Grafana's own terms, and never quote a secret."""
        if not self._token.isascii() or not self._token.isprintable():
            raise SourceError(SOURCE, "the token has characters that no token has", hint=TOKEN, status=401)
        try:
            return await ask()
        except SourceError as error:
            hint = TOKEN if error.status in (401, 403) and error.hint != RENDERER else error.hint
            raise SourceError(
                error.source,
                self._secrets.hidden(error.message),
                hint=self._secrets.hidden(hint),
                unsure=error.unsure,
                status=error.status,
                retry_after=error.retry_after,
            ) from None
        except Exception as error:  # a client that chokes on an address or a header quotes it
            name = type(error).__name__
            raise SourceError(SOURCE, f"{SOURCE} could not be asked ({name})", hint=ADDRESS) from None

    async def close(self) -> None:
        await self._api.close()
        await self._render.close()


def _png(answer: Answer) -> bytes:
    """The picture; raises SourceError for whatever else came, like a page that says that there is no renderer."""
    if not 200 <= answer.status < 300:
        error = refusal(answer)
        raise SourceError(
            SOURCE, error.message, hint=RENDERER, status=error.status, retry_after=error.retry_after
        )
    if not answer.body.startswith(_PNG):
        kind = clean(answer.content_type.partition(";")[0], 60) or "something unnamed"
        raise SourceError(SOURCE, f"{SOURCE} sent {kind} instead of a picture", hint=RENDERER, status=404)
    if len(answer.body) > LARGEST:
        raise SourceError(SOURCE, f"the picture has {len(answer.body)} bytes", hint=RENDERER, status=413)
    return answer.body


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _authorization(token: str, login: str) -> Mapping[str, str]:
    if token:
        return {"Authorization": f"Bearer {token}"}
    if login:
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    return {}


def _without_login(url: str) -> tuple[str, str]:
    """The address, and `user:password` where they stood in it."""
    found = _ADDRESS.match(url.strip())
    assert found is not None, "every part of it may be empty"
    scheme, login, place = found.groups("")
    return scheme + place, unquote(login)
