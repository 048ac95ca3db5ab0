"""The `oidc` auth-provider of a kubeconfig: an id-token, and a refresh-token to get the next one with.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens. A provider may give a
new refresh-token each time and refuse the one before: then it is kept where kubectl finds it, in the kubeconfig.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from controlroom.core.clean import clean
from controlroom.sources.errors import SOURCE
from controlroom.sources.http import shown
from controlroom.sources.kubernetes_token import Credential
from controlroom.sources.ports import SourceError

AHEAD = timedelta(seconds=60)
"""A token that ends within this is not used any more."""
_AGAIN = "log in again as you do for kubectl, in another terminal: it is read again"


class _Tokens(msgspec.Struct):
    id_token: str = ""
    refresh_token: str = ""


class _Endpoints(msgspec.Struct):
    token_endpoint: str


class _Claims(msgspec.Struct):
    exp: float | None = None


class Oidc:
    """`user` reads the kubeconfig's entry anew: the library's node, with the path of its file."""

    def __init__(self, user: Callable[[], Any], *, limit: float) -> None:
        self._user = user
        self._limit = limit
        self._given = ""
        """The id-token that was given last: asked again, it is not good enough."""
        self._latest = _Tokens()

    @property
    def name(self) -> str:
        return "the OIDC login"

    async def run(self) -> Credential:
        """The id-token of the kubeconfig, where it is another than the last and still good; else a new one."""
        node = await asyncio.to_thread(self._user)
        config: dict[str, str] = dict((node.value["auth-provider"] or {}).get("config") or {})
        written = str(config.get("id-token") or "")
        ends = _end_of(written)
        if written and written != self._given and (ends is None or ends - AHEAD > datetime.now(UTC)):
            return self._credential(written)
        try:
            async with asyncio.timeout(self._limit):
                tokens = await self._refreshed(config, node.path)
        except TimeoutError as error:
            raise _failed(f"gave no token within {self._limit:g} s", "is the provider reachable?") from error
        return self._credential(tokens.id_token)

    def _credential(self, token: str) -> Credential:
        self._given = token
        return Credential(token=token, expiry=_end_of(token))

    async def _refreshed(self, config: dict[str, str], path: str | None) -> _Tokens:
        refresh = self._latest.refresh_token or str(config.get("refresh-token") or "")
        issuer = str(config.get("idp-issuer-url") or "").rstrip("/")
        if not refresh or not issuer:
            raise _failed("has expired and cannot be renewed: the kubeconfig has no refresh-token", _AGAIN)
        found = await self._asked(config, path, issuer, refresh)
        if not found.id_token:
            raise _failed("gave no id-token", _AGAIN)
        if found.refresh_token and found.refresh_token != refresh:
            self._latest = found
            if path is not None:
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(_keep, Path(path), refresh, found)
        return found

    async def _asked(self, config: dict[str, str], path: str | None, issuer: str, refresh: str) -> _Tokens:
        import httpx

        try:
            async with httpx.AsyncClient(verify=_trusted(config, path), timeout=self._limit) as client:
                told = await client.get(f"{issuer}/.well-known/openid-configuration")
                endpoint = msgspec.json.decode(told.content, type=_Endpoints).token_endpoint
                asked = {"grant_type": "refresh_token", "refresh_token": refresh}
                owner = (str(config.get("client-id") or ""), str(config.get("client-secret") or ""))
                answer = await client.post(endpoint, data=asked, auth=owner)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Of an error of the client its kind alone is told: its words may quote what was sent.
            why = "its certificate is not accepted" if "CERTIFICATE" in str(error) else type(error).__name__
            raise _failed(
                f"failed: {shown(issuer)} could not be asked ({why})", "check the network"
            ) from error
        if answer.status_code >= 400:
            raise _failed(f"was refused by {shown(issuer)} (HTTP {answer.status_code})", _AGAIN)
        try:
            return msgspec.json.decode(answer.content, type=_Tokens)
        except msgspec.MsgspecError as error:
            raise _failed(f"failed: {shown(issuer)} answered in an unknown shape", _AGAIN) from error


def _trusted(config: dict[str, str], path: str | None) -> ssl.SSLContext:
    """The provider's certificate is always verified, by its own authority where the kubeconfig names one."""
    if data := config.get("idp-certificate-authority-data"):
        return ssl.create_default_context(cadata=base64.b64decode(data).decode())
    if file := config.get("idp-certificate-authority"):
        return ssl.create_default_context(cafile=str(Path(path or ".").absolute().parent / file))
    return ssl.create_default_context()


def _end_of(token: str) -> datetime | None:
    """When a JWT ends, by its own claim; None: it does not say."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=_Claims
        )
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return None
    return datetime.fromtimestamp(claims.exp, UTC) if claims.exp is not None else None


def _keep(path: Path, used: str, found: _Tokens) -> None:
    """Writes the new tokens over the used one, whole or not at all, under the lock that kubectl takes, too."""
    import yaml

    lock = Path(f"{path}.lock")
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for user in content.get("users") or ():
            config = ((user.get("user") or {}).get("auth-provider") or {}).get("config") or {}
            if config.get("refresh-token") == used:
                config |= {"refresh-token": found.refresh_token, "id-token": found.id_token}
        fresh = Path(f"{path}.controlroom")
        with os.fdopen(
            os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, path.stat().st_mode & 0o777), "w"
        ) as out:
            yaml.safe_dump(content, out, default_flow_style=False)
        fresh.replace(path.resolve())
    finally:
        lock.unlink(missing_ok=True)


def _failed(what: str, hint: str) -> SourceError:
    return SourceError(SOURCE, clean(f"the OIDC login {what}"), hint=hint)
