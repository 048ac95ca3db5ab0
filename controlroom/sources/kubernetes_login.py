"""From a kubeconfig to a client of the API server: address, certificates, credential, and its renewal.

`kubernetes.aio` reads the kubeconfig and sends requests; it is imported when a connection is made. Its own
loader runs a credential plug-in once and never again, so the renewal is here.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from controlroom.clock import WallClock
from controlroom.core.clean import clean
from controlroom.sources.errors import SOURCE
from controlroom.sources.ports import SourceError

#: A credential that ends within this many real seconds is renewed before the request.
RENEW_BEFORE = 60.0
#: Credentials live in real time, also in a rehearsal.
_REAL = WallClock()


def kubeconfig_path(path: Path | None) -> str:
    """The kubeconfig to read: the given one, else `KUBECONFIG` (a list of files), else the account's own."""
    if path is not None:
        return str(path)
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


class Login:
    """The client for one context of a kubeconfig."""

    def __init__(self, path: Path | None, context: str) -> None:
        self._path = kubeconfig_path(path)
        self._context = context
        self._renewing = asyncio.Lock()
        self._loader: Any = None
        self._configuration: Any = None
        self.client: Any = None
        """`kubernetes.aio.client.ApiClient`, once :meth:`open` has returned."""

    async def open(self) -> None:
        """Reads the kubeconfig and makes the client. Raises SourceError; sends nothing to the cluster."""
        from kubernetes.aio.client import ApiClient, Configuration

        configuration: Any = Configuration()
        configuration.retries = None  # a mutation sent twice is not for a library to decide
        await self._load(configuration)
        if self._plug_in and not (configuration.api_key or configuration.cert_file):
            raise SourceError(
                SOURCE,
                f"the credential plug-in {clean(self._plug_in, 80)} gave no credential",
                hint="run it by hand, or any kubectl command, to see why",
            )
        configuration.refresh_api_key_hook = self._renew_in_time
        self._configuration = configuration
        self.client = ApiClient(configuration)
        self.client.user_agent = "controlroom"

    async def _load(self, configuration: Any) -> None:
        import yaml
        from kubernetes.aio import config

        load: Any = config.load_kube_config
        try:
            self._loader = await load(
                config_file=self._path,
                context=self._context,
                client_configuration=configuration,
                persist_config=False,  # the file is the user's
            )
        except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
            raise self._unusable(error) from error
        except (AttributeError, KeyError) as error:  # the library's, where the file holds something else
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> SourceError:
        reason = clean(str(error), 200) or type(error).__name__
        return SourceError(
            SOURCE,
            f"the kubeconfig cannot be used for context {clean(self._context, 80)}: {reason}",
            hint=f"read from {clean(self._path, 200)}; `kubectl config get-contexts` lists what it has",
        )

    @property
    def context(self) -> str:
        """The context in use, by the kubeconfig."""
        return clean(str(self._loader.current_context["name"]), 200)

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self._configuration.host)

    @property
    def expired(self) -> str:
        """Since when the credential has expired, ISO 8601; empty: it has not, as far as is known."""
        expiry = self._expiry
        if expiry is None or expiry.timestamp() > _REAL.time():
            return ""
        return expiry.isoformat(timespec="seconds")

    @property
    def _plug_in(self) -> str:
        user = getattr(self._loader, "_user", None)
        return str(user["exec"]["command"]) if user is not None and "exec" in user else ""

    @property
    def _expiry(self) -> datetime | None:
        expiry = getattr(self._loader, "exec_plugin_expiry", None)
        return expiry if isinstance(expiry, datetime) else None

    async def _renew_in_time(self, _: object) -> None:
        """The hook that `kubernetes.aio` awaits before each request."""
        expiry = self._expiry
        if expiry is not None and expiry.timestamp() - _REAL.time() < RENEW_BEFORE:
            await self._renew(expiry)

    async def renew(self) -> bool:
        """After a refusal: runs the plug-in, or reads the kubeconfig, again. True: there is a new credential."""
        before = dict(self._configuration.api_key)
        if self._plug_in:
            await self._renew(self._expiry)
        else:
            await self._read_again()
        return bool(self._configuration.api_key != before)

    async def _renew(self, expiry: datetime | None) -> None:
        async with self._renewing:
            if self._expiry != expiry:
                return  # another request was first
            if expiry is not None:
                # The loader would keep a credential that it believes to be good for five minutes more.
                del self._loader.exec_plugin_expiry
            await self._loader.load_from_exec_plugin()
            self._configuration.api_key["BearerToken"] = self._loader.token

    async def _read_again(self) -> None:
        """A credential in the file may have been renewed by another program."""
        async with self._renewing:
            await self._load(self._configuration)

    async def close(self) -> None:
        if self.client is not None:
            await self.client.close()
